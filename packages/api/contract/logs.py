"""Structured logs: one JSON object a line, with the request id, secrets masked."""

import logging
import logging.config
import re
from typing import Any

import structlog

MASK = "[masked]"
SECRET_NAME = re.compile(r"password|secret|token|authorization|api[-_]?key|cookie|credential", re.IGNORECASE)
SECRET_VALUE = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*|pk_(live|test)_\w+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)")


def mask(_logger: Any, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Hide secrets, by the name of a field and by the look of a value (JWT, API key, password in a URL)."""
    return {name: MASK if SECRET_NAME.search(name) else _masked(value) for name, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET_VALUE.sub(MASK, value)
    if isinstance(value, dict):
        return mask(None, "", value)
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    return value


SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(level: str) -> None:
    """Send the standard library's and structlog's records through the same JSON formatter to standard output."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": SHARED,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            mask,
            structlog.processors.JSONRenderer(),
        ],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": formatter},
            "handlers": {
                "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}
            },
            "root": {"handlers": ["stdout"], "level": level},
            # Every request has its own line from contract.correlation; Django's would repeat its path.
            "loggers": {"django.request": {"level": "CRITICAL"}, "django.security": {"level": "ERROR"}},
        }
    )

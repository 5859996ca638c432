"""Structured logs: one JSON object a line, with the request id, secrets masked."""

import json
import logging
import logging.config
import re
import sys
from functools import lru_cache
from typing import Any

import orjson
import structlog

MASK = "[masked]"
SECRET_NAME = re.compile(r"password|secret|token|authorization|api[-_]?key|cookie|credential", re.IGNORECASE)
SECRET_VALUE = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*|pk_(live|test)_\w+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)")
LEVELS = {name.lower(): level for name, level in logging.getLevelNamesMapping().items()}
Event = structlog.types.EventDict


@lru_cache(maxsize=1000)
def is_secret(name: str) -> bool:
    return SECRET_NAME.search(name) is not None


def mask(_logger: Any, _method: str, event: Event) -> Event:
    """Hide secrets, by the name of a field and by the look of a value (JWT, API key, password in a URL)."""
    return {name: MASK if is_secret(name) else _masked(value) for name, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET_VALUE.sub(MASK, value)
    if isinstance(value, dict):
        return mask(None, "", value)
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    return value


def first_line(error: Exception) -> str:
    """The short reason of an error, without the full stop that the reader's sentence has."""
    return str(error).strip().partition("\n")[0].rstrip(".")


def drop_below_level(_logger: Any, method: str, event: Event) -> Event:
    """The standard library's level holds for all."""
    if LEVELS[method] < logging.getLogger().level:
        raise structlog.DropEvent
    return event


def render(_logger: Any, _method: str, event: Event) -> str:
    try:
        return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # A text that is no Unicode, such as a file name in an error.
        return json.dumps(event, default=repr)


class StandardOutput:
    """Where structlog's own lines go, without the way through the standard library."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    debug = info = warning = error = critical = exception = msg


SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
FINAL: list[structlog.types.Processor] = [structlog.processors.format_exc_info, mask, render]


def configure(level: str) -> None:
    """Send the standard library's and structlog's records through the same processors to standard output."""
    structlog.configure(
        processors=[drop_below_level, *SHARED, *FINAL],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        logger_factory=StandardOutput,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*SHARED, structlog.stdlib.ExtraAdder()],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *FINAL],
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
            # Every request has its own line from contract.correlation, and every refusal from contract.problems;
            # Django's would repeat them, with a traceback for each bad Host header.
            "loggers": {"django.request": {"level": "CRITICAL"}, "django.security": {"level": "CRITICAL"}},
        }
    )

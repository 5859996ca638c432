"""How gunicorn serves: in threads, because requests wait for the database, and WEB_CONCURRENCY processes."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings

from config import counts, forking
from contract import transport

served = transport.server_context()

# Workers share the memory of what is loaded once, and what can't be loaded ends the start instead of every worker.
preload_app = True
worker_class = "gthread"
workers = settings.WEB_CONCURRENCY
threads = settings.WEB_THREADS
graceful_timeout = settings.DRAIN_SECONDS
# Longer than a proxy keeps an idle connection, or it sends a request into one that is just being closed.
keepalive = 75
# A heartbeat written to a disk blocks a worker whenever the disk does.
memory = Path("/dev", "shm")
worker_tmp_dir = str(memory) if memory.is_dir() else None
control_socket_disable = True
# The service logs each request itself; what gunicorn has to say goes to standard error.
accesslog = None
errorlog = "-"
loglevel = "warning"
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190
certfile, keyfile = settings.TLS_CERT_FILE or None, settings.TLS_KEY_FILE or None


def serve(bind: str) -> None:
    """Become gunicorn, with this module as its configuration."""
    from gunicorn.app.wsgiapp import run  # type: ignore[import-untyped]

    sys.argv = ["gunicorn", "--config", f"python:{__name__}", "--bind", bind, "config.wsgi:application"]
    run()


def ssl_context(config: Any, default: Any) -> Any:
    """What the next connection is opened with."""
    return served.current() if served else default()


def when_ready(server: Any) -> None:
    """Before the first fork; metrics are shown beside the first address that the service listens on."""
    forking.share()
    counts.show(server.address[0][0] if isinstance(server.address[0], tuple) else "127.0.0.1")


def post_fork(_server: Any, _worker: Any) -> None:
    counts.leave()


def child_exit(_server: Any, _worker: Any) -> None:
    counts.forget_ended()


def on_exit(_server: Any) -> None:
    counts.remove()

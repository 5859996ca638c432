"""How granian serves the same application: HTTP is read and written outside of Python, and holds no thread."""

from functools import partial
from typing import Any

from django.conf import settings
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from config import counts, forking

# Its own records go where all others go.
LOGGING: dict[str, Any] = {"formatters": {}, "handlers": {}, "loggers": {"_granian": {}}}


def serve(bind: str) -> None:
    """Become granian."""
    # Loaded before the fork: workers share its memory, and what can't be loaded ends the start.
    from config import wsgi

    host, _, port = bind.rpartition(":")
    server = Server(
        f"{wsgi.__name__}:application",
        address=host.strip("[]"),
        port=int(port),
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=settings.WEB_CONCURRENCY,
        blocking_threads=settings.WEB_THREADS,
        # A thread keeps connections, and one that ends leaves them to the garbage collector.
        blocking_threads_idle_timeout=600,
        workers_kill_timeout=settings.DRAIN_SECONDS,
        respawn_failed_workers=True,
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
    )
    server.on_startup(forking.share)
    server.on_startup(partial(counts.show, host.strip("[]")))
    server.on_shutdown(counts.remove)
    server.serve(target_loader=application, wrap_loader=False)


def application() -> Any:
    """In each worker, once."""
    from config import wsgi

    counts.leave()
    counts.forget_ended()
    return wsgi.application

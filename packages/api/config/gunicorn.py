"""How gunicorn serves: in threads, because requests wait for the database, and WEB_CONCURRENCY processes."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from contract import transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
try:
    METRICS_PORT = settings.METRICS_PORT
    served = transport.server_context()
except ImproperlyConfigured as error:
    sys.exit(str(error))
COUNTS = "PROMETHEUS_MULTIPROC_DIR"

# Workers share the memory of what is loaded once, and what can't be loaded ends the start instead of every worker.
preload_app = True
worker_class = "gthread"
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


if METRICS_PORT and COUNTS not in os.environ:
    # Read when prometheus_client is first imported, so the hooks below import what uses it, and no line above.
    os.environ[COUNTS] = tempfile.mkdtemp(prefix="slipway-metrics-")


def ssl_context(config: Any, default: Any) -> Any:
    """What the next connection is opened with."""
    return served.current() if served else default()


def when_ready(server: Any) -> None:
    """Serve metrics beside the first address that the service listens on."""
    if METRICS_PORT:
        from contract.exposition import ManagementServer

        host = server.address[0][0] if isinstance(server.address[0], tuple) else "127.0.0.1"
        try:
            server.management = ManagementServer.start(host, METRICS_PORT)
        except OSError as error:
            sys.exit(f"Metrics can't be served on {host}:{METRICS_PORT} ({error.strerror}): set another METRICS_PORT.")


def post_fork(server: Any, worker: Any) -> None:
    """Leave the management port to the parent."""
    if METRICS_PORT:
        server.management.abandon()


def child_exit(server: Any, worker: Any) -> None:
    """A worker that was killed is doing nothing any more."""
    if METRICS_PORT:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    """Take the folder of counts along."""
    if METRICS_PORT:
        shutil.rmtree(os.environ[COUNTS], ignore_errors=True)

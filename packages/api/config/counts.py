"""The folder in which all processes of a server count, and the port on which their parent shows the sum."""

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
TAKEN = "Metrics can't be served on {host}:{port} ({reason}): set another METRICS_PORT."
shown: list[Any] = []
made: list[str] = []


def prepare() -> None:
    """Name the folder before anything is imported that counts: prometheus_client looks for it just once."""
    if settings.METRICS_PORT and FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="slipway-metrics-")
        made.append(os.environ[FOLDER])


def show(host: str) -> None:
    """Serve metrics beside the service, from the parent of its processes; a port that is taken ends the start."""
    if settings.METRICS_PORT:
        from contract.exposition import ManagementServer

        try:
            shown.append(ManagementServer.start(host, settings.METRICS_PORT))
        except OSError as error:
            sys.exit(TAKEN.format(host=host, port=settings.METRICS_PORT, reason=error.strerror))


def leave() -> None:
    """In a forked worker: the port is the parent's."""
    while shown:
        shown.pop().abandon()


def forget_ended() -> None:
    """A process that was killed is doing nothing any more."""
    if settings.METRICS_PORT:
        from prometheus_client.multiprocess import mark_process_dead

        for counted in Path(os.environ[FOLDER]).glob("gauge_live*_*.db"):
            pid = int(counted.stem.rpartition("_")[2])
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                with suppress(FileNotFoundError):
                    mark_process_dead(pid)  # type: ignore[no-untyped-call]


def remove() -> None:
    """Take the folder along, unless somebody else has named it."""
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)

"""One Redis without persistence, as tests want it."""

import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ports import LOOPBACK, answers, free_port
from processes import Signals, start, stop
from progress import Refusal

from services.packages import redis_program

SHUTDOWN = signal.SIGTERM


@dataclass(frozen=True)
class Redis:
    """A running server."""

    process: subprocess.Popen[str]
    url: str


def launch(signals: Signals, folder: Path, user: str | None) -> Redis:
    """Start Redis with its files in `folder`; it answers when this returns."""
    program = redis_program()
    if program is None:
        raise Refusal("Redis is not installed: install redis-server.")
    port = free_port()
    options = f"--port {port} --bind {LOOPBACK} --appendonly no --maxmemory-policy noeviction".split()
    log = folder / "redis.log"
    command = [program, *options, "--save", "", "--dir", folder, "--logfile", log]
    process = start(command, folder=folder, user=user, output=subprocess.DEVNULL)
    try:
        if (
            signals.sleep_until(lambda: process.poll() is not None or answers(port), seconds=20)
            and process.poll() is None
        ):
            return Redis(process, f"redis://{LOOPBACK}:{port}/0")
        raise Refusal(f"Redis did not start: {log.read_text().strip()[-300:] if log.exists() else 'it wrote no log'}")
    except BaseException:
        stop(process)
        raise

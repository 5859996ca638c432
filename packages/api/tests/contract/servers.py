"""The service as real processes beside the test's database, as the walled runtime role."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.db import connection

API = Path(__file__).resolve().parents[2]
WEB_SERVERS = ("gunicorn", "granian")
SERVE = (sys.executable, "-m", "config.serve")


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Return when somebody listens."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listened on port {port} within 30 seconds")


class Server:
    """One server with `workers` processes on a free port."""

    def __init__(self, workers: int, environment: dict[str, str], authority: Path | None = None) -> None:
        self.port = free_port()
        self.url = f"{'https' if authority else 'http'}://127.0.0.1:{self.port}"
        self.trusted: str | bool = str(authority) if authority else True
        processes = {"WEB_CONCURRENCY": str(workers), "WEB_THREADS": "8"}
        self.process = subprocess.Popen(
            [*SERVE, f"127.0.0.1:{self.port}"],
            cwd=API,
            env={**os.environ, **database_environment(), **processes, **environment},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.url}/readyz", timeout=2, verify=self.trusted).ok:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        raise TimeoutError("the service did not become ready in 30 seconds")

    def wait_for_port(self) -> None:
        """Wait until connections are taken, ready or not."""
        wait_for(self.port)

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def kill_workers(self) -> None:
        for pid in self.workers():
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def database_environment() -> dict[str, str]:
    """The runtime role's URL with the name of this worker's test database."""
    parts = urlsplit(settings.DATABASE_URL)
    name = connection.settings_dict["NAME"]
    return {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": parts._replace(path=f"/{name}").geturl(),
        "JWT_SIGNING_KEY": ",".join(settings.JWT_SIGNING_KEYS),
        "SECRET_KEY": settings.SECRET_KEY,
        "PUBLIC_URL": settings.PUBLIC_URL,
    }


@contextmanager
def serving(workers: int = 2, authority: Path | None = None, **environment: str) -> Iterator[Server]:
    """A running server, over TLS where there is an authority to trust; it is stopped, and only it."""
    server = Server(workers, environment, authority)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def refused(**environment: str) -> subprocess.CompletedProcess[str]:
    """What a start that must fail has said."""
    return subprocess.run(
        [*SERVE, "127.0.0.1:0"],
        cwd=API,
        env={**os.environ, **database_environment(), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def authorization(client: Any) -> dict[str, str]:
    """The same credential as a test client's, for real HTTP."""
    return {"Authorization": client._credentials["HTTP_AUTHORIZATION"]}

"""How the service starts: with whatever database there is, and not at all with wrong settings."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from conftest import Member
from tests.contract.servers import API, Server, authorization, database_environment, free_port, serving

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMERS = "/api/v1/customers/"


@contextmanager
def started(**environment: str) -> Iterator[Server]:
    """A server that takes connections, ready or not."""
    server = Server(1, environment)
    try:
        server.wait_for_port()
        yield server
    finally:
        server.stop()


def test_starts_without_its_database() -> None:
    with started(DATABASE_URL=f"postgres://app@127.0.0.1:{free_port()}/slipway") as server:
        alive, ready = (requests.get(f"{server.url}/{path}", timeout=10) for path in ("livez", "readyz"))

    assert alive.status_code == 200
    assert ready.status_code == 503


def test_a_silent_database_holds_a_thread_for_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with started(DATABASE_URL=f"postgres://app@127.0.0.1:{port}/slipway") as server:
            began = time.monotonic()
            ready = requests.get(f"{server.url}/readyz", timeout=60)
            waited = time.monotonic() - began

    assert ready.status_code == 503
    assert waited < 15


@pytest.mark.parametrize(
    ("variables", "last_line"),
    [
        ({"TRUSTED_PROXY_COUNT": "many"}, "  TRUSTED_PROXY_COUNT: Not a valid integer."),
        ({"DJANGO_SETTINGS_MODULE": "without_urls"}, "ModuleNotFoundError: No module named 'absent'"),
    ],
)
def test_what_can_not_serve_ends_before_a_worker_starts(
    variables: dict[str, str], last_line: str, tmp_path: Path
) -> None:
    (tmp_path / "without_urls.py").write_text("from tests.settings import *\nROOT_URLCONF = 'absent'\n")
    environment = {**os.environ, **database_environment(), "PYTHONPATH": str(tmp_path), **variables}
    command = ["-m", "gunicorn", "--config", "config/gunicorn.py", "--log-level", "info", "config.wsgi"]

    ended = subprocess.run(
        [sys.executable, *command, "--bind", "127.0.0.1:0"],
        cwd=API,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == last_line
    assert "Booting worker" not in ended.stderr


def test_no_connection_is_shared_between_processes(owner: Member) -> None:
    headers = authorization(owner.client)
    with serving(workers=2) as server:
        for _ in range(40):
            requests.get(f"{server.url}{CUSTOMERS}", headers=headers, timeout=10)
        parent = connections(server.process.pid)
        workers = [connections(pid) for pid in server.workers()]

    assert parent == set()
    assert all(workers)
    assert workers[0] & workers[1] == set()


def connections(process: int) -> set[str]:
    """The established TCP connections that a process holds."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {f"socket:[{row[9]}]" for row in rows if row[3] == "01"}
    return inodes & {os.readlink(each) for each in Path(f"/proc/{process}/fd").iterdir()}


def test_views_are_loaded_before_the_workers_are_forked() -> None:
    script = "import sys, config.wsgi; print('apps.customers.views' in sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", script], cwd=API, capture_output=True, text=True, timeout=60)

    assert loaded.stdout.splitlines()[-1] == "True", loaded.stderr

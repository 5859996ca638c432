"""How the service starts and stops, on either server: with whatever database there is, and not with wrong settings."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from conftest import Member
from tests.contract.servers import API, WEB_SERVERS, Server, authorization, free_port, refused, serving

pytestmark = pytest.mark.django_db(transaction=True)
on_either = pytest.mark.parametrize("web_server", WEB_SERVERS)
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


@on_either
def test_starts_without_its_database(web_server: str) -> None:
    nowhere = f"postgres://app@127.0.0.1:{free_port()}/slipway"
    with started(DATABASE_URL=nowhere, WEB_SERVER=web_server) as server:
        alive, ready = (requests.get(f"{server.url}/{path}", timeout=10) for path in ("livez", "readyz"))

    assert alive.status_code == 200
    assert ready.status_code == 503


@on_either
def test_a_silent_database_holds_a_thread_for_seconds(web_server: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nobody = f"postgres://app@127.0.0.1:{silent.getsockname()[1]}/slipway"
        with started(DATABASE_URL=nobody, WEB_SERVER=web_server) as server:
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
@on_either
def test_what_can_not_serve_ends_before_a_worker_starts(
    web_server: str, variables: dict[str, str], last_line: str, tmp_path: Path
) -> None:
    (tmp_path / "without_urls.py").write_text("from tests.settings import *\nROOT_URLCONF = 'absent'\n")

    ended = refused(PYTHONPATH=str(tmp_path), WEB_SERVER=web_server, **variables)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == last_line
    assert not re.search("Booting worker|Spawning worker", ended.stderr)


@on_either
def test_no_connection_is_shared_between_processes(owner: Member, web_server: str) -> None:
    headers = authorization(owner.client)
    with serving(workers=2, WEB_SERVER=web_server) as server, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: requests.get(f"{server.url}{CUSTOMERS}", headers=headers, timeout=10), range(80)))
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


COLLECTING_FORK = "import gc, os; os.register_at_fork(after_in_child=gc.collect)"


@on_either
def test_a_workers_collector_leaves_shared_memory_alone(web_server: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(COLLECTING_FORK)
    with serving(workers=1, PYTHONPATH=str(tmp_path), WEB_SERVER=web_server) as server:
        (worker,) = server.workers()
        loaded, own = memory(server.process.pid, "Rss"), memory(worker, "Private_Dirty")

    # A half, when it looks at what was loaded.
    assert own < 0.25 * loaded


def test_there_is_a_collector_in_workers() -> None:
    script = "import gc; from config import forking; forking.prepare(); forking.share(); print(gc.isenabled())"

    done = subprocess.run([sys.executable, "-c", script], cwd=API, capture_output=True, text=True, timeout=60)

    assert done.stdout == "True\n", done.stderr


def memory(process: int, kind: str) -> int:
    """Kilobytes."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    return int(re.search(rf"^{kind}:\s+(\d+) kB", rollup, re.MULTILINE)[1])


@on_either
def test_a_request_in_flight_is_answered_before_the_end(owner: Member, web_server: str) -> None:
    body = b'{"email": "a@example.com"}'
    credential = [f"{name}: {value}" for name, value in authorization(owner.client).items()]
    head = [f"POST {CUSTOMERS} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *credential]
    with serving(workers=1, WEB_SERVER=web_server) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=15) as client:
            client.sendall("\r\n".join([*head, "Content-Type: application/json", "", ""]).encode() + body[:5])
            # Until the view waits for the rest.
            time.sleep(0.5)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            client.sendall(body[5:])
            answer = client.recv(64)
        code = server.process.wait(10)

    assert answer.startswith(b"HTTP/1.1 201 Created"), answer
    assert code == 0


SLOW_FORK = "import os, time; os.register_at_fork(after_in_child=lambda: time.sleep(1))"


@on_either
def test_a_worker_stopped_while_it_is_forked_is_not_waited_for(web_server: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_FORK)
    server = Server(1, {"PYTHONPATH": str(tmp_path), "WEB_SERVER": web_server})
    try:
        deadline = time.monotonic() + 15
        while not server.workers():
            assert time.monotonic() < deadline, "no worker was forked"
            time.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)

        assert server.process.wait(8) == 0
    finally:
        server.stop()


@on_either
def test_a_killed_worker_is_replaced(owner: Member, web_server: str) -> None:
    headers = authorization(owner.client)
    with serving(workers=2, WEB_SERVER=web_server) as server:
        killed, kept = two_workers(server)
        os.kill(killed, signal.SIGKILL)
        now = two_workers(server, without=killed)
        answers = [requests.get(f"{server.url}{CUSTOMERS}", headers=headers, timeout=10) for _ in range(10)]

    assert kept in now
    assert {answer.status_code for answer in answers} == {200}


def two_workers(server: Server, without: int = 0) -> list[int]:
    """The processes of both workers, once there are two and one of them is gone."""
    deadline = time.monotonic() + 15
    while len(found := server.workers()) < 2 or without in found:
        assert time.monotonic() < deadline, f"the workers are {found}"
        time.sleep(0.05)
    return found

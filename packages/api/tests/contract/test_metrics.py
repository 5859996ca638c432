"""Metrics of all processes on one port of their own, by route pattern, at the cost of microseconds."""

import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest
import requests
from django.conf import settings

from apps.customers.tests.factories import CustomerFactory
from conftest import Member
from tests.contract.servers import WEB_SERVERS, Server, authorization, free_port, refused, serving

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMERS = "/api/v1/customers/"
DEAD_REDIS = "redis://127.0.0.1:1/0"


@pytest.fixture
def port() -> int:
    return free_port()


def scrape(port: int) -> dict[str, float]:
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
    return {key: float(value) for key, value in re.findall(r"^(\w+(?:\{.*\})?) (\S+)$", text, re.MULTILINE)}


def answered(samples: dict[str, float]) -> float:
    return sum(value for name, value in samples.items() if name.startswith("http_requests_total"))


@pytest.mark.parametrize("web_server", WEB_SERVERS)
def test_processes_are_added_up_by_route_and_outlive_their_worker(owner: Member, port: int, web_server: str) -> None:
    headers = authorization(owner.client)
    with owner.rows():
        customers = [CustomerFactory() for _ in range(3)]
    with serving(workers=2, METRICS_PORT=str(port), WEB_SERVER=web_server) as server:
        for customer in customers * 20:
            requests.get(f"{server.url}{CUSTOMERS}{customer.pk}/", headers=headers, timeout=5)
        requests.get(f"{server.url}/api/v1/nowhere/at/all", timeout=5)
        requests.request("INVENTED", f"{server.url}{CUSTOMERS}", headers=headers, timeout=5)
        before = scrape(port)
        server.kill_workers()
        server.wait()
        after = scrape(port)

    route = 'method="GET",route="/api/v1/customers/<str:id>/"'
    assert before[f'http_requests_total{{{route},status="200"}}'] == 60
    assert before[f"http_request_duration_seconds_count{{{route}}}"] == 60
    assert before[f'http_request_duration_seconds_bucket{{le="10.0",{route}}}'] == 60
    assert before['http_requests_total{method="GET",route="unmatched",status="404"}'] == 1
    assert before['http_requests_total{method="other",route="/api/v1/customers/",status="405"}'] == 1
    assert before["http_requests_in_progress"] == 0
    # Paths, ids and probes make no series.
    assert answered(before) == 62
    assert not [name for name in before if "livez" in name or "readyz" in name or "cust_" in name]
    assert answered(after) == 62


@pytest.mark.parametrize("web_server", WEB_SERVERS)
def test_a_request_of_a_killed_worker_is_no_longer_in_progress(owner: Member, port: int, web_server: str) -> None:
    with serving(workers=1, METRICS_PORT=str(port), WEB_SERVER=web_server) as server:
        (worker,) = server.workers()
        with socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1]))) as slow:
            # The body that is announced never comes, so the view waits for it.
            lines = [f"POST {CUSTOMERS} HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 9", *credential(owner)]
            slow.sendall("\r\n".join([*lines, "", "{"]).encode())
            in_progress = settle(port, 1)
            os.kill(worker, signal.SIGKILL)
            gone = settle(port, 0)

    assert in_progress == 1
    assert gone == 0


def credential(member: Member) -> list[str]:
    headers = authorization(member.client) | {"Content-Type": "application/json"}
    return [f"{name}: {value}" for name, value in headers.items()]


def settle(port: int, wanted: float) -> float:
    """The gauge of requests in progress, once it is what it should be."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if (value := scrape(port).get("http_requests_in_progress", 0)) == wanted:
            break
        time.sleep(0.05)
    return value


def test_refusals_and_replays_have_counters(owner: Member, port: int) -> None:
    headers = authorization(owner.client) | {"Idempotency-Key": "twice"}
    with serving(workers=2, METRICS_PORT=str(port), THROTTLE_USER="3/min") as server:
        for _ in range(3):
            requests.post(f"{server.url}{CUSTOMERS}", json={"email": "a@example.com"}, headers=headers, timeout=5)
        requests.get(f"{server.url}{CUSTOMERS}", headers=headers, timeout=5)
        samples = scrape(port)

    assert samples["idempotent_replays_total"] == 2
    assert samples['rate_limited_total{scope="user"}'] == 1


def test_a_lost_store_and_a_lost_database_are_counted(owner: Member, port: int) -> None:
    lost = f"postgres://slipway_app@127.0.0.1:{free_port()}/slipway"
    with serving(workers=1, METRICS_PORT=str(port), REDIS_URL=DEAD_REDIS, THROTTLE_ANON="5/min") as server:
        requests.get(f"{server.url}{CUSTOMERS}", timeout=5)
        without_store = scrape(port)
    server = Server(1, {"METRICS_PORT": str(port), "DATABASE_URL": lost})
    try:
        server.wait_for_port()
        assert requests.get(f"{server.url}/readyz", timeout=5).status_code == 503
        without_database = scrape(port)
    finally:
        server.stop()

    assert without_store["rate_limit_store_failures_total"] == 1
    assert without_database["database_unreachable_total"] == 1


@pytest.mark.parametrize("web_server", WEB_SERVERS)
def test_the_management_port_is_the_parents(port: int, tmp_path: Path, web_server: str) -> None:
    with serving(workers=2, METRICS_PORT=str(port), TMPDIR=str(tmp_path), WEB_SERVER=web_server) as server:
        alive = requests.get(f"http://127.0.0.1:{port}/livez", timeout=5)
        other = requests.get(f"http://127.0.0.1:{port}{CUSTOMERS}", timeout=5)
        holders = {pid for pid in (server.process.pid, *server.workers()) if listens(pid, port)}
        folders = [folder.name for folder in tmp_path.iterdir()]

    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert other.status_code == 404
    assert holders == {server.process.pid}
    assert [name.startswith("slipway-metrics-") for name in folders] == [True]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_given_is_left_where_it_is(port: int, tmp_path: Path) -> None:
    (tmp_path / "of somebody else").touch()
    with serving(workers=1, METRICS_PORT=str(port), PROMETHEUS_MULTIPROC_DIR=str(tmp_path)) as server:
        requests.get(f"{server.url}{CUSTOMERS}", timeout=5)

    assert (tmp_path / "of somebody else").exists()


def listens(process: int, port: int) -> bool:
    """Whether a process holds the socket that listens on this port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"}
    links = {os.readlink(each) for each in Path(f"/proc/{process}/fd").iterdir()}
    return bool(links & {f"socket:[{inode}]" for inode in inodes})


def test_a_taken_port_is_one_sentence(port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        ended = refused(METRICS_PORT=str(port))

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].endswith("(Address already in use): set another METRICS_PORT.")


def test_without_a_port_nothing_is_counted(owner: Member) -> None:
    from contract import metrics

    owner.client.get(CUSTOMERS)
    metrics.count(metrics.REPLAYS)

    assert settings.METRICS_PORT == 0
    assert [sample for metric in metrics.REQUESTS.collect() for sample in metric.samples] == []
    assert metrics.REPLAYS._value.get() == 0

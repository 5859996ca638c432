"""Limits are exact over processes, published in headers, and outlive their store."""

import json
import os
import secrets
import signal
import subprocess
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
import requests
from rest_framework.test import APIClient

from apps.authentication.tests.factories import PASSWORD
from conftest import Member
from contract import throttling
from tests.contract.routes import LISTS, Route, all_routes, name
from tests.contract.servers import authorization, free_port, serving, wait_for

CUSTOMERS = "/api/v1/customers/"
LOGIN = "/api/v1/auth/login/"


@pytest.fixture(autouse=True)
def fresh_store(settings: Any) -> None:
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    throttling.store.cache_clear()


def limit(settings: Any, **rates: str) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, **{n.replace("_", "-"): rate for n, rate in rates.items()}}


@pytest.mark.parametrize("route", LISTS, ids=name)
def test_every_resource_publishes_and_enforces_the_limit(route: Route, owner: Member, settings: Any) -> None:
    limit(settings, user="2/min", anon="2/min")

    answers = [owner.client.get(route.path) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    refused = answers[2]
    assert refused.json()["code"] == "rate-limited"
    assert refused.headers["X-RateLimit-Limit"] == "2"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    now = time.time()
    assert int(refused.headers["X-RateLimit-Reset"]) <= now + 61
    assert now + int(refused.headers["Retry-After"]) >= int(refused.headers["X-RateLimit-Reset"]) - 1
    assert refused.headers["RateLimit"].startswith('"user";r=0;t=')
    assert refused.headers["RateLimit-Policy"] == '"user";q=2;w=60'


@pytest.mark.parametrize("route", all_routes(), ids=name)
def test_a_stranger_meets_the_limit_of_his_address(route: Route, anonymous: APIClient, settings: Any, db: None) -> None:
    limit(settings, anon="1/min", auth_address="1/min")

    for method in route.methods:
        fresh = APIClient(REMOTE_ADDR=f"10.0.0.{len(method)}")
        fresh.generic(method, route.at())
        assert fresh.generic(method, route.at()).status_code == 429


def test_the_limit_is_decided_before_the_body_is_read(owner: Member, settings: Any) -> None:
    limit(settings, user="1/min")
    owner.client.get(CUSTOMERS)

    assert owner.client.generic("POST", CUSTOMERS, "{", content_type="application/json").status_code == 429


def test_people_and_machines_have_buckets_of_their_own(
    owner: Member, teammate: Member, outsider: Member, settings: Any
) -> None:
    limit(settings, user="1/min", tenant_read="1/min", tenant_write="1/min")
    machine = owner.key_client("customers:read", "customers:write")
    twin = owner.key_client("customers:read")
    foreign = outsider.key_client("customers:read")

    for client in (owner.client, teammate.client, machine, foreign):
        assert client.get(CUSTOMERS).status_code == 200
    assert twin.get(CUSTOMERS).status_code == 429
    assert machine.post(CUSTOMERS, {"email": "a@example.com"}).status_code == 201
    assert machine.post(CUSTOMERS, {"email": "b@example.com"}).status_code == 429


def test_failed_credentials_count_against_the_address(owner: Member, settings: Any) -> None:
    limit(settings, anon="3/min")
    guesser = APIClient()

    answers = [guesser.get(CUSTOMERS, HTTP_AUTHORIZATION=f"Bearer {number}").status_code for number in range(5)]

    assert answers == [401, 401, 401, 429, 429]
    assert owner.client.get(CUSTOMERS).status_code == 200


def test_a_spoofed_forwarded_for_changes_nothing(settings: Any, db: None) -> None:
    limit(settings, anon="2/min")

    codes = [APIClient().get(CUSTOMERS, HTTP_X_FORWARDED_FOR=f"1.2.3.{number}").status_code for number in range(4)]

    assert codes == [401, 401, 429, 429]


def test_the_client_stands_behind_the_declared_proxies(settings: Any, db: None) -> None:
    limit(settings, anon="1/min")
    settings.TRUSTED_PROXY_COUNT = 2

    def ask(forwarded: str) -> int:
        return APIClient().get(CUSTOMERS, HTTP_X_FORWARDED_FOR=forwarded).status_code  # type: ignore[no-any-return]

    assert ask("6.6.6.6, 1.1.1.1, 10.0.0.1") == 401
    assert ask("7.7.7.7, 1.1.1.1, 10.0.0.1") == 429
    assert ask("7.7.7.7, 2.2.2.2, 10.0.0.1") == 401


def test_an_ipv6_customer_is_one_network(settings: Any, db: None) -> None:
    limit(settings, anon="1/min")

    codes = [APIClient(REMOTE_ADDR=f"2001:db8::{number}").get(CUSTOMERS).status_code for number in range(1, 3)]

    assert codes == [401, 429]


def test_an_ipv4_customer_is_one_address_in_either_form(settings: Any, db: None) -> None:
    limit(settings, anon="1/min")
    addresses = ["192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201", "::ffff:192.0.2.2"]

    codes = [APIClient(REMOTE_ADDR=address).get(CUSTOMERS).status_code for address in addresses]

    assert codes == [401, 429, 429, 401]


def test_sign_in_is_limited_by_identifier_and_by_address(owner: Member, settings: Any) -> None:
    limit(settings, auth="2/min", auth_address="4/min")

    def sign_in(login: str) -> int:
        return APIClient().post(LOGIN, {"login": login, "password": PASSWORD}).status_code  # type: ignore[no-any-return]

    assert [sign_in(owner.user.username) for _ in range(3)] == [200, 200, 429]
    assert sign_in("somebody") == 401
    assert sign_in("somebody-else") == 429


def test_off_means_no_limit_and_no_headers(owner: Member) -> None:
    answer = owner.client.get(CUSTOMERS)

    assert not [header for header in answer.headers if "ratelimit" in header.lower()]


def test_a_full_bucket_spends_nothing_from_the_others() -> None:
    full, other = throttling.Bucket("a", "full", 1, 60), throttling.Bucket("b", "other", 5, 60)
    for store in (throttling.LocalStore(), throttling.store()):
        store.hit([full])
        store.hit([full, other])

        (reading,) = store.hit([other])

        assert reading.used == 1


def test_a_window_ends() -> None:
    bucket = throttling.Bucket("a", "short", 1, 1)
    for store in (throttling.LocalStore(), throttling.store()):
        assert [store.hit([bucket])[0].refused for _ in range(2)] == [False, True]
    time.sleep(1.05)
    for store in (throttling.LocalStore(), throttling.store()):
        assert not store.hit([bucket])[0].refused


@pytest.mark.django_db(transaction=True)
def test_exactly_the_limit_passes_over_four_processes(owner: Member, outsider: Member) -> None:
    with serving(workers=4, THROTTLE_USER="50/min") as server, ThreadPoolExecutor(32) as pool:
        url, headers = f"{server.url}{CUSTOMERS}", authorization(owner.client)

        codes = list(pool.map(lambda _: requests.get(url, headers=headers, timeout=30).status_code, range(200)))
        other = requests.get(url, headers=authorization(outsider.client), timeout=30).status_code

    assert (codes.count(200), codes.count(429), other) == (50, 150, 200)


def test_without_its_store_the_api_goes_on_with_local_limits(owner: Member, settings: Any) -> None:
    limit(settings, user="2/min")
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    throttling.store.cache_clear()

    codes = [owner.client.get(CUSTOMERS).status_code for _ in range(3)]

    assert codes == [200, 200, 429]


def test_without_its_store_the_admin_is_closed(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    throttling.store.cache_clear()

    with pytest.raises(throttling.Unavailable):
        throttling.store().hit([throttling.Bucket("admin", "admin:1", 5, 60)])


def test_a_store_that_hangs_costs_a_quarter_of_a_second_once(owner: Member, settings: Any, tmp_path: Any) -> None:
    port = free_port()
    hanging = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    try:
        time.sleep(0.3)
        limit(settings, user="100/min")
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        throttling.store.cache_clear()
        assert owner.client.get(CUSTOMERS).status_code == 200
        os.kill(hanging.pid, signal.SIGSTOP)

        started = time.monotonic()
        codes = {owner.client.get(CUSTOMERS).status_code for _ in range(20)}
        elapsed = time.monotonic() - started
    finally:
        os.kill(hanging.pid, signal.SIGCONT)
        hanging.terminate()
        hanging.wait()

    assert codes == {200}
    assert elapsed < 2


def test_the_log_says_why_the_store_is_lost_without_its_password(caplog: Any, capfd: Any, tmp_path: Any) -> None:
    password, port = secrets.token_hex(16), free_port()
    # One that knows no HELLO repeats it, and the password is among its arguments.
    options = ["--bind", "127.0.0.1", "--save", "", "--rename-command", "HELLO", "", "--dir", str(tmp_path)]
    old = subprocess.Popen(["redis-server", "--port", str(port), *options], stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        store = throttling.RedisStore(f"redis://:{password}@127.0.0.1:{port}", {})
        caplog.set_level("WARNING")
        throttling.GuardedStore(store, throttling.LocalStore()).hit([throttling.Bucket("user", "user:1", 5, 60)])
    finally:
        old.terminate()
        old.wait(10)

    written = capfd.readouterr().out
    line = next(json.loads(line) for line in written.splitlines() if "rate-limit store unreachable" in line)
    assert line["reason"] == "unknown command 'HELLO'"
    assert password not in written


def test_a_connection_that_redis_closed_is_opened_again(settings: Any) -> None:
    store = throttling.RedisStore(settings.REDIS_URL, {})
    bucket = throttling.Bucket("closed", f"closed:{uuid.uuid4()}", 10, 60)
    store.hit([bucket])
    redis.Redis.from_url(settings.REDIS_URL).client_kill_filter(_type="normal", skipme=True)

    (reading,) = store.hit([bucket])

    assert reading.used == 2


def test_threads_that_come_and_go_use_nothing_up(settings: Any) -> None:
    store = throttling.RedisStore(settings.REDIS_URL, {})
    bucket = throttling.Bucket("threads", f"threads:{uuid.uuid4()}", 1000, 60)
    for _ in range(120):
        thread = threading.Thread(target=store.hit, args=([bucket],))
        thread.start()
        thread.join()

    (reading,) = store.hit([bucket])

    assert reading.used == 121


def test_a_connection_to_what_is_a_replica_now_is_given_up(tmp_path: Any) -> None:
    port = free_port()
    options = ["--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(["redis-server", "--port", str(port), *options], stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        store = throttling.RedisStore(f"redis://127.0.0.1:{port}/0", {})
        bucket = throttling.Bucket("replica", "replica", 10, 60)
        store.hit([bucket])
        operator = redis.Redis(port=port)
        before = {client["id"] for client in operator.client_list()}
        operator.execute_command("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(redis.exceptions.ReadOnlyError):
            store.hit([bucket])
        after = {client["id"] for client in operator.client_list()}
    finally:
        server.terminate()
        server.wait(10)

    assert len(before - after) == len(after - before) == 1


def test_a_store_in_memory_does_not_look_at_all_windows_at_each_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "MOST_WINDOWS", 10)
    store = throttling.LocalStore()
    sweeps = set()
    for number in range(100):
        store.hit([throttling.Bucket("user", f"user:{number}", 5, 3600)])
        sweeps.add(id(store.windows))

    # Nothing is lost, and one sweep is due each time that the windows have doubled.
    assert len(store.windows) == 100
    assert len(sweeps) < 8

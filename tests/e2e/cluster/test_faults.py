"""What breaks heals, and what was acknowledged stays."""

import http.client
import threading
import time
import uuid
from contextlib import suppress

from conftest import Release
from door import Answer, Door, Load, report
from kubernetes import Namespace, Refused, eventually

# Many small eaters: the kernel ends the largest process, which is then the server itself.
EAT = """
import os, time
with open("/proc/1/oom_score_adj", "w") as score:
    score.write("1000")
while os.fork():
    time.sleep(0.02)
eaten = bytearray(8_000_000)
time.sleep(60)
"""


def reading(door: Door, **options: object) -> Load:
    request = lambda connection, _: door("GET", "/api/v1/customers/?limit=5", connection=connection)  # noqa: E731
    return Load(request, door, **options)  # type: ignore[arg-type]


def restarts(namespace: Namespace, pod: str) -> int:
    return sum(each["restartCount"] for each in namespace.get("pod", pod)["status"]["containerStatuses"])


def test_a_deleted_pod_takes_no_request_with_it(release: Release, namespace: Namespace, door: Door) -> None:
    before = namespace.names("api")
    with reading(door) as load:
        namespace.kubectl("delete", "pod", min(before))
        namespace.wait_for("api")
        eventually(lambda: len(namespace.names("api")) == 2)

    assert load.failures == []
    assert load.count > 100


def test_a_pod_out_of_memory_is_started_again(namespace: Namespace, door: Door) -> None:
    pod = min(namespace.names("api"))
    before = restarts(namespace, pod)
    command = ["exec", pod, "--container", "api", "--", "python", "-c", EAT]
    threading.Thread(target=lambda: _ignore(namespace, command), daemon=True).start()

    eventually(lambda: restarts(namespace, pod) > before, 90)
    namespace.wait_for("api")
    state = namespace.get("pod", pod)["status"]["containerStatuses"][0]["lastState"]["terminated"]

    assert state["reason"] == "OOMKilled"
    eventually(lambda: door("GET", "/api/v1/customers/").status == 200, 30)


def _ignore(namespace: Namespace, command: list[str]) -> None:
    """Run a command that is killed by what it does."""
    with suppress(Refused):
        namespace.kubectl(*command)


def test_what_was_acknowledged_survives_a_crash_of_the_database(namespace: Namespace, door: Door) -> None:
    acknowledged: list[str] = []
    refused: list[Answer] = []

    def create(connection: http.client.HTTPSConnection, _: int) -> Answer:
        body = {"email": f"{uuid.uuid4()}@example.com"}
        answer = door("POST", "/api/v1/customers/", body, connection, Idempotency_Key=str(uuid.uuid4()))
        if answer.status == 201:
            acknowledged.append(answer.json()["id"])
        else:
            refused.append(answer)
        return answer

    with Load(create, door) as load:
        time.sleep(2)
        # The container ends, and with it the command.
        _ignore(namespace, ["exec", "dev-deps-postgresql-0", "--", "pg_ctl", "stop", "--mode", "immediate"])
        eventually(lambda: restarts(namespace, "dev-deps-postgresql-0") > 0)
        namespace.kubectl("wait", "--for=condition=Ready", "pod/dev-deps-postgresql-0", "--timeout=90s")
        back = time.monotonic()
        written = len(acknowledged)
        eventually(lambda: len(acknowledged) > written, 30, 0.1)
        recovery = time.monotonic() - back

    missing = [each for each in acknowledged if door("GET", f"/api/v1/customers/{each}/").status != 200]
    report("%s acknowledged, %s, %.1f s after the database", len(acknowledged), dict(load.statuses), recovery)
    assert len(acknowledged) > 20
    assert missing == []
    assert recovery <= 5 + 5  # the promise, and one period of the readiness probe
    assert {answer.status for answer in refused} <= {502, 503, 504}
    assert all(
        "retry-after" in answer.headers
        for answer in refused
        if answer.headers.get("content-type") == "application/problem+json"
    )


def test_without_redis_requests_are_slower_but_answered(namespace: Namespace, door: Door) -> None:
    with reading(door) as load:
        namespace.kubectl("scale", "deployment/dev-deps-redis", "--replicas=0")
        time.sleep(8)
        namespace.kubectl("scale", "deployment/dev-deps-redis", "--replicas=1")
        namespace.wait_for("dev-deps-redis")
        time.sleep(2)

    assert load.failures == []
    assert load.count > 50


def test_a_flushed_redis_revives_no_token(namespace: Namespace, door: Door) -> None:
    login = door("POST", "/api/v1/auth/login/", {"email": "ben@acme.example", "password": "slipway-demo"}).json()
    signed_out = door(
        "POST", "/api/v1/auth/logout/", {"refresh": login["refresh"]}, Authorization=f"Bearer {login['access']}"
    )
    namespace.kubectl("exec", "deployment/dev-deps-redis", "--", "redis-cli", "flushall")

    assert signed_out.status < 300
    assert door("POST", "/api/v1/auth/refresh/", {"refresh": login["refresh"]}).status == 401

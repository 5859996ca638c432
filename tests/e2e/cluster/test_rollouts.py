"""A rollout loses no request, from either server to the other, and neither does a rollback."""

import pytest
from conftest import FULL, Release
from door import Door, Load, report
from kubernetes import Namespace

ROLLOUTS = 20 if FULL else 3
SERVERS = ("granian", "gunicorn")
REQUESTS = 20_000 if FULL else 1_000


@pytest.mark.timeout(3600 if FULL else 900)
def test_rollouts_under_load_lose_no_request(release: Release, namespace: Namespace, door: Door) -> None:
    quick = Load(
        lambda connection, _: door("GET", "/api/v1/customers/?limit=5", connection=connection), door, threads=6
    )
    # Refused as wrong credentials, which only a living service can do.
    slow = Load(lambda *_: door.slow_login(4), door, threads=4, expected=frozenset({401}))
    seen = namespace.names("api")
    with quick, slow:
        for number in range(ROLLOUTS):
            server = SERVERS[number % 2]
            release.upgrade("api.maxSurge=1", f"api.server={server}", f"api.podAnnotations.rollout=r{number}")
            assert not seen & namespace.names("api")
            seen |= namespace.names("api")
        namespace.helm("rollback", "api", "--wait", "--timeout", "4m")

    report("%s rollouts and a rollback: quick %s, slow %s", ROLLOUTS, dict(quick.statuses), dict(slow.statuses))
    assert quick.failures == []
    assert slow.failures == []
    assert quick.count >= REQUESTS
    assert slow.count >= 4 * ROLLOUTS

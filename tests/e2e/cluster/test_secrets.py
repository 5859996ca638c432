"""A rotated secret reaches the processes that read it, and nobody is refused meanwhile."""

import base64
import json
from http.client import HTTPSConnection

from conftest import Release
from door import Answer, Door, Load, report
from kubernetes import Namespace

CUSTOMERS = "/api/v1/customers/?limit=1"


def test_a_signing_key_is_rotated_in_two_steps_and_no_token_is_refused(
    release: Release, namespace: Namespace, door: Door
) -> None:
    before = namespace.names("api")
    secret = namespace.get("secret", "slipway")
    old = base64.b64decode(secret["data"]["JWT_SIGNING_KEY"]).decode()
    new = "n" * 40

    def read_with_a_new_token(connection: HTTPSConnection, _: int) -> Answer:
        """One pod signs, and any pod verifies."""
        token = door.login(connection)
        return door("GET", CUSTOMERS, connection=connection, Authorization=f"Bearer {token}")

    with Load(read_with_a_new_token, door, threads=2, pause=0.2) as load:
        # The first signs, all verify.
        for step, keys in enumerate([f"{old},{new}", f"{new},{old}"]):
            data = {"JWT_SIGNING_KEY": base64.b64encode(keys.encode()).decode()}
            namespace.kubectl("patch", "secret", "slipway", "--patch", json.dumps({"data": data}))
            # Pods of before and after serve side by side for seconds.
            release.upgrade(f"secrets.revision=step-{step}", "api.maxSurge=1", "api.minReadySeconds=5")

    report("a key rotated in two steps: %s", dict(load.statuses))
    assert not before & namespace.names("api")
    assert load.failures == []
    assert load.count > 20
    assert door("GET", CUSTOMERS).status == 200


def test_only_migrations_know_the_owner(namespace: Namespace) -> None:
    pod = min(namespace.names("api"))
    script = (
        "import os, pathlib; print(sorted(os.listdir('/run/secrets/slipway')), [n for n in os.environ if 'OWNER' in n])"
    )

    seen = namespace.kubectl("exec", pod, "--container", "api", "--", "python", "-c", script)

    assert "DATABASE_URL" in seen
    assert "OWNER" not in seen

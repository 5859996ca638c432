"""A rotated secret reaches the processes that read it."""

import base64

from conftest import Release
from door import Door
from kubernetes import Namespace


def test_a_new_revision_rolls_the_consumers_without_signing_anybody_out(
    release: Release, namespace: Namespace, door: Door
) -> None:
    before = namespace.names("api")
    secret = namespace.get("secret", "slipway")
    old = base64.b64decode(secret["data"]["JWT_SIGNING_KEY"]).decode()
    # The first signs, all verify: tokens of before stay good.
    rotated = base64.b64encode(f"{'n' * 40},{old}".encode()).decode()
    namespace.kubectl("patch", "secret", "slipway", "--patch", f'{{"data": {{"JWT_SIGNING_KEY": "{rotated}"}}}}')

    release.upgrade("secrets.revision=second")

    assert not before & namespace.names("api")
    assert door("GET", "/api/v1/customers/").status == 200
    assert door.sign_in()("GET", "/api/v1/customers/").status == 200


def test_only_migrations_know_the_owner(namespace: Namespace) -> None:
    pod = min(namespace.names("api"))
    script = (
        "import os, pathlib; print(sorted(os.listdir('/run/secrets/slipway')), [n for n in os.environ if 'OWNER' in n])"
    )

    seen = namespace.kubectl("exec", pod, "--container", "api", "--", "python", "-c", script)

    assert "DATABASE_URL" in seen
    assert "OWNER" not in seen

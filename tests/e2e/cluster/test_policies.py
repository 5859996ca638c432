"""A stranger in the same namespace reaches nothing."""

import json

import pytest
from conftest import Release
from kubernetes import Namespace, eventually

SCRIPT = """
import json, socket, sys
reached = {}
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 3).close()
        reached[target] = True
    except OSError:
        reached[target] = False
print(json.dumps(reached))
"""
STORES = ["dev-deps-postgresql:5432", "dev-deps-redis:6379"]


def stranger(release: Release, name: str, targets: list[str], **labels: str) -> dict[str, bool]:
    """What a pod with these labels can connect to."""
    confined = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "stranger",
        "image": release.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-c", f"import time; time.sleep(2)\n{SCRIPT}", *targets],
        "securityContext": confined,
    }
    security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"restartPolicy": "Never", "securityContext": security, "containers": [container]}
    namespace = release.namespace
    namespace.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec})
    eventually(lambda: namespace.get("pod", name)["status"]["phase"] in ("Succeeded", "Failed"))
    answer = json.loads(namespace.kubectl("logs", name))
    namespace.kubectl("delete", "pod", name, "--wait=false")
    return dict(answer)


def test_a_stranger_reaches_neither_stores_nor_metrics(release: Release, namespace: Namespace) -> None:
    labels = {"app.kubernetes.io/name": "api", "app.kubernetes.io/instance": "other"}
    if not all(stranger(release, "friend", STORES, **labels).values()):
        pytest.fail("Not even a pod that the stores let in can reach them.")
    address = namespace.pods("api")[0]["status"]["podIP"]
    seen = stranger(release, "stranger", [*STORES, "api:80", f"{address}:8000", f"{address}:9000"])
    if all(seen.values()):
        pytest.skip("This cluster does not enforce network policies.")

    assert set(seen.values()) == {False}, seen


def test_the_api_itself_reaches_nothing_but_what_it_declares(release: Release, namespace: Namespace) -> None:
    targets = ["traefik.gateway-system.svc:80", "kubernetes.default.svc:443"]
    pod = min(namespace.names("api"))

    seen = json.loads(
        namespace.kubectl("exec", pod, "--container", "api", "--", "python", "-c", SCRIPT, *targets, *STORES)
    )

    if seen[targets[0]]:
        pytest.skip("This cluster does not enforce network policies.")
    assert seen == {target: target in STORES for target in [*targets, *STORES]}

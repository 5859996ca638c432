"""Slipway in a namespace of its own on the cluster that KUBECONFIG names, installed from this checkout's charts.

The cluster needs a Gateway (`E2E_GATEWAY`, shared in gateway-system by default) with a TLS listener for `E2E_DOMAIN`.
"""

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from door import Door
from kubernetes import ROOT, Namespace, Refused, eventually, run

HERE = Path(__file__).parent
NAME = os.environ.get("E2E_NAMESPACE", "slipway-e2e")
DOMAIN = os.environ.get("E2E_DOMAIN", "devcluster.test")
FULL = os.environ.get("FULL") == "1"


@dataclass
class Release:
    """charts/api and charts/dev-deps in one namespace."""

    namespace: Namespace
    image: str
    is_changed: bool = False
    is_installed: bool = False

    def upgrade(self, *settings: str, image: str = "") -> None:
        """Install or upgrade with these `key=value` besides the values of all tests."""
        self.is_changed = bool(settings or image)
        repository, _, tag = (image or self.image).rpartition(":")
        arguments = [
            "upgrade",
            "--install",
            "api",
            "charts/api",
            "--values",
            str(HERE / "values.yaml"),
            "--wait",
            "--timeout",
            "4m",
        ]
        # A tag may be digits alone, and would be a number to --set.
        arguments += ["--set-string", f"image.repository={repository},image.tag={tag}"]
        # The demo world is there after the first time.
        for setting in (*settings, f"demo.enabled={str(not self.is_installed).lower()}"):
            arguments += ["--set", setting]
        try:
            self.namespace.helm(*arguments)
        except Refused as refused:
            refused.add_note(self.namespace.trouble())
            raise
        self.is_installed = True
        # Pods of before answer as before until they are gone.
        eventually(self.namespace.is_settled, 90)


@pytest.fixture(scope="session")
def release() -> Iterator[Release]:
    namespace = Namespace(NAME)
    run("kubectl", "delete", "namespace", NAME, "--ignore-not-found", "--timeout=180s")
    run("kubectl", "create", "namespace", NAME)
    for mode in ("enforce", "warn"):
        run("kubectl", "label", "namespace", NAME, f"pod-security.kubernetes.io/{mode}=restricted")
    stores = os.environ.get("E2E_STORES", str(ROOT / "infra/cluster/values/bare-dev-deps.yaml"))
    namespace.helm("install", "dev-deps", "charts/dev-deps", "--values", stores, "--wait", "--timeout", "3m")
    installed = Release(namespace, os.environ["E2E_IMAGE"])
    installed.upgrade()
    yield installed
    if os.environ.get("KEEP") != "1":
        run("kubectl", "delete", "namespace", NAME, "--wait=false")


@pytest.fixture(scope="session")
def gateway_address() -> str:
    name = os.environ.get("E2E_GATEWAY", "shared")
    gateway = Namespace("gateway-system").get("gateway", name)
    return os.environ.get("E2E_ADDRESS") or str(gateway["status"]["addresses"][0]["value"])


@pytest.fixture(scope="session")
def authority() -> str:
    """The authority that signs the gateway's certificates."""
    secret = Namespace("gateway-system").get("secret", os.environ.get("E2E_GATEWAY_TLS", "shared-tls"))
    return base64.b64decode(secret["data"]["ca.crt"]).decode()


@pytest.fixture
def door(release: Release, gateway_address: str, authority: str) -> Door:
    """Signed in as the owner of acme, through the HTTPRoute."""
    return Door(f"e2e.{DOMAIN}", gateway_address, authority).sign_in()


@pytest.fixture
def namespace(release: Release) -> Namespace:
    return release.namespace


@pytest.fixture(autouse=True)
def _as_before(release: Release) -> Iterator[None]:
    """Every test finds the release as the values of all tests describe it."""
    yield
    if release.is_changed:
        try:
            release.upgrade()
        except Refused as refused:
            # Each test after this one would wait for minutes and fail as well.
            pytest.exit(f"The release can't be brought back: {refused}\n{refused.__notes__[-1]}", returncode=1)

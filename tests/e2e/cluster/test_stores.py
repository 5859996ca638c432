"""PostgreSQL and Redis are reached over TLS, and only where their certificate and name are right."""

from collections.abc import Iterator

import pytest
from conftest import Release
from door import Door
from kubernetes import ROOT, Namespace

STORES = ROOT / "infra/cluster/values/bare-dev-deps.yaml"
VERIFIED = ("database.ca.secretName=dev-deps-postgresql-tls", "redis.ca.secretName=dev-deps-redis-tls")


def upgrade_stores(namespace: Namespace, *settings: str) -> None:
    arguments = [part for setting in settings for part in ("--set", setting)]
    namespace.helm(
        "upgrade", "dev-deps", "charts/dev-deps", "--values", STORES, "--wait", "--timeout", "3m", *arguments
    )


@pytest.fixture
def encrypted(release: Release, namespace: Namespace) -> Iterator[None]:
    upgrade_stores(namespace, "tls.enabled=true", "tls.issuerName=devcluster-ca")
    yield
    upgrade_stores(namespace)
    release.upgrade("secrets.revision=plain")


@pytest.mark.usefixtures("encrypted")
def test_both_are_verified(release: Release, namespace: Namespace, door: Door) -> None:
    release.upgrade(*VERIFIED, "secrets.revision=encrypted")
    door.sign_in()
    query = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND usename = 'slipway'"
    psql = ["psql", "--host", "/var/run/postgresql", "--username", "postgres", "slipway", "-tAc", query]

    answers = [door("GET", "/api/v1/customers/") for _ in range(20)]
    logs = namespace.kubectl("logs", "--selector", "app.kubernetes.io/component=api", "--tail", "200")

    assert {answer.status for answer in answers} == {200}
    assert int(namespace.kubectl("exec", "dev-deps-postgresql-0", "--", *psql)) > 0
    assert "rate limit store" not in logs.lower()

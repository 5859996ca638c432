"""A migration that can't run leaves the old version serving, and says why."""

import os
import shutil
import threading
from functools import partial
from pathlib import Path

import pytest
from conftest import ROOT, Release
from door import Door, Load
from kubernetes import Namespace, Refused, eventually, run

BARE = Path(os.environ.get("BARE_CLUSTER", ROOT / "../shared/cluster"))
POSTGRESQL = ("--host", "/var/run/postgresql", "--username", "postgres", "slipway")
PSQL = ("exec", "dev-deps-postgresql-0", "--", "psql", *POSTGRESQL)
APPLIED = "SELECT to_char(applied, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM django_migrations WHERE name = '9999_added'"
MIGRATION = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "{before}")]
    operations = [migrations.RunSQL("{statement}")]
"""


def image_with(release: Release, folder: Path, name: str, statement: str) -> str:
    """The release's image with one more migration in it."""
    before = sorted((ROOT / "packages/api/apps/customers/migrations").glob("0*.py"))[-1].stem
    (folder / f"9999_{name}.py").write_text(MIGRATION.format(before=before, statement=statement))
    (folder / "Dockerfile").write_text(f"FROM {release.image}\nCOPY 9999_{name}.py apps/customers/migrations/\n")
    image = f"{release.image}-{name}"
    if (BARE / "build-image").exists():
        run(BARE / "build-image", folder, image, "--quiet", "--format", "docker")
    elif shutil.which("docker"):
        run("docker", "build", "--quiet", "--tag", image, folder)
        run("kind", "load", "docker-image", image)
    else:
        pytest.skip("An image can be built neither by Docker nor on a bare machine.")
    return image


def refused(release: Release, image: str) -> str:
    with pytest.raises(Refused):
        release.upgrade(image=image)
    return release.namespace.kubectl("logs", "job/api-migrate", "--tail", "5")


def test_a_failing_migration_leaves_the_old_version_serving(
    release: Release, namespace: Namespace, door: Door, tmp_path: Path
) -> None:
    broken = image_with(release, tmp_path, "broken", "SELECT 1/0")
    before = namespace.names("api")

    with Load(lambda connection, _: door("GET", "/api/v1/customers/?limit=5", connection=connection), door) as load:
        said = refused(release, broken)

    assert namespace.names("api") == before
    assert load.failures == []
    assert "9999_broken" in said
    assert "division by zero" in said


def test_a_migration_that_waits_for_a_lock_gives_up(
    release: Release, namespace: Namespace, door: Door, tmp_path: Path
) -> None:
    statement = "ALTER TABLE customers_customer ADD COLUMN lock_test integer"
    waiting = image_with(release, tmp_path, "waiting", statement)
    before = namespace.names("api")
    holding = "BEGIN; LOCK TABLE customers_customer IN ACCESS SHARE MODE; SELECT pg_sleep(40)"
    hold = partial(namespace.kubectl, *PSQL, "-c", holding)
    session = threading.Thread(target=hold, daemon=True)
    session.start()
    query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(40)%' AND pid <> pg_backend_pid()"
    eventually(lambda: namespace.kubectl(*PSQL, "-tAc", query).strip() == "1")

    with Load(lambda connection, _: door("GET", "/api/v1/customers/?limit=5", connection=connection), door) as load:
        said = refused(release, waiting)

    assert namespace.names("api") == before
    assert load.failures == []
    assert "9999_waiting" in said
    assert "lock" in said


def test_a_job_of_the_release_is_waited_for(release: Release, namespace: Namespace, door: Door, tmp_path: Path) -> None:
    added = image_with(release, tmp_path, "added", "ALTER TABLE customers_customer ADD COLUMN added_test integer")

    with Load(lambda connection, _: door("GET", "/api/v1/customers/?limit=5", connection=connection), door) as load:
        release.upgrade("migrations.mode=init", image=added)

    jobs = namespace.get("jobs", "--selector", "app.kubernetes.io/component=migrate")["items"]
    waited = [pod["status"]["initContainerStatuses"][0]["state"]["terminated"] for pod in namespace.pods("api")]
    assert [(job["metadata"]["name"] != "api-migrate", job["status"].get("succeeded")) for job in jobs] == [(True, 1)]
    applied = namespace.kubectl(*PSQL, "-tAc", APPLIED).strip()
    assert [end["finishedAt"] for end in waited if end["finishedAt"] < applied] == []
    assert applied
    assert load.failures == []

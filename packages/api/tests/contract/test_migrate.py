"""Migrating either ends well or says in one sentence why not; the serving role can ask whether it is needed."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

SERVICE = Path(__file__).resolve().parents[2]
MIGRATION = """
from django.db import migrations


def count(apps, schema_editor):
    raise KeyError("nothing to count")


class Migration(migrations.Migration):
    dependencies = [("customers", "{before}")]
    operations = [migrations.{operation}]
    atomic = {atomic}
"""
WAITS = 'RunSQL("ALTER TABLE customers_customer ADD COLUMN added integer", "SELECT 1")'
RAISES = "RunPython(count)"


@pytest.fixture
def urls() -> Iterator[dict[str, str]]:
    """A database of its own, as the owner and the serving role reach it."""
    owner, name = settings.DATABASE_OWNER_URL, f"migrate_{uuid.uuid4().hex[:8]}"
    database = sql.Identifier(name)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
        given = {"DATABASE_URL": settings.DATABASE_URL, "DATABASE_OWNER_URL": owner}
        yield {variable: urlsplit(url)._replace(path=f"/{name}").geturl() for variable, url in given.items()}
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


def migrate(urls: dict[str, str], *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **urls, "DJANGO_SETTINGS_MODULE": "config.settings", **variables}
    command = [sys.executable, "manage.py", "migrate", *arguments]
    return subprocess.run(command, cwd=SERVICE, env=environment, capture_output=True, text=True, timeout=60)


def test_the_serving_role_asks_whether_migrations_are_missing(urls: dict[str, str]) -> None:
    serving = dict.fromkeys(("DATABASE_URL", "DATABASE_OWNER_URL"), urls["DATABASE_URL"])

    before = migrate(serving, "--check")
    done = migrate(urls, "--verbosity", "0")
    after = migrate(serving, "--check")

    assert before.returncode == 1
    assert "The database lacks" in before.stderr
    assert "customers.0001_initial" in before.stderr
    assert done.returncode == 0, done.stderr
    assert after.returncode == 0, after.stderr


def with_more(folder: Path, **operations: str) -> dict[str, str]:
    """Settings under which customers has these migrations after its own."""
    (folder / "settings_with_more.py").write_text(
        "from config.settings import *\nMIGRATION_MODULES = {'customers': 'more'}\n"
    )
    more = folder / "more"
    more.mkdir()
    own = sorted((SERVICE / "apps/customers/migrations").glob("*.py"))
    for path in own:
        (more / path.name).write_text(path.read_text())
    before = max(path.stem for path in own if path.stem != "__init__")
    for name, operation in operations.items():
        atomic = operation != RAISES
        (more / f"{name}.py").write_text(MIGRATION.format(before=before, operation=operation, atomic=atomic))
        before = name
    return {"DJANGO_SETTINGS_MODULE": "settings_with_more", "PYTHONPATH": str(folder)}


def test_a_migration_gives_up_waiting_for_a_lock(urls: dict[str, str], tmp_path: Path) -> None:
    migrate(urls, "--verbosity", "0")
    variables = with_more(tmp_path, m0098_passes='RunSQL("SELECT 1")', m0099_waits=WAITS)

    with psycopg.connect(urls["DATABASE_OWNER_URL"]) as busy:
        busy.execute("LOCK TABLE customers_customer IN ACCESS SHARE MODE")
        refused = migrate(urls, MIGRATION_LOCK_TIMEOUT="1", **variables)
    done = migrate(urls, MIGRATION_LOCK_TIMEOUT="1", **variables)

    assert refused.returncode == 1
    assert (
        "Migration customers.m0099_waits failed and was rolled back: it waited 1 seconds for a lock" in refused.stderr
    )
    assert "Applied before it: 1 in this run" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1, refused.stderr
    assert done.returncode == 0, done.stderr


def test_an_error_in_a_data_migration_ends_with_the_name_of_the_migration(urls: dict[str, str], tmp_path: Path) -> None:
    refused = migrate(urls, **with_more(tmp_path, m0099_raises=RAISES))

    last = refused.stderr.splitlines()[-1]
    assert refused.returncode == 1
    assert last.startswith("Migration customers.m0099_raises failed and may have been applied in part: KeyError: ")
    assert "m0099_raises.py" in refused.stderr


def test_a_policy_that_waits_for_a_lock_is_named(urls: dict[str, str]) -> None:
    migrate(urls, "--verbosity", "0")
    with psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("ALTER POLICY tenant_wall ON customers_customer USING (true)")

    with psycopg.connect(urls["DATABASE_OWNER_URL"]) as busy:
        busy.execute("LOCK TABLE customers_customer IN ACCESS SHARE MODE")
        refused = migrate(urls, MIGRATION_LOCK_TIMEOUT="1")
    done = migrate(urls, MIGRATION_LOCK_TIMEOUT="1")

    assert refused.returncode == 1
    assert "but the policy of customers_customer could not be laid: it waited 1 seconds for a lock" in refused.stderr
    assert "does not let us in" not in refused.stderr
    assert len(refused.stderr.splitlines()) == 1, refused.stderr
    assert done.returncode == 0, done.stderr


def test_a_wait_outside_of_any_migration_is_told_from_an_unreachable_database(urls: dict[str, str]) -> None:
    migrate(urls, "--verbosity", "0")

    with psycopg.connect(urls["DATABASE_OWNER_URL"]) as busy:
        busy.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")
        refused = migrate(urls, MIGRATION_LOCK_TIMEOUT="1")

    assert refused.returncode == 1
    assert "PostgreSQL kept us waiting: it waited 1 seconds for a lock" in refused.stderr
    assert "Migrations applied in this run: 0." in refused.stderr
    assert len(refused.stderr.splitlines()) == 1, refused.stderr


def test_an_unreachable_database_is_one_sentence() -> None:
    nowhere = "postgres://nobody@127.0.0.1:1/nothing"

    refused = migrate({"DATABASE_URL": nowhere, "DATABASE_OWNER_URL": nowhere}, "--check")

    assert refused.returncode == 1
    assert "PostgreSQL does not let us in" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_policy_that_stands_is_left_alone_and_a_changed_one_is_laid_again(urls: dict[str, str]) -> None:
    migrate(urls, "--verbosity", "0")
    with psycopg.connect(urls["DATABASE_OWNER_URL"]) as busy:
        busy.execute("LOCK TABLE customers_customer IN ACCESS SHARE MODE")
        unhindered = migrate(urls, "--verbosity", "0", MIGRATION_LOCK_TIMEOUT="1")
    with psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("ALTER POLICY tenant_wall ON customers_customer USING (true)")
        owner.execute("ALTER TABLE invoices_invoice NO FORCE ROW LEVEL SECURITY")
        mended = migrate(urls, "--verbosity", "0")
        query = "SELECT qual FROM pg_policies WHERE tablename = 'customers_customer'"
        forced = "SELECT relforcerowsecurity FROM pg_class WHERE relname = 'invoices_invoice'"
        found = owner.execute(query).fetchone(), owner.execute(forced).fetchone()

    assert unhindered.returncode == 0, unhindered.stderr
    assert mended.returncode == 0, mended.stderr
    assert "app.tenant" in str(found[0])
    assert found[1] == (True,)

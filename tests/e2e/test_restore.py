"""docs/guides/operate.md's backup: a dump that is restored elsewhere serves the same rows behind the same wall."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from conftest import World

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([*map(str, reversed(BINARIES)), os.environ["PATH"]]))
    assert found, f"{name} comes with PostgreSQL."
    return found


def test_a_restored_dump_serves_the_same_rows_behind_the_same_wall(
    serve: Callable[..., AbstractContextManager[World]], fresh_database: Callable[[], dict[str, str]], tmp_path: Path
) -> None:
    first, second = fresh_database(), fresh_database()
    plain = ["--no-owner", "--no-privileges"]
    with serve("postgresql", tmp_path / "first", **first) as world:
        before = [world.client(number, key=True).get("/api/v1/customers?limit=200").json() for number in (0, 1)]

    dump = tmp_path / "slipway.dump"
    make = [program("pg_dump"), "--format=custom", "--enable-row-security", *plain, first["DATABASE_OWNER_URL"]]
    subprocess.run([*make, "--file", dump], check=True, env={**os.environ, "PGOPTIONS": "-c app.system=on"})
    target = ["--dbname", second["DATABASE_OWNER_URL"], dump]
    subprocess.run([program("pg_restore"), *plain, "--exit-on-error", *target], check=True)

    with serve("postgresql", tmp_path / "second", **second) as restored:
        after = [restored.client(number, key=True).get("/api/v1/customers?limit=200").json() for number in (0, 1)]
        foreign = restored.client(1, key=True).get(f"/api/v1/customers/{after[0]['data'][0]['id']}")
    assert [[row["id"] for row in page["data"]] for page in after] == [
        [row["id"] for row in page["data"]] for page in before
    ]
    assert foreign.status_code == 404
    with psycopg.connect(second["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM customers_customer").fetchone() == (0,)
    assert urlsplit(second["DATABASE_URL"]).username != urlsplit(second["DATABASE_OWNER_URL"]).username

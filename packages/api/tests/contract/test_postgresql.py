"""The database backend: what comes out of PostgreSQL is what Django's own backend gives."""

from datetime import UTC, datetime

import pytest
import requests
from django.db import connection
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg import postgres

from conftest import Member
from contract.isolation import as_owner
from contract.postgresql.base import PREPARED_AFTER
from tests.contract.servers import authorization, serving
from tests.specimens.models import Specimen
from tests.specimens.tests.factories import SpecimenFactory


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-29 01:30:00.000001+02", datetime(2026, 3, 28, 23, 30, 0, 1, UTC)),
        ("0001-01-01 00:00:00+00", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31 23:59:59.999999+00", datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)),
    ],
)
def test_times_are_aware_and_in_utc(text: str, expected: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        (found,) = cursor.fetchone()

    assert found == expected
    assert found.utcoffset() == expected.utcoffset()
    assert found.isoformat() == expected.isoformat()


@pytest.mark.django_db
def test_times_are_not_read_by_the_slow_loader() -> None:
    connection.ensure_connection()

    loader = connection.connection.adapters.get_loader(postgres.types["timestamptz"].oid, 0)

    assert not issubclass(loader, BaseTzLoader)


@pytest.mark.django_db(transaction=True)
def test_rows_can_be_read_one_by_one_from_the_server(owner: Member) -> None:
    with owner.rows():
        made = {specimen.pk: specimen.created_at for specimen in SpecimenFactory.create_batch(3)}

        found = {row.pk: row.created_at for row in Specimen.objects.iterator(chunk_size=1)}

    assert found == made


def change_type(column_type: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {Specimen._meta.db_table} ALTER COLUMN name TYPE {column_type}")


@pytest.mark.django_db(transaction=True)
def test_a_column_may_change_its_type_under_a_prepared_statement(owner: Member) -> None:
    with serving(workers=1) as server:

        def ask() -> int:
            return requests.get(f"{server.url}/api/v1/specimens/", headers=authorization(owner.client)).status_code

        before = {ask() for _ in range(20 * PREPARED_AFTER)}
        change_type("varchar(60)")
        after = {ask() for _ in range(20)}
    change_type("varchar(50)")

    assert (before, after) == ({200}, {200})

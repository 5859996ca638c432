"""One statement opens a request: who calls, for whom, and whether the database is still there."""

from contextlib import suppress
from typing import Any

import psycopg
import pytest
import requests
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.authentication.tests.factories import PASSWORD
from apps.customers.models import Customer
from apps.customers.tests.factories import CustomerFactory
from apps.tenants.models import Membership
from conftest import Member
from contract import tenancy
from tests.contract.servers import authorization, serving

CUSTOMERS = "/api/v1/customers/"
KILL_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND datname = current_database() AND usename = current_user
"""


def statements(client: Any, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return [row["sql"] for row in captured.captured_queries]


def visible() -> int:
    """What raw SQL sees, without telling the database anything before."""
    with connection.connection.cursor() as cursor:
        return int(cursor.execute("SELECT count(*) FROM customers_customer").fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_row_is_read_by_two_statements_whoever_asks(owner: Member) -> None:
    with owner.rows():
        customer = CustomerFactory()
    machine = owner.key_client("customers:read")
    machine.get(CUSTOMERS)

    for client in (owner.client, machine):
        gate, row = statements(client, f"{CUSTOMERS}{customer.pk}/")

        assert "set_config('app.tenant'" in gate
        assert 'FROM "customers_customer"' in row


@pytest.mark.django_db(transaction=True)
def test_the_database_knows_the_tenant_from_the_gate_on(owner: Member, outsider: Member) -> None:
    for member, count in ((owner, 2), (outsider, 3)):
        with member.rows():
            CustomerFactory.create_batch(count)

    for member, count in ((owner, 2), (outsider, 3), (owner, 2)):
        member.client.get(CUSTOMERS)

        assert visible() == count


@pytest.mark.django_db(transaction=True)
def test_nothing_is_open_behind_a_gate_without_an_organization(owner: Member) -> None:
    with owner.rows():
        CustomerFactory()
    owner.client.get(CUSTOMERS)

    owner.client.get("/api/v1/notes/")

    assert visible() == 0


@pytest.mark.django_db(transaction=True)
def test_after_a_gate_with_several_organizations_the_next_one_is_right(owner: Member, outsider: Member) -> None:
    Membership.objects.create(user=owner.user, organization=outsider.organization, role="member")
    with outsider.rows():
        CustomerFactory()

    refused = owner.client.get(CUSTOMERS)
    with owner.rows():
        seen = Customer.objects.count()

    assert refused.status_code == 400
    assert seen == 0
    assert owner.client.get(CUSTOMERS, HTTP_X_ORGANIZATION=str(owner.organization.pk)).json()["data"] == []


def kill_connection() -> None:
    with suppress(psycopg.OperationalError), connection.connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.django_db(transaction=True)
def test_a_dead_connection_is_replaced_by_the_gate(owner: Member) -> None:
    with owner.rows():
        CustomerFactory()
    owner.client.get(CUSTOMERS)
    kill_connection()

    seen = statements(owner.client, CUSTOMERS)

    assert owner.client.get(CUSTOMERS).json()["meta"]["total"] == 1
    assert "SELECT 1" not in seen


@pytest.mark.django_db(transaction=True)
def test_a_dead_connection_is_replaced_before_a_sign_in(owner: Member) -> None:
    credentials = {"email": owner.user.email, "password": PASSWORD}
    with serving(workers=1, WEB_THREADS="1") as server:
        # The thread's last scope is a tenant's, and the next one is nobody's.
        requests.get(f"{server.url}{CUSTOMERS}", headers=authorization(owner.client), timeout=10)
        with connection.cursor() as cursor:
            cursor.execute(KILL_OTHERS)
        answers = [requests.post(f"{server.url}/api/v1/auth/login/", json=credentials, timeout=10) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_dies_in_a_transaction_is_not_replaced(owner: Member) -> None:
    owner.client.raise_request_exception = False
    owner.client.get(CUSTOMERS)
    statuses = []

    with suppress(DatabaseError), transaction.atomic():
        kill_connection()
        statuses.append(owner.client.get(CUSTOMERS).status_code)

    assert statuses == [503]
    assert owner.client.get(CUSTOMERS).status_code == 200


def test_the_scope_ends_with_the_request(owner: Member) -> None:
    owner.client.get(CUSTOMERS)

    with pytest.raises(tenancy.TenantRequired):
        CustomerFactory()

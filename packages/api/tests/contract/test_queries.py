"""What a list costs: a fixed number of statements, and keyset pages that an index answers."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.customers.models import Customer
from conftest import Member
from contract import tenancy
from contract.isolation import as_owner
from contract.management.commands.explain_resources import first_page, nodes, orders, plan
from tests.contract.routes import LISTS, NESTED, Route, make, name

ROWS = 200_000
OWN_SETTINGS = ("set_config", "SAVEPOINT")


def statements(member: Member, path: str, query: dict[str, Any]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert member.client.get(path, query).status_code == 200
    return [row["sql"] for row in captured.captured_queries if not row["sql"].startswith(OWN_SETTINGS)]


@pytest.mark.parametrize("route", LISTS, ids=name)
def test_a_list_costs_the_same_for_two_rows_and_for_fifty(route: Route, owner: Member) -> None:
    make(route, owner, 2)
    few = statements(owner, route.path, {})
    make(route, owner, 48)
    many = statements(owner, route.path, {})

    # The gate, the bounded count, the rows, and one for each declared prefetch.
    assert len(few) == len(many) <= 3 + len(route.view.queryset._prefetch_related_lookups)


@pytest.mark.parametrize("route", LISTS, ids=name)
def test_a_later_page_is_not_counted_again(route: Route, owner: Member) -> None:
    make(route, owner, 3)
    cursor = owner.client.get(route.path, {"limit": 1}).json()["meta"]["next"]

    assert not [sql for sql in statements(owner, route.path, {"limit": 1, "cursor": cursor}) if "COUNT(" in sql]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("route", "order"), [(route, order) for route in [*LISTS, *NESTED] for order in orders(route.view)]
)
def test_every_order_of_every_list_is_read_from_an_index(route: Route, order: str) -> None:
    found = plan(first_page(route.view, order))

    assert [node["Node Type"] for node in found if node["Node Type"] in ("Sort", "Seq Scan")] == []
    assert "Index Name" in found[-1]


@pytest.fixture(scope="module")
def big(django_db_setup: None, django_db_blocker: Any) -> Any:
    """200,000 customers of one organisation, 10,000 of them with one and the same time."""
    from apps.tenants.models import Organization

    with django_db_blocker.unblock():
        organization = Organization.objects.create(name="Big")
        with tenancy.tenant_scope(organization.pk), connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO customers_customer
                    (id, organization_id, email, name, status, metadata, created_at, updated_at)
                SELECT 'cust_' || lpad(n::text, 22, '0'), %s, n || '@example.com', 'Name ' || (n %% 1000),
                       (ARRAY['active', 'inactive'])[1 + n %% 2], '{}', ts, ts
                FROM (
                    SELECT n, timestamptz '2026-01-01' + (n / 10000) * n * interval '1 second' AS ts
                    FROM generate_series(1, %s) n
                ) rows
                """,
                [organization.pk, ROWS],
            )
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE customers_customer")
        yield organization
        with tenancy.tenant_scope(organization.pk):
            Customer.objects.all()._raw_delete(using="default")
            organization.delete()


def analyzed(sql: str, params: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        return list(nodes(cursor.fetchone()[0][0]["Plan"]))


@pytest.mark.django_db
@pytest.mark.parametrize("sort", ["created_at", "-created_at", "name", "-name", "email", "-status"])
@pytest.mark.parametrize("status", [None, "active"])
def test_a_page_at_90_percent_depth_is_read_from_an_index(sort: str, status: str | None, big: Any) -> None:
    from contract.filtering import SortKey
    from contract.keysets import Keyset

    field = sort.removeprefix("-")
    keyset = Keyset(Customer, [(SortKey(field), sort.startswith("-"))])
    with tenancy.tenant_scope(big.pk):
        rows = Customer.objects.all() if status is None else Customer.objects.filter(status=status)
        ordered = keyset.order(rows, False)
        deep = ordered[int(rows.count() * 0.9)]
        page = ordered.filter(keyset.beyond(keyset.values(deep), False))[:51]
        sql, params = page.query.sql_with_params()

        explained = analyzed(sql, params)

    types = {node["Node Type"] for node in explained}
    read = sum(
        node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0)
        for node in explained
        if "Scan" in node["Node Type"]
    )
    assert "Sort" not in types or field in ("name", "email", "status")
    assert "Seq Scan" not in types
    assert read <= 51 * 4, explained

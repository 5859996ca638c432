"""The tenant wall, from outside on every resource, and from inside down to raw SQL."""

import threading

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.customers.models import Customer
from apps.customers.tests.factories import CustomerFactory
from conftest import Member
from contract import tenancy
from contract.isolation import walls
from tests.contract.routes import DETAILS, LISTS, NESTED, WALLED, Route, make, model_of, name
from tests.specimens.models import Specimen

WALLED_DETAILS = [route for route in DETAILS if route.view.tenancy in ("tenant", "owner")]


def twin_id(identifier: object) -> str:
    """Another id of the same kind, which no row has."""
    text = str(identifier)
    return str(int(text) + 1_000_000) if text.isdigit() else text[:-4] + ("0000" if text[-4:] != "0000" else "1111")


@pytest.mark.parametrize("route", WALLED_DETAILS, ids=name)
def test_a_foreign_row_looks_like_a_missing_one(route: Route, owner: Member, outsider: Member) -> None:
    (foreign,) = make(route, outsider)
    with outsider.rows():
        foreign.refresh_from_db()
        before = route.view.serializer_class(foreign).data

    for method in route.methods:
        answers = [
            owner.client.generic(
                method, route.at(identifier), "{}", content_type="application/json", HTTP_X_REQUEST_ID="same"
            )
            for identifier in (foreign.pk, twin_id(foreign.pk))
        ]
        assert {answer.status_code for answer in answers} == {404}, method
        bodies = [{**answer.json(), "instance": ""} for answer in answers]
        assert bodies[0] == bodies[1]

    with outsider.rows():
        foreign.refresh_from_db()
        assert route.view.serializer_class(foreign).data == before


@pytest.mark.parametrize("route", WALLED, ids=name)
def test_a_list_holds_own_rows_only(route: Route, owner: Member, outsider: Member) -> None:
    own = make(route, owner, 2)
    make(route, outsider, 3)

    data = owner.client.get(route.path).json()["data"]

    assert {str(row["id"]) for row in data} == {str(row.pk) for row in own}


@pytest.mark.parametrize("route", WALLED, ids=name)
def test_a_foreign_cursor_is_refused(route: Route, owner: Member, outsider: Member) -> None:
    make(route, owner, 3)
    make(route, outsider, 3)
    cursor = outsider.client.get(route.path, {"limit": 1}).json()["meta"]["next"]

    assert owner.client.get(route.path, {"limit": 1, "cursor": cursor}).status_code == 400


def test_filtering_by_a_foreign_id_gives_an_empty_list(owner: Member, outsider: Member) -> None:
    cabinets = next(route for route in LISTS if route.path == "/api/v1/cabinets/")
    (foreign,) = make(cabinets, outsider)

    for parameter in ("filter[cabinet]", "cabinet"):
        assert owner.client.get("/api/v1/specimens/", {parameter: str(foreign.pk)}).json()["data"] == []


def test_a_foreign_reference_looks_like_a_missing_one(owner: Member, outsider: Member) -> None:
    cabinets = next(route for route in LISTS if route.path == "/api/v1/cabinets/")
    (foreign,) = make(cabinets, outsider)

    answers = [
        owner.client.post("/api/v1/specimens/", {"name": "x", "cabinet": str(i)})
        for i in (foreign.pk, twin_id(foreign.pk))
    ]

    assert {answer.status_code for answer in answers} == {400}
    assert {answer.json()["errors"][0]["pointer"] for answer in answers} == {"#/cabinet"}


def test_a_posted_organization_is_refused(owner: Member, outsider: Member) -> None:
    answer = owner.client.post(
        "/api/v1/customers/", {"email": "a@example.com", "organization": str(outsider.organization.pk)}
    )

    assert answer.status_code == 400


@pytest.mark.django_db
def test_a_query_without_a_tenant_raises() -> None:
    with pytest.raises(tenancy.TenantRequired):
        Customer.objects.count()
    with pytest.raises(tenancy.TenantRequired):
        Customer.objects.create(email="a@example.com")


def test_a_foreign_row_can_not_be_written(owner: Member, outsider: Member) -> None:
    with outsider.rows(), pytest.raises(tenancy.ForeignTenant):
        Customer.objects.create(email="a@example.com", organization=owner.organization)


def raw_count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers_customer")
        return int(cursor.fetchone()[0])


def test_raw_sql_sees_the_rows_of_the_scope(owner: Member, outsider: Member) -> None:
    for member, count in ((owner, 2), (outsider, 3)):
        with member.rows():
            CustomerFactory.create_batch(count)

    seen = [raw_count()]
    for member in (owner, outsider):
        with member.rows():
            seen.append(raw_count())
    with tenancy.system_scope("a test looks at everything"):
        seen.append(raw_count())

    assert [*seen, raw_count()] == [0, 2, 3, 5, 0]


@pytest.mark.django_db(transaction=True)
def test_a_rollback_does_not_bring_back_an_older_tenant(owner: Member, outsider: Member) -> None:
    for member, count in ((owner, 2), (outsider, 3)):
        with member.rows():
            CustomerFactory.create_batch(count)

    with owner.rows():
        raw_count()
    with pytest.raises(ZeroDivisionError), transaction.atomic(), outsider.rows():  # noqa: PT012
        raw_count()
        raise ZeroDivisionError
    with outsider.rows():
        seen = raw_count()

    assert (seen, raw_count()) == (3, 0)


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_follows_the_scope(owner: Member) -> None:
    with owner.rows():
        CustomerFactory.create_batch(2)
        connection.close()

        assert raw_count() == 2


@pytest.mark.django_db(transaction=True)
def test_threads_have_scopes_of_their_own(owner: Member, outsider: Member) -> None:
    with owner.rows():
        CustomerFactory.create_batch(2)
    seen = {}

    def look(member: Member) -> None:
        for _ in range(50):
            with member.rows():
                seen.setdefault(member.organization.slug, set()).add(raw_count())
        connection.close()

    threads = [threading.Thread(target=look, args=[member]) for member in (owner, outsider)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == {"acme": {2}, "globex": {0}}


@pytest.mark.django_db
def test_every_tenant_table_has_a_forced_policy() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        walled = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT tablename FROM pg_policies WHERE policyname = 'tenant_wall'")
        policies = {row[0] for row in cursor.fetchall()}

    assert {"customers_customer", Specimen._meta.db_table, "contract_idempotencyrecord"} <= walls().keys()
    assert walled == policies == walls().keys()


@pytest.mark.django_db
@pytest.mark.parametrize("table", walls())
def test_a_policy_reads_its_settings_once_for_a_statement(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN SELECT * FROM {table}")  # noqa: S608
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "InitPlan" in plan
    assert "current_setting" not in plan


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE customers_customer",
        "ALTER TABLE customers_customer DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant_wall ON customers_customer",
        "DROP TABLE customers_customer",
        "CREATE TABLE mine (id int)",
        "SET ROLE slipway_owner",
    ],
)
def test_the_runtime_role_can_not_lower_the_wall(statement: str) -> None:
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_the_runtime_role_is_plain() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")

        assert cursor.fetchone() == (False, False)


def test_no_tenant_is_left_behind_by_a_request(owner: Member) -> None:
    owner.client.get("/api/v1/customers/")

    assert tenancy.current() == tenancy.NOBODY
    assert raw_count() == 0


def test_a_related_row_is_reached_through_the_wall(owner: Member, outsider: Member) -> None:
    cabinets = next(route for route in LISTS if route.path == "/api/v1/cabinets/")
    (cabinet,) = make(cabinets, owner)
    with owner.rows():
        specimen = Specimen.objects.create(name="x", cabinet=cabinet)

    with outsider.rows():
        specimen = Specimen(pk=specimen.pk, cabinet_id=cabinet.pk)
        with pytest.raises(type(cabinet).DoesNotExist):
            specimen.cabinet  # noqa: B018


@pytest.mark.parametrize("route", NESTED, ids=name)
def test_a_list_below_a_foreign_parent_looks_like_one_below_a_missing_one(
    route: Route, owner: Member, outsider: Member
) -> None:
    field = route.view.parent_field
    parents = next(each for each in LISTS if model_of(each) is model_of(route)._meta.get_field(field).related_model)
    (own,), (foreign,) = make(parents, owner), make(parents, outsider)
    rows = make(route, owner, 2, **{field: own})
    make(route, owner)

    found = owner.client.get(route.at(own.pk))
    answers = [owner.client.get(route.at(each), HTTP_X_REQUEST_ID="same") for each in (foreign.pk, twin_id(foreign.pk))]

    assert {row["id"] for row in found.json()["data"]} == {str(row.pk) for row in rows}
    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.django_db(transaction=True)
def test_a_write_tells_the_database_its_scope_once(owner: Member) -> None:
    created = owner.client.post("/api/v1/customers/", {"email": "a@example.com"}).headers["Location"]

    with CaptureQueriesContext(connection) as captured:
        owner.client.patch(created, {"name": "Ada"}, HTTP_IDEMPOTENCY_KEY="k")
        follower = next(
            wrapper for wrapper in connection.execute_wrappers if isinstance(wrapper, tenancy.ScopeFollower)
        )

    assert follower.applied == tenancy.Scope(tenant=owner.organization.pk)
    assert len(captured) > 4

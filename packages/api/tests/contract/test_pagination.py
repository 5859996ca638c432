"""Every list, walked by its cursors: each row once, whatever ties, NULLs, inserts and deletes do."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from conftest import Member
from contract import totals
from tests.contract.routes import LISTS, Route, make, name, walk_pages
from tests.specimens.models import Specimen
from tests.specimens.tests.factories import SpecimenFactory
from tests.specimens.views import SpecimenViewSet

SPECIMENS = "/api/v1/specimens/"
SORTS = ["created_at", "-created_at", "name", "-weight", "weight,-name", "kind,weight", "-kind,name,-weight"]


def ids(pages: list[list[dict[str, Any]]]) -> list[str]:
    return [str(row["id"]) for page in pages for row in page]


@pytest.mark.parametrize("route", LISTS, ids=name)
@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_a_walk_returns_each_row_once_though_all_keys_are_equal(route: Route, limit: int, owner: Member) -> None:
    now = timezone.now()
    rows = make(route, owner, 7, created_at=now)

    for sort in (*route.view.sort_fields, *(f"-{field}" for field in route.view.sort_fields)):
        pages = walk_pages(owner.client, route.path, limit=limit, sort=sort)

        assert sorted(ids(pages)) == sorted(str(row.pk) for row in rows)
        assert all(len(page) == limit for page in pages[:-1])


@pytest.fixture
def collection(owner: Member) -> list[Specimen]:
    """Ties and NULLs in every sort field."""
    with owner.rows():
        return [
            SpecimenFactory(
                name="abc"[number % 3], weight=[None, 0, -1, 5][number % 4], kind=["fossil", "mineral"][number // 6]
            )
            for number in range(12)
        ]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_a_walk_through_ties_and_nulls_is_in_order(
    sort: str, limit: int, owner: Member, collection: list[Specimen]
) -> None:
    walked = ids(walk_pages(owner.client, SPECIMENS, limit=limit, sort=sort))

    assert walked == ids(walk_pages(owner.client, SPECIMENS, limit=200, sort=sort))
    assert sorted(walked) == sorted(row.pk for row in collection)


def test_null_sorts_as_what_the_declaration_says(owner: Member, collection: list[Specimen]) -> None:
    rows = owner.client.get(SPECIMENS, {"sort": "weight"}).json()["data"]

    weights = [-1 if row["weight"] is None else row["weight"] for row in rows]
    assert weights == sorted(weights)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sort=st.sampled_from(SORTS), limit=st.integers(1, 6), steps=st.integers(1, 12), back=st.integers(1, 12))
def test_prev_undoes_next(sort: str, limit: int, steps: int, back: int, owner: Member, collection: Any) -> None:
    def page(cursor: str | None) -> dict[str, Any]:
        return owner.client.get(
            SPECIMENS, {"sort": sort, "limit": limit, **({"cursor": cursor} if cursor else {})}
        ).json()

    trail = [page(None)]
    while len(trail) <= steps and trail[-1]["meta"]["next"]:
        trail.append(page(trail[-1]["meta"]["next"]))
    here = trail.pop()
    for expected in list(reversed(trail))[:back]:
        here = page(here["meta"]["prev"])
        note(f"{sort} {limit}")

        assert here["data"] == expected["data"]
        assert (here["meta"]["prev"] is None) == (expected["meta"]["prev"] is None)
        assert page(here["meta"]["next"])["data"]


@pytest.mark.parametrize("route", LISTS, ids=name)
def test_rows_that_stay_are_seen_once_though_others_come_and_go(route: Route, owner: Member) -> None:
    first = timezone.now() - timedelta(hours=1)
    rows = [make(route, owner, created_at=first + timedelta(minutes=number))[0] for number in range(8)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for step in range(20):
        answer = owner.client.get(route.path, {"sort": "created_at", "limit": 2, **cursor}).json()
        seen += [str(row["id"]) for row in answer["data"]]
        make(route, owner, created_at=first - timedelta(minutes=step + 1))
        if step < 2:
            with owner.rows():
                rows[step * 2 + 1].delete()
        if answer["meta"]["next"] is None:
            break
        cursor = {"cursor": answer["meta"]["next"]}

    assert seen == [str(row.pk or seen[index]) for index, row in enumerate(rows)]


@pytest.mark.parametrize("route", LISTS, ids=name)
def test_the_envelope_and_its_links(route: Route, owner: Member) -> None:
    make(route, owner, 3)

    answer = owner.client.get(route.path, {"limit": 2})
    body = answer.json()

    assert set(body) == {"data", "meta"}
    assert set(body["meta"]) == ({"next", "prev", "total"} if route.view.counted else {"next", "prev"})
    assert body["meta"]["prev"] is None
    assert f"cursor={body['meta']['next']}" in answer.headers["Link"].replace("%3D", "=")
    assert 'rel="next"' in answer.headers["Link"]
    url = answer.headers["Link"].split(">")[0].removeprefix("<http://testserver")
    followed = owner.client.get(url)
    assert len(followed.json()["data"]) == 1
    assert 'rel="prev"' in followed.headers["Link"]


@pytest.mark.parametrize("route", LISTS, ids=name)
@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "", "1e3", "\u0661", "0" * 50])
def test_refuses_a_limit_that_is_no_positive_number(route: Route, limit: str, owner: Member) -> None:
    answer = owner.client.get(route.path, {"limit": limit})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "limit"


def test_coerces_a_limit_above_the_maximum(owner: Member) -> None:
    with owner.rows():
        SpecimenFactory.create_batch(205)

    for limit in ("201", "999999999999999999999"):
        assert len(owner.client.get(SPECIMENS, {"limit": limit}).json()["data"]) == 200
    assert len(owner.client.get(SPECIMENS).json()["data"]) == 50


@pytest.mark.parametrize("zeros", [1, 10, 5000])
def test_a_limit_may_begin_with_zeros(zeros: int, owner: Member, collection: list[Specimen]) -> None:
    page = owner.client.get(SPECIMENS, {"limit": "0" * zeros + "5"}).json()

    assert len(page["data"]) == 5
    assert page["meta"]["next"]


def test_honours_a_changed_limit(owner: Member, collection: list[Specimen]) -> None:
    cursor = owner.client.get(SPECIMENS, {"limit": 2}).json()["meta"]["next"]

    assert len(owner.client.get(SPECIMENS, {"limit": 7, "cursor": cursor}).json()["data"]) == 7


@pytest.mark.parametrize("route", LISTS, ids=name)
@pytest.mark.parametrize("cursor", ["eyJvZmZzZXQiOjEwMH0=", "x", "a.b.c", "\u00fc", "%00", "A" * 5000, "..", ":::"])
def test_refuses_a_foreign_cursor(route: Route, cursor: str, owner: Member) -> None:
    answer = owner.client.get(route.path, {"cursor": cursor})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize("route", LISTS, ids=name)
def test_refuses_a_tampered_cursor_at_every_character(route: Route, owner: Member) -> None:
    make(route, owner, 2)
    cursor = owner.client.get(route.path, {"limit": 1}).json()["meta"]["next"]

    for index in range(0, len(cursor), 7):
        other = "A" if cursor[index] != "A" else "B"
        answer = owner.client.get(route.path, {"limit": 1, "cursor": cursor[:index] + other + cursor[index + 1 :]})
        # The last character of base64 can hold unused bits.
        assert answer.status_code == 400 or index == len(cursor) - 1, index


@pytest.mark.parametrize(
    "other",
    [{"sort": "name"}, {"filter[kind]": "fossil"}, {"q": "abc"}, {"cabinet": "0198a5a4-0000-7000-8000-000000000000"}],
)
def test_refuses_a_cursor_with_another_query(other: dict[str, str], owner: Member, collection: Any) -> None:
    cursor = owner.client.get(SPECIMENS, {"limit": 1}).json()["meta"]["next"]

    assert owner.client.get(SPECIMENS, {"limit": 1, "cursor": cursor, **other}).status_code == 400


def test_refuses_a_cursor_of_another_list(owner: Member, collection: list[Specimen]) -> None:
    cursor = owner.client.get(SPECIMENS, {"limit": 1}).json()["meta"]["next"]

    assert owner.client.get("/api/v1/cabinets/", {"limit": 1, "cursor": cursor}).status_code == 400


@pytest.mark.parametrize(("days", "status"), [(6.9, 200), (7.1, 400)])
def test_a_cursor_lives_for_seven_days(days: float, status: int, owner: Member, collection: Any) -> None:
    client = owner.key_client("specimens:read")
    cursor = client.get(SPECIMENS, {"limit": 1}).json()["meta"]["next"]

    with time_machine.travel(timezone.now() + timedelta(days=days)):
        assert client.get(SPECIMENS, {"limit": 1, "cursor": cursor}).status_code == status


def test_a_cursor_survives_a_rotated_secret(owner: Member, collection: list[Specimen], settings: Any) -> None:
    cursor = owner.client.get(SPECIMENS, {"limit": 1}).json()["meta"]["next"]

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "n" * 50

    assert owner.client.get(SPECIMENS, {"limit": 1, "cursor": cursor}).status_code == 200


def test_the_total_is_exact_up_to_its_bound(owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "COUNTED_UP_TO", 5)
    with owner.rows():
        SpecimenFactory.create_batch(5)
    exact = owner.client.get(SPECIMENS).json()["meta"]
    with owner.rows():
        SpecimenFactory.create_batch(2)
    bounded = owner.client.get(SPECIMENS).json()["meta"]

    assert exact["total"] == 5
    assert "total_at_least" not in exact
    assert (bounded["total"], bounded["total_at_least"]) == (None, 5)


def test_a_list_far_beyond_the_bound_is_not_counted_again_for_a_minute(
    owner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totals, "COUNTED_UP_TO", 2)
    monkeypatch.setattr(totals, "MANY", 4)
    client = owner.key_client("specimens:read")
    with owner.rows():
        SpecimenFactory.create_batch(3)

    def counts() -> bool:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(SPECIMENS).json()["meta"]["total_at_least"] == 2
        return any("COUNT(" in row["sql"] for row in captured.captured_queries)

    near = [counts(), counts()]
    with owner.rows():
        SpecimenFactory()
    far = [counts(), counts(), counts()]
    with time_machine.travel(timezone.now() + timedelta(seconds=totals.MANY_FOR_SECONDS + 1)):
        later = counts()

    assert (near, far, later) == ([True, True], [True, False, False], True)


def test_the_total_is_counted_once_and_travels(owner: Member, collection: Any, django_assert_num_queries: Any) -> None:
    first = owner.client.get(SPECIMENS, {"limit": 2}).json()["meta"]
    with owner.rows():
        SpecimenFactory()

    second = owner.client.get(SPECIMENS, {"limit": 2, "cursor": first["next"]}).json()["meta"]

    assert first["total"] == second["total"] == 12


def test_the_documents_request_works_verbatim(owner: Member) -> None:
    customers = next(route for route in LISTS if route.path == "/api/v1/customers/")
    make(customers, owner, 2)

    answer = owner.client.get("/api/v1/customers?filter[status]=active&sort=-created_at")
    refused = owner.client.get("/api/v1/customers?cursor=eyJvZmZzZXQiOjEwMH0=&filter[status]=active&sort=-created_at")

    assert {"id", "email", "status"} <= set(answer.json()["data"][0])
    assert answer.json()["meta"] == {"next": None, "prev": None, "total": 2}
    assert refused.status_code == 400


def test_two_resources_over_one_model_are_told_apart(owner: Member, rf: Any) -> None:
    class Others(SpecimenViewSet):
        """The same rows under another address."""

    bindings = set()
    for view in (SpecimenViewSet(kwargs={}), Others(kwargs={})):
        view.action_map = {}
        with owner.rows():
            bindings.add(view.binding(view.initialize_request(rf.get(SPECIMENS))))

    assert len(bindings) == 2

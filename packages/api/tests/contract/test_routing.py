"""One URL tree behind slash forms and aliases; verbs, tags and conditions on every resource."""

import dataclasses

import pytest

from conftest import Member
from contract.routing import canonical
from tests.contract.routes import CREATABLE, DETAILS, LISTS, Route, all_routes, body, create, make, name

EDITABLE = [route for route in DETAILS if "PATCH" in route.methods]


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("/api/v1/customers", "/api/v1/customers/"),
        ("/api/customers", "/api/v1/customers/"),
        ("/api/customers/", "/api/v1/customers/"),
        ("/api/v2/customers", "/api/v2/customers/"),
        ("/api/v1/schema", "/api/schema/"),
        ("/api/schema", "/api/schema/"),
        ("/api/docs/swagger", "/api/docs/swagger/"),
        ("/admin/users", "/admin/v1/users/"),
        ("/admin/v1/users/", "/admin/v1/users/"),
    ],
)
def test_rewrites(asked: str, served: str) -> None:
    assert canonical(asked) == served


@pytest.mark.parametrize("route", LISTS, ids=name)
def test_all_forms_answer_alike(route: Route, owner: Member) -> None:
    make(route, owner, 2)
    short = route.path.replace("/v1", "")

    answers = [owner.client.get(path) for path in (route.path, route.path[:-1], short, short[:-1])]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("route", CREATABLE, ids=name)
def test_create_read_delete(route: Route, owner: Member) -> None:
    alias = dataclasses.replace(route, path=route.path.replace("/v1", "")[:-1])
    created = create(owner.client, alias, body(route, owner))

    assert created.status_code == 201, created.content
    location = created.headers["Location"]
    assert location.startswith("/api/v1/")
    read = owner.client.get(location)
    assert read.json() == created.json()
    assert read.headers["ETag"] == created.headers["ETag"]
    assert owner.client.delete(location).status_code == 204
    assert owner.client.get(location).status_code == 404
    assert owner.client.delete(location).status_code == 404


@pytest.mark.parametrize("route", EDITABLE, ids=name)
def test_a_stale_if_match_changes_nothing(route: Route, owner: Member) -> None:
    (row,) = make(route, owner)
    path = route.at(row.pk)
    tag = owner.client.get(path).headers["ETag"]

    for method in ("PATCH", "DELETE"):
        stale = owner.client.generic(method, path, "{}", content_type="application/json", HTTP_IF_MATCH='"stale"')
        assert stale.status_code == 412
        assert stale.json()["code"] == "precondition-failed"
    assert owner.client.patch(path, {}, HTTP_IF_MATCH=f'"other", {tag}').status_code == 200
    assert owner.client.patch(path, {}, HTTP_IF_MATCH="*").status_code == 200


@pytest.mark.parametrize("route", DETAILS, ids=name)
def test_an_unchanged_resource_is_not_sent_again(route: Route, owner: Member) -> None:
    (row,) = make(route, owner)
    path = route.at(row.pk)
    tag = owner.client.get(path).headers["ETag"]

    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        unchanged = owner.client.get(path, HTTP_IF_NONE_MATCH=header)
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["ETag"] == tag
    assert owner.client.get(path, HTTP_IF_NONE_MATCH='"other"').status_code == 200


def test_the_order_of_metadata_makes_no_other_state(owner: Member) -> None:
    metadata = {"size": 1, "b": 2, "\u00e9t": 3, "a": 4}
    created = owner.client.post("/api/v1/customers/", {"email": "a@example.com", "metadata": metadata})
    path = created.headers["Location"]
    read = owner.client.get(path)
    changed = owner.client.patch(path, {"metadata": dict(reversed(metadata.items()))})

    assert (created.headers["ETag"], created.content) == (read.headers["ETag"], read.content)
    assert changed.headers["ETag"] == owner.client.get(path).headers["ETag"]
    assert owner.client.delete(path, HTTP_IF_MATCH=changed.headers["ETag"]).status_code == 204


MALFORMED = ["", "9d2f0b7c41aa53e6", '"a', '"a" "b"', '"a", b', '*, "a"', ",", "'a'", f'"{"a" * 999}"']


@pytest.mark.parametrize("header", MALFORMED)
def test_a_malformed_precondition_is_refused_and_changes_nothing(header: str, owner: Member) -> None:
    created = owner.client.post("/api/v1/specimens/", {"name": "x"})
    path = created.headers["Location"]

    answers = [
        owner.client.get(path, HTTP_IF_NONE_MATCH=header),
        owner.client.patch(path, {"name": "y"}, HTTP_IF_MATCH=header),
        owner.client.delete(path, HTTP_IF_MATCH=header),
        owner.client.post(f"{path}weigh/", {"weight": 1}, HTTP_IDEMPOTENCY_KEY="a", HTTP_IF_MATCH=header),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(400, "malformed-precondition")}
    assert owner.client.get(path).json() == created.json()


@pytest.mark.parametrize("form", ["{}", " {} ", '"other",{}', '"other" , {}', ', {},,"other",', 'W/"other", {}'])
def test_a_list_of_entity_tags_has_many_forms(form: str, owner: Member) -> None:
    created = owner.client.post("/api/v1/specimens/", {"name": "x"})
    header = form.format(created.headers["ETag"])

    assert owner.client.get(created.headers["Location"], HTTP_IF_NONE_MATCH=header).status_code == 304
    assert owner.client.patch(created.headers["Location"], {}, HTTP_IF_MATCH=header).status_code == 200


@pytest.mark.parametrize("route", all_routes(), ids=name)
def test_options_lists_the_methods_and_nothing_else(route: Route, owner: Member) -> None:
    answer = owner.client.options(route.at())

    assert answer.status_code == 204
    assert answer.content == b""
    assert set(answer.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == route.methods


@pytest.mark.parametrize("route", LISTS, ids=name)
def test_head_is_get_without_a_body(route: Route, owner: Member) -> None:
    answer = owner.client.head(route.path)

    assert answer.status_code == 200
    assert answer.content == b""


@pytest.mark.parametrize("route", [route for route in DETAILS if route.view.tenancy == "tenant"], ids=name)
@pytest.mark.parametrize(
    "identifier", ["x", "%00", "..", "cust_", "cust_" + "0" * 21, "1" * 400, "%F0%9F%92%A9", "1e5", "-1"]
)
def test_an_id_of_the_wrong_form_is_missing(route: Route, identifier: str, owner: Member) -> None:
    assert owner.client.get(route.at(identifier)).status_code == 404


def test_a_change_moves_updated_at_and_the_tag(owner: Member) -> None:
    created = owner.client.post("/api/v1/customers", {"email": "a@example.com", "metadata": {"a": 1}})

    changed = owner.client.patch(created.headers["Location"], {"name": "New"})

    assert changed.json()["metadata"] == {"a": 1}
    assert changed.json()["updated_at"] > created.json()["updated_at"]
    assert changed.headers["ETag"] != created.headers["ETag"]


def test_a_command_honours_if_match(owner: Member) -> None:
    created = owner.client.post("/api/v1/specimens/", {"name": "x"})
    path = f"{created.headers['Location']}weigh/"

    stale = owner.client.post(path, {"weight": 1}, HTTP_IDEMPOTENCY_KEY="a", HTTP_IF_MATCH='"stale"')
    fresh = owner.client.post(path, {"weight": 1}, HTTP_IDEMPOTENCY_KEY="b", HTTP_IF_MATCH=created.headers["ETag"])

    assert (stale.status_code, fresh.status_code) == (412, 201)


def test_a_row_that_others_refer_to_is_not_deleted(owner: Member) -> None:
    cabinet = owner.client.post("/api/v1/cabinets/", {"name": "x"})
    owner.client.post("/api/v1/specimens/", {"name": "x", "cabinet": cabinet.json()["id"]})

    answer = owner.client.delete(cabinet.headers["Location"])

    assert (answer.status_code, answer.json()["code"]) == (409, "in-use")


def test_another_spelling_of_a_filter_value_is_declared(owner: Member) -> None:
    owner.client.post("/api/v1/specimens/", {"name": "x", "kind": "mineral"})

    assert owner.client.get("/api/v1/specimens/?filter[kind]=stone").json()["meta"]["total"] == 1
    assert owner.client.get("/api/v1/specimens/?filter[kind.in]=stone,fossil").json()["meta"]["total"] == 1

"""Every 4xx and 5xx is a problem document that says what to do, and nothing about our insides."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.core.validators import RegexValidator
from django.db import OperationalError
from rest_framework.test import APIClient

from conftest import Member
from contract.parsing import MAX_DEPTH
from contract.problems import Problem
from tests.contract.routes import CREATABLE, Route, body, create, input_fields, name
from tests.specimens.models import Specimen

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
CUSTOMERS = "/api/v1/customers/"


def assert_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert set(document) >= MEMBERS
    assert document["status"] == status
    assert document["type"].endswith(f"/problems/{document['code']}")
    assert document["request_id"] == answer.headers["X-Request-ID"]
    assert document["detail"].endswith((".", ")"))
    return document  # type: ignore[no-any-return]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["/api/", "/api/v1/", "/api/v1/nothing", "/api/v2/customers", "/admin/v1/x", "/nothing", "/api/v1/customers/a/b"],
)
def test_an_unknown_url(path: str, anonymous: APIClient) -> None:
    assert_problem(anonymous.get(path), 404)


@pytest.mark.django_db
def test_a_bad_host(anonymous: APIClient) -> None:
    assert_problem(anonymous.get(CUSTOMERS, HTTP_HOST="evil.example"), 400)
    assert_problem(anonymous.get(CUSTOMERS, HTTP_HOST="bad host\r\n"), 400)


def test_a_method_that_is_not_served(owner: Member) -> None:
    answer = owner.client.put(CUSTOMERS, {})

    assert_problem(answer, 405)
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    assert_problem(owner.client.generic("BREW", CUSTOMERS), 405)
    for _ in range(2):
        assert_problem(owner.client.put(f"{CUSTOMERS}?x=1", {}, HTTP_IDEMPOTENCY_KEY=""), 405)
    assert_problem(owner.client.generic("TRACE", CUSTOMERS), 405)


@pytest.mark.parametrize("route", CREATABLE, ids=name)
@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"NaN",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\u0000", "text": "\\u0000", "email": "\\u0000"}',
        b'{"name": "a", "name": "b"}',
        b'{"unknown": 1}',
        b'{"\\u0000": 1}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"name": ' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}",
        b'\xef\xbb\xbf{"name": "bom"}',
        '{"name": "x"}'.encode("utf-16"),
    ],
    ids=lambda raw: raw[:24].decode("ascii", "replace"),
)
def test_a_malformed_body_writes_nothing(route: Route, raw: bytes, owner: Member) -> None:
    answer = owner.client.generic("POST", route.path, raw, "application/json", HTTP_IDEMPOTENCY_KEY="k")

    assert_problem(answer, 400)
    assert owner.client.get(route.path).json()["data"] == []


@pytest.mark.parametrize("route", CREATABLE, ids=name)
def test_a_body_that_is_no_json_is_not_taken_for_an_empty_one(route: Route, owner: Member) -> None:
    answer = owner.client.generic("POST", route.path, b"{", "application/json", HTTP_IDEMPOTENCY_KEY="k")

    assert assert_problem(answer, 400)["code"] == "malformed-request"


@pytest.mark.parametrize("route", CREATABLE, ids=name)
def test_a_wrong_type_names_the_field(route: Route, owner: Member) -> None:
    good = body(route, owner)

    for field in input_fields(route):
        for wrong in ([], {"a": [1]}, 12345678901234567890, True):
            document = create(owner.client, route, {**good, field: wrong})
            if document.status_code == 201:
                continue
            pointers = [error["pointer"] for error in assert_problem(document, 400)["errors"]]
            assert all(pointer.startswith(f"#/{field}") for pointer in pointers)


@pytest.mark.parametrize("route", CREATABLE, ids=name)
def test_all_faults_are_named_at_once(route: Route, owner: Member) -> None:
    required = [each for each, field in input_fields(route).items() if field.required]

    document = assert_problem(create(owner.client, route, {"unknown/~field": 1}), 400)

    assert {error["pointer"] for error in document["errors"]} == {
        "#/unknown~1~0field",
        *(f"#/{each}" for each in required),
    }


@pytest.mark.parametrize("route", CREATABLE, ids=name)
def test_no_value_with_a_pattern_ends_in_a_newline(route: Route, owner: Member) -> None:
    patterned = [
        each
        for each, field in input_fields(route).items()
        if any(isinstance(validator, RegexValidator) for validator in field.validators)
    ]

    for field in patterned:
        good = body(route, owner)
        answer = create(owner.client, route, {**good, field: f"{good[field]}\n"})
        # An e-mail address is trimmed, everything else is taken at its word.
        assert answer.status_code == 400 or answer.json()[field] == good[field]


def test_no_pattern_lets_a_newline_stand_behind_it() -> None:
    """In Python `$` also matches before a newline at the end; `\\Z` does not."""
    fields = [field for model in apps.get_models() for field in model._meta.concrete_fields]
    patterns = {v.regex.pattern for field in fields for v in field.validators if isinstance(v, RegexValidator)}

    assert len(patterns) > 1
    assert not [pattern for pattern in patterns if pattern.endswith("$")]


def test_what_was_read_can_be_put_back(owner: Member) -> None:
    created = owner.client.post("/api/v1/specimens/", {"name": "x"})

    answer = owner.client.put(created.headers["Location"], created.json())

    assert (answer.status_code, answer.json()) == (200, created.json())


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_media_type_that_is_not_json(content_type: str, owner: Member) -> None:
    assert_problem(owner.client.generic("POST", CUSTOMERS, "email=a", content_type=content_type), 415)


def test_a_thousand_parameters(owner: Member) -> None:
    assert_problem(owner.client.get(f"{CUSTOMERS}?{'a&' * 1001}"), 400)


def test_a_body_over_the_limit(owner: Member) -> None:
    big = json.dumps({"email": "a@example.com", "name": "x" * 1_048_576})

    document = assert_problem(owner.client.generic("POST", CUSTOMERS, big, content_type="application/json"), 413)

    assert document["limit"] == 1_048_576


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", "*/*;q=0"])
def test_an_accept_header_changes_nothing(accept: str, owner: Member, anonymous: APIClient) -> None:
    assert owner.client.get(CUSTOMERS, HTTP_ACCEPT=accept).status_code == 200
    assert_problem(anonymous.get(CUSTOMERS, HTTP_ACCEPT=accept), 401)


def test_a_crash_tells_nothing_and_leaves_nothing(owner: Member) -> None:
    owner.client.raise_request_exception = False

    answer = owner.client.post("/api/v1/specimens/crash/")

    document = assert_problem(answer, 500)
    assert "secret" not in str(document)
    with owner.rows():
        assert not Specimen.objects.exists()


def test_a_lost_database_is_a_503_with_retry_after(owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    owner.client.raise_request_exception = False

    def lost(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("could not connect to server: password=hunter2")

    monkeypatch.setattr("tests.specimens.views.SpecimenViewSet.rows", lost)
    answer = owner.client.get("/api/v1/specimens/")

    assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) >= 1
    assert b"hunter2" not in answer.content


def test_the_type_of_a_problem_is_a_page(anonymous: APIClient, db: None) -> None:
    for answer in (anonymous.get(CUSTOMERS), anonymous.get("/api/nothing"), anonymous.get(CUSTOMERS, HTTP_HOST="x.y")):
        document = answer.json()

        page = anonymous.get(urlsplit(document["type"]).path).json()

        assert (page["code"], page["title"], page["status"]) == tuple(document[n] for n in ("code", "title", "status"))
    assert anonymous.get("/problems/no-such-code").status_code == 404


def test_no_two_kinds_of_problem_share_a_code() -> None:
    def kinds(base: type[Problem]) -> list[type[Problem]]:
        return [base, *(each for kind in base.__subclasses__() for each in kinds(kind))]

    codes = [kind.code for kind in kinds(Problem) if "code" in vars(kind)]

    assert len(codes) == len(set(codes))


def test_a_taken_value_names_its_field(owner: Member) -> None:
    owner.client.post(CUSTOMERS, {"email": "Ada@example.com"})

    document = assert_problem(owner.client.post(CUSTOMERS, {"email": "ada@example.com"}), 400)

    assert document["errors"] == [
        {
            "pointer": "#/email",
            "code": "unique",
            "detail": "Another customer has this e-mail address; archive that one first.",
        }
    ]

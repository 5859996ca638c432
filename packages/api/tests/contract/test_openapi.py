"""The published contract is the code's, and complete. Its truth is judged by tools from outside."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from rest_framework.exceptions import ValidationError
from rest_framework.test import APIClient

from config import domains
from contract import cursors
from contract.openapi import components
from contract.openapi.urls import urlpatterns as docs
from contract.openapi.views import RedocView, SwaggerView, rendered
from contract.serializers import MetadataField
from tests.contract.routes import Route, walk

API = Path(__file__).resolve().parents[2]
COMMITTED = API.parents[1] / "docs/openapi/api.json"
DOCUMENT: dict[str, Any] = json.loads(COMMITTED.read_text())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
LIMIT_HEADERS = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit", "RateLimit-Policy"}
ALWAYS = {"400", "401", "403", "429", "500", "503"}
operations = pytest.mark.parametrize("name", OPERATIONS)


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """The component behind a reference."""
    if "$ref" not in node:
        return node
    kind, name = node["$ref"].removeprefix("#/components/").split("/")
    return DOCUMENT["components"][kind][name]  # type: ignore[no-any-return]


def manage(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The service's own settings, without the test's domain."""
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment = {**kept, "PUBLIC_URL": "https://api.slipway.invalid", **environment}
    return subprocess.run(
        [sys.executable, "manage.py", *command], cwd=API, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="session")
def published() -> list[Route]:
    """The routes of the published domains."""
    own = [each for each in domains.DOMAINS if not each.startswith("tests.")]
    return [
        route
        for route in walk(get_resolver())
        if route.path.startswith("/api/v1/") and route.view.__module__.startswith(tuple(own))
    ]


@pytest.fixture
def reader(settings: Any) -> Any:
    """A client of a service whose docs are mounted."""
    patterns = [*get_resolver().url_patterns, *docs]
    settings.ROOT_URLCONF = type("urls", (), {"urlpatterns": patterns, "handler404": "contract.problems.not_found"})
    rendered.cache_clear()
    return APIClient()


def test_the_committed_schema_is_what_the_code_says(tmp_path: Path) -> None:
    file = tmp_path / "api.json"

    made = manage("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", "--file", str(file))

    assert made.returncode == 0, made.stderr
    assert "arning" not in made.stderr
    assert file.read_text() == COMMITTED.read_text(), "Run `make openapi`, read the difference, and commit it."


def test_it_is_openapi_3_0() -> None:
    assert DOCUMENT["openapi"].startswith("3.0.")
    assert {"title", "version"} <= DOCUMENT["info"].keys()


def test_every_route_is_described_and_nothing_else(published: list[Route]) -> None:
    served = {f"{method} {route.path}" for route in published for method in route.methods}

    assert served == set(OPERATIONS)


@operations
def test_an_operation_has_an_id_a_sentence_and_a_described_tag(name: str) -> None:
    described = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    operation = OPERATIONS[name]

    assert operation["operationId"]
    assert operation["summary"]
    assert operation["description"]
    assert len(operation["tags"]) == 1
    assert operation["tags"][0] in described


def test_operation_ids_are_unique() -> None:
    assert len({operation["operationId"] for operation in OPERATIONS.values()}) == len(OPERATIONS)


@operations
def test_an_operation_shows_an_example_of_each_body(name: str) -> None:
    operation = OPERATIONS[name]
    bodies = [operation.get("requestBody", {}), *map(resolved, operation["responses"].values())]

    for body in bodies:
        for media in body.get("content", {}).values():
            assert "example" in media or "examples" in media


@operations
def test_an_operation_lists_the_refusals_it_can_give(name: str) -> None:
    method, path = name.split(" ")
    statuses = set(OPERATIONS[name]["responses"])
    parameters = {resolved(each)["name"] for each in OPERATIONS[name].get("parameters", [])}

    assert statuses >= ALWAYS
    assert "404" in statuses or "{" not in path
    assert "412" in statuses or "If-Match" not in parameters
    assert "422" in statuses or "Idempotency-Key" not in parameters
    assert statuses >= {"413", "415"} or method not in ("POST", "PUT", "PATCH")
    assert "409" in statuses or method == "GET"


@operations
def test_every_answer_carries_the_limits_and_the_request_id(name: str) -> None:
    for status, answer in OPERATIONS[name]["responses"].items():
        headers = set(resolved(answer)["headers"])

        assert headers >= LIMIT_HEADERS | {"X-Request-ID"}
        assert "Retry-After" in headers or status != "429"
        assert "WWW-Authenticate" in headers or status != "401"


@operations
def test_a_refusal_is_a_problem_document(name: str) -> None:
    for status, answer in OPERATIONS[name]["responses"].items():
        # The server in front answers 414 itself.
        if status >= "400" and status != "414":
            assert list(resolved(answer)["content"]) == ["application/problem+json"]


def test_a_list_documents_its_allowlists() -> None:
    parameters = {each["name"]: each for each in map(resolved, OPERATIONS["GET /api/v1/customers/"]["parameters"])}

    assert {"cursor", "limit", "sort", "filter[status]", "filter[status.in]", "X-Organization"} <= parameters.keys()
    assert parameters["filter[status]"]["schema"]["enum"] == ["active", "inactive", "archived"]
    assert "`name`" in parameters["sort"]["description"]
    order = re.compile(parameters["sort"]["schema"]["pattern"])
    assert all(order.search(good) for good in ("name", "-created_at", "name,-email,status"))
    assert not any(order.search(bad) for bad in ("", "phone", "name,name", "name,-name", "name,", "name email"))


def test_metadata_keeps_the_numbers_that_the_schema_admits_and_no_others() -> None:
    schema = DOCUMENT["components"]["schemas"]["CustomerRequest"]["properties"]["metadata"]
    scalars = schema["allOf"][0]["additionalProperties"]["anyOf"]
    (number,) = [each for each in scalars if each["type"] == "number"]
    field = MetadataField()

    assert field.run_validation({"least": number["minimum"], "most": number["maximum"]})
    for beyond in (number["minimum"] - 1, number["maximum"] + 1, 1e30):
        with pytest.raises(ValidationError):
            field.run_validation({"beyond": beyond})


@pytest.mark.parametrize("enabled", [True, False])
def test_the_docs_are_mounted_only_where_they_are_wanted(enabled: bool) -> None:
    program = "from django.urls import reverse; print(reverse('schema'), reverse('redoc'), reverse('swagger'))"

    answer = manage("shell", "--verbosity", "0", "--command", program, API_DOCS_ENABLED=str(enabled).lower())

    if enabled:
        assert answer.stdout.split() == ["/api/schema/", "/api/docs/", "/api/docs/swagger/"]
    else:
        assert NoReverseMatch.__name__ in answer.stderr


def test_the_schema_comes_as_json_and_as_yaml(reader: APIClient) -> None:
    plain = reader.get("/api/schema/")
    asked = reader.get("/api/schema/?format=yaml")
    accepted = reader.get("/api/schema/", HTTP_ACCEPT="application/vnd.oai.openapi")

    assert plain.json()["paths"]
    assert plain.headers["Content-Type"] == "application/vnd.oai.openapi+json"
    assert asked.content.startswith(b"openapi: 3.0")
    assert accepted.content == asked.content


@pytest.mark.parametrize("query", ["?format=xml", "?format=", "?version=1"])
def test_another_query_is_a_problem(reader: APIClient, query: str) -> None:
    answer = reader.get(f"/api/schema/{query}")

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("name", ["schema", "redoc", "swagger"])
def test_the_docs_are_read_only(reader: APIClient, name: str) -> None:
    answer = reader.post(reverse(name))

    assert (answer.status_code, answer.headers["Content-Type"]) == (405, "application/problem+json")


@pytest.mark.parametrize("name", ["redoc", "swagger"])
def test_a_page_names_no_other_host(reader: APIClient, name: str) -> None:
    page = reader.get(reverse(name)).content.decode()

    assert page.startswith("<!DOCTYPE html>")
    assert "//" not in page
    assert re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(asset.startswith("/static/") for asset in re.findall(r'(?:src|href)="([^"]*)"', page))


@pytest.mark.parametrize("name", ["redoc", "swagger"])
def test_a_page_runs_only_the_scripts_that_it_names(reader: APIClient, name: str) -> None:
    first, second = (reader.get(reverse(name)) for _ in range(2))
    policy = first.headers["Content-Security-Policy"]
    (nonce,) = set(re.findall(r'nonce="([^"]+)"', first.content.decode()))

    assert f"script-src 'nonce-{nonce}';" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert nonce not in second.headers["Content-Security-Policy"]


def test_the_page_knows_where_the_assets_are() -> None:
    for path in {*RedocView.assets.values(), *SwaggerView.assets.values()}:
        assert finders.find(f"drf_spectacular_sidecar/{path}")


def test_all_features_of_a_declaration_can_be_described() -> None:
    """The test's own domain has them all."""
    with GENERATOR_STATS.silence():
        document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]

    validate_schema(document)
    assert "/api/v1/specimens/{id}/weigh/" in document["paths"]
    assert not GENERATOR_STATS._warn_cache


def test_the_docs_describe_themselves_nowhere() -> None:
    assert not any(isinstance(pattern, URLResolver) for pattern in docs)
    assert not any(path.startswith(("/api/docs", "/api/schema")) for path in DOCUMENT["paths"])


def test_a_cursor_is_what_the_schema_says_it_is() -> None:
    cursor = cursors.encode(cursors.Cursor((1,), False, None), cursors.binding("customers"))

    assert re.fullmatch(components.CURSOR["pattern"], cursor)
    assert re.fullmatch(components.CURSOR["pattern"], components.CURSOR["example"])

"""What customers were promised, from outside."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from conftest import Client, World

CUSTOMERS = "/api/v1/customers"


@pytest.fixture
def acme(world: World) -> Client:
    return world.client(0)


@pytest.fixture
def globex(world: World) -> Client:
    return world.client(1)


def walk(client: Client, query: str) -> list[str]:
    seen: list[str] = []
    cursor = ""
    while True:
        answer = client.get(f"{CUSTOMERS}?{query}{cursor}")
        assert answer.status_code == 200, answer.text
        seen += [row["id"] for row in answer.json()["data"]]
        if answer.json()["meta"]["next"] is None:
            return seen
        cursor = f"&cursor={answer.json()['meta']['next']}"


def test_the_demo_world_is_as_described(world: World) -> None:
    assert [organization["slug"] for organization in world.organizations] == [
        "acme",
        "globex",
    ]
    for number, organization in enumerate(world.organizations):
        assert organization["users"][0]["role"] == "owner"
        assert len(organization["users"]) == 2
        client = world.client(number, key=True)
        for status in ("active", "inactive", "archived"):
            assert client.get(f"{CUSTOMERS}?filter[status]={status}").json()["meta"]["total"] > 0
        assert client.get(CUSTOMERS).json()["meta"]["total"] >= 200


def test_document_003s_request_verbatim(acme: Client) -> None:
    refused = acme.get(f"{CUSTOMERS}?cursor=eyJvZmZzZXQiOjEwMH0=&filter[status]=active&sort=-created_at")
    answer = acme.get(f"{CUSTOMERS}?filter[status]=active&sort=-created_at")

    assert refused.status_code == 400
    assert answer.status_code == 200
    assert set(answer.json()) == {"data", "meta"}
    assert {"id", "email", "status"} <= set(answer.json()["data"][0])
    assert answer.json()["data"][0]["id"].startswith("cust_")


@pytest.mark.parametrize("sort", ["-created_at", "created_at", "name", "-name,created_at", "status,-email"])
def test_a_walk_sees_each_row_once_while_others_arrive(sort: str, acme: Client) -> None:
    before = set(walk(acme, "limit=200"))
    stop = threading.Event()

    def insert() -> None:
        while not stop.is_set():
            acme.post(
                CUSTOMERS,
                json={"email": f"{uuid.uuid4().hex}@example.com", "name": "Mia"},
            )

    writer = threading.Thread(target=insert)
    writer.start()
    try:
        seen = walk(acme, f"limit=17&sort={sort}")
    finally:
        stop.set()
        writer.join()

    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_of_32_twins_one_has_an_effect(acme: Client) -> None:
    email, key = f"{uuid.uuid4().hex}@example.com", str(uuid.uuid4())

    def create(_: int) -> requests.Response:
        return acme.post(CUSTOMERS, json={"email": email}, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(create, range(32)))
    last = create(0)

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.content for answer in answers if answer.status_code == 201} == {last.content}
    assert last.headers["Idempotent-Replayed"] == "true"
    assert acme.get(f"{CUSTOMERS}?filter[email]={email}").json()["meta"]["total"] == 1


def test_the_tenant_wall(acme: Client, globex: Client) -> None:
    foreign = globex.get(CUSTOMERS).json()["data"][0]["id"]
    missing = foreign[:-6] + "000000"

    for method, body in (("GET", None), ("PATCH", {"name": "mine"}), ("DELETE", None)):
        answers = [
            acme(
                method,
                f"{CUSTOMERS}/{identifier}",
                json=body,
                headers={"X-Request-ID": "same"},
            )
            for identifier in (foreign, missing)
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].text.replace(foreign, "") == answers[1].text.replace(missing, "")
    assert globex.get(f"{CUSTOMERS}/{foreign}").json()["name"] != "mine"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", [CUSTOMERS, f"{CUSTOMERS}/", "/api/customers", "/api/customers/"])
def test_strangers_get_401_in_every_form(method: str, path: str, world: World) -> None:
    answer = requests.request(method, f"{world.url}{path}", allow_redirects=False, timeout=30)

    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/api/v1/nothing", {}, 404),
        ("GET", "/api/v1/%00", {}, 404),
        ("GET", "/api/v1/customers/%FF", {}, 404),
        ("GET", "/api/v1/customers/../../etc/passwd", {}, 404),
        ("PUT", CUSTOMERS, {}, 405),
        (
            "POST",
            CUSTOMERS,
            {"data": "{", "headers": {"Content-Type": "application/json"}},
            400,
        ),
        (
            "POST",
            CUSTOMERS,
            {"data": "[" * 100_000, "headers": {"Content-Type": "application/json"}},
            400,
        ),
        (
            "POST",
            CUSTOMERS,
            {"data": "x" * 1_100_000, "headers": {"Content-Type": "application/json"}},
            413,
        ),
        ("POST", CUSTOMERS, {"data": {"email": "a"}}, 415),
        ("POST", CUSTOMERS, {"files": {"file": b"x"}}, 415),
        ("POST", CUSTOMERS, {"json": {"email": "nonsense"}}, 400),
        ("GET", f"{CUSTOMERS}?limit=0", {}, 400),
    ],
)
def test_bad_input_is_a_problem(method: str, path: str, options: dict, status: int, acme: Client) -> None:
    answer = acme(method, path, **options)

    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


def test_two_limit_families_tell_the_same(acme: Client) -> None:
    headers = acme.get(CUSTOMERS).headers

    assert int(headers["X-RateLimit-Remaining"]) < int(headers["X-RateLimit-Limit"])
    assert f"r={headers['X-RateLimit-Remaining']};" in headers["RateLimit"]
    assert f"q={headers['X-RateLimit-Limit']};" in headers["RateLimit-Policy"]


def test_an_etag_protects_from_lost_updates(acme: Client) -> None:
    created = acme.post(CUSTOMERS, json={"email": f"{uuid.uuid4().hex}@example.com"})
    location, tag = created.headers["Location"], created.headers["ETag"]

    assert acme.get(location, headers={"If-None-Match": tag}).status_code == 304
    assert acme("PATCH", location, json={"name": "a"}, headers={"If-Match": tag}).status_code == 200
    assert acme("PATCH", location, json={"name": "b"}, headers={"If-Match": tag}).status_code == 412
    assert acme("DELETE", location).status_code == 204
    assert acme.get(location).status_code == 404


def test_32_threads_write_without_a_failure(acme: Client) -> None:
    def create(_: int) -> int:
        return acme.post(CUSTOMERS, json={"email": f"{uuid.uuid4().hex}@example.com"}).status_code

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(create, range(128))) == {201}


def test_logging_out_is_the_end(world: World) -> None:
    user = world.organizations[0]["users"][1]
    body = {"email": user["email"], "password": user["password"]}
    tokens = requests.post(f"{world.url}/api/auth/login", json=body, timeout=30).json()["tokens"]
    client = world.bearer(tokens["access"])

    assert client.get(CUSTOMERS).status_code == 200
    for _ in range(2):
        answer = requests.post(
            f"{world.url}/api/auth/logout",
            json={"refresh": tokens["refresh"]},
            timeout=30,
        )
        assert answer.status_code == 204
    assert client.get(CUSTOMERS).status_code == 401


def test_the_docs_are_served_by_us(world: World) -> None:
    for path in ("/api/docs/", "/api/docs/swagger/", "/api/docs", "/api/v1/docs"):
        page = requests.get(f"{world.url}{path}", timeout=30)
        assert page.status_code == 200
        assert "text/html" in page.headers["Content-Type"]
    schema = requests.get(f"{world.url}/api/schema/", timeout=30)
    assert schema.json()["openapi"].startswith("3.")
    assert "/api/v1/customers/" in schema.json()["paths"]
    assert requests.get(f"{world.url}/api/schema/?format=yaml", timeout=30).text.startswith("openapi:")

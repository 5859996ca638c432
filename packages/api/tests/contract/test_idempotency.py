"""One effect for any number of retries: in order, at once, and across a crash."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.db import connection
from django.db.models.signals import post_save, pre_save
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.test import APIClient, APIRequestFactory

from apps.customers.models import Customer
from conftest import Member
from contract import idempotency, tenancy
from contract.authentication import Principal
from contract.models import IdempotencyRecord
from tests.contract.routes import CREATABLE, Route, all_routes, body, name
from tests.contract.servers import authorization, serving
from tests.specimens.models import Specimen
from tests.specimens.tests.factories import SpecimenFactory

CUSTOMERS = "/api/v1/customers/"
SPECIMENS = "/api/v1/specimens/"
REQUIRED = [route for route in all_routes() if route.view.idempotency == "required"]


def stored(answer: Any) -> tuple[Any, ...]:
    return answer.status_code, answer.content, answer.headers.get("Location"), answer.headers.get("ETag")


def kept() -> int:
    """How many answers are kept, of all tenants."""
    with tenancy.system_scope("a test counts"):
        return IdempotencyRecord.objects.count()


def count(member: Member) -> int:
    with member.rows():
        return Specimen.objects.count()


@pytest.mark.parametrize("route", CREATABLE, ids=name)
def test_a_retry_gets_the_first_answer_and_has_no_effect(route: Route, owner: Member) -> None:
    sent = body(route, owner)

    first, second, quoted = (
        owner.client.post(route.path, sent, HTTP_IDEMPOTENCY_KEY=key) for key in ("k 1", "k 1", '"k 1"')
    )

    assert first.status_code == 201
    assert stored(first) == stored(second) == stored(quoted)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(owner.client.get(route.path).json()["data"]) == 1


def test_slash_forms_and_aliases_are_one_request(owner: Member) -> None:
    answers = [
        owner.client.post(path, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k")
        for path in (CUSTOMERS, CUSTOMERS[:-1], "/api/customers/", "/api/customers")
    ]

    assert len({stored(answer) for answer in answers}) == 1


@pytest.mark.parametrize(
    "twin",
    [
        lambda client, row: client.post(CUSTOMERS, {"email": "b@example.com"}, HTTP_IDEMPOTENCY_KEY="k"),
        lambda client, row: client.post(f"{CUSTOMERS}?x=1", {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k"),
        lambda client, row: client.post(SPECIMENS, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k"),
        lambda client, row: client.patch(row, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k"),
        lambda client, row: client.generic(
            "POST", CUSTOMERS, b'{"email":  "a@example.com"}', "application/json", HTTP_IDEMPOTENCY_KEY="k"
        ),
    ],
    ids=["body", "query", "path", "method", "bytes"],
)
def test_a_key_belongs_to_one_request(twin: Any, owner: Member) -> None:
    row = owner.client.post(CUSTOMERS, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k").headers["Location"]

    answer = twin(owner.client, row)

    # An unknown query parameter is refused even before the key is looked at.
    assert (answer.status_code, answer.json()["code"]) in [(422, "idempotency-key-reused"), (400, "invalid-query")]


@pytest.mark.parametrize("key", ["", '"', '""', "x" * 256, "\u00fc", "a\tb", '"a', "a\x00"])
def test_refuses_a_malformed_key(key: str, owner: Member) -> None:
    answer = owner.client.post(CUSTOMERS, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY=key)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-malformed")


@pytest.mark.parametrize("key", ["x", "x" * 255, "a b", "~!@#$%^&*()", '"quoted \' one"'])
def test_takes_any_printable_key(key: str, owner: Member) -> None:
    assert owner.client.post(CUSTOMERS, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY=key).status_code == 201


def test_reads_and_deletes_ignore_the_key(owner: Member) -> None:
    row = owner.client.post(CUSTOMERS, {"email": "a@example.com"}).headers["Location"]

    assert owner.client.get(CUSTOMERS, HTTP_IDEMPOTENCY_KEY="k" * 300).status_code == 200
    assert owner.client.delete(row, HTTP_IDEMPOTENCY_KEY="k" * 300).status_code == 204
    assert kept() == 0


def test_a_multipart_body_takes_no_key(owner: Member) -> None:
    answer = owner.client.generic(
        "POST", CUSTOMERS, b"--x--", "multipart/form-data; boundary=x", HTTP_IDEMPOTENCY_KEY="k"
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-not-applicable")


@pytest.mark.parametrize("route", REQUIRED, ids=name)
def test_a_required_key_that_is_missing(route: Route, owner: Member) -> None:
    answer = owner.client.post(route.at(), {})

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")
    assert "link" in answer.json()


def test_sign_in_keeps_no_answer(owner: Member, anonymous: APIClient) -> None:
    for path in ("login", "refresh", "logout"):
        anonymous.post(f"/api/v1/auth/{path}/", {"refresh": "x"}, HTTP_IDEMPOTENCY_KEY="k")

    assert kept() == 0


def test_keys_of_others_are_other_keys(owner: Member, teammate: Member, outsider: Member) -> None:
    machine = owner.key_client("customers:write", "customers:read")

    for number, client in enumerate([owner.client, teammate.client, outsider.client, machine]):
        answer = client.post(CUSTOMERS, {"email": f"{number}@example.com"}, HTTP_IDEMPOTENCY_KEY="k")
        assert answer.status_code == 201
        assert "Idempotent-Replayed" not in answer.headers


def test_raw_sql_sees_the_answers_of_its_own_tenant_only(owner: Member, outsider: Member) -> None:
    for member in (owner, outsider):
        member.client.post(CUSTOMERS, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k")
    idempotency.run(posted(), "k", lambda: HttpResponse(status=201))

    def seen() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tenant FROM contract_idempotencyrecord ORDER BY tenant")
            return [row[0] for row in cursor.fetchall()]

    def written(tenant: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE contract_idempotencyrecord SET status = 200 WHERE tenant = %s", [tenant])
            return cursor.rowcount

    own, foreign = str(owner.organization.pk), str(outsider.organization.pk)
    with owner.rows():
        assert (seen(), written(own), written(foreign), written("")) == ([own], 1, 0, 0)
    assert (seen(), written(own)) == ([""], 0)
    assert kept() == 3


def test_a_replay_needs_the_right_to_ask(owner: Member) -> None:
    owner.client.post(CUSTOMERS, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k")
    owner.user.is_active = False
    owner.user.save()

    assert owner.client.post(CUSTOMERS, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k").status_code == 401


def test_refusals_of_the_view_are_kept_and_bad_input_is_not(owner: Member) -> None:
    with owner.rows():
        rare = SpecimenFactory(is_rare=True)
    path = f"{SPECIMENS}{rare.pk}/weigh/"

    refused = owner.client.post(path, {"weight": 1}, HTTP_IDEMPOTENCY_KEY="kept")
    with owner.rows():
        Specimen.objects.update(is_rare=False)
    again = owner.client.post(path, {"weight": 1}, HTTP_IDEMPOTENCY_KEY="kept")
    invalid = owner.client.post(path, {"weight": -1}, HTTP_IDEMPOTENCY_KEY="fresh")
    corrected = owner.client.post(path, {"weight": 1}, HTTP_IDEMPOTENCY_KEY="fresh")

    assert refused.status_code == again.status_code == 409
    assert refused.content == again.content
    assert (invalid.status_code, corrected.status_code) == (400, 201)


def test_a_missing_row_is_kept(owner: Member) -> None:
    answers = [owner.client.patch(f"{CUSTOMERS}cust_{'0' * 22}/", {}, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_a_failure_of_ours_is_rolled_back_and_not_kept(owner: Member) -> None:
    owner.client.raise_request_exception = False

    answers = [owner.client.post(f"{SPECIMENS}crash/", HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [500, 500]
    assert "Idempotent-Replayed" not in answers[1].headers
    assert count(owner) == 0
    assert kept() == 0


def test_a_key_is_forgotten_after_24_hours(owner: Member) -> None:
    client = owner.key_client("customers:write")
    client.post(CUSTOMERS, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k")

    with time_machine.travel(timezone.now() + timedelta(hours=23, minutes=59)):
        replayed = client.post(CUSTOMERS, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k")
    with time_machine.travel(timezone.now() + timedelta(hours=24, minutes=1)):
        fresh = client.post(CUSTOMERS, {"email": "b@example.com"}, HTTP_IDEMPOTENCY_KEY="k")

    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert fresh.status_code == 201
    assert kept() == 1


def test_purging_deletes_what_is_over(owner: Member) -> None:
    owner.client.post(CUSTOMERS, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k")

    assert idempotency.purge() == 0
    assert idempotency.purge(timezone.now() + timedelta(hours=25)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_32_concurrent_twins_over_two_processes_one_executes(owner: Member) -> None:
    with owner.rows():
        specimen = SpecimenFactory()
    headers = {**authorization(owner.client), "Idempotency-Key": "twins"}

    with serving(workers=2) as server:

        def weigh(_: int) -> requests.Response:
            url = f"{server.url}{SPECIMENS}{specimen.pk}/weigh/"
            return requests.post(url, json={"weight": 1, "pause_ms": 300}, headers=headers, timeout=30)

        with ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(weigh, range(32)))
        late = weigh(0)

    created = [answer for answer in answers if answer.status_code == 201]
    in_flight = [answer for answer in answers if answer.status_code == 409]
    assert len(created) + len(in_flight) == 32
    assert len(created) >= 1
    assert {answer.headers["Retry-After"] for answer in in_flight} <= {"1"}
    assert {answer.content for answer in created} == {late.content}
    assert count(owner) == 2


@pytest.mark.django_db(transaction=True)
def test_32_twins_of_a_creation_make_one_row_and_get_one_answer(owner: Member) -> None:
    headers = {**authorization(owner.client), "Idempotency-Key": "twins"}

    with serving(workers=2) as server, ThreadPoolExecutor(32) as pool:

        def create(_: int) -> requests.Response:
            return requests.post(
                f"{server.url}{CUSTOMERS}", json={"email": "a@example.com"}, headers=headers, timeout=30
            )

        answers = list(pool.map(create, range(32)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    with owner.rows():
        assert Customer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_row_and_its_answer_are_one_statement(owner: Member) -> None:
    with CaptureQueriesContext(connection) as captured:
        created = owner.client.post(CUSTOMERS, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k")

    gate, both = (row["sql"] for row in captured.captured_queries)
    assert created.status_code == 201
    assert "authentication_tokenfamily" in gate
    assert both.count("INSERT INTO") == 2
    assert owner.client.get(created.headers["Location"]).content == created.content


@pytest.mark.parametrize("signal", [pre_save, post_save])
def test_whoever_listens_hears_of_a_creation(signal: Any, owner: Member) -> None:
    heard: list[str] = []

    def listen(instance: Customer, **_: Any) -> None:
        heard.append(instance.email)

    signal.connect(listen, sender=Customer)
    try:
        answers = [owner.client.post(CUSTOMERS, {"email": "a@example.com"}, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]
    finally:
        signal.disconnect(listen, sender=Customer)

    assert [answer.status_code for answer in answers] == [201, 201]
    assert heard == ["a@example.com"]


@pytest.mark.django_db(transaction=True)
def test_a_creation_that_the_database_refuses_keeps_nothing(owner: Member) -> None:
    owner.client.post(CUSTOMERS, {"email": "a@example.com"})

    refused = owner.client.post(CUSTOMERS, {"email": "A@example.com"}, HTTP_IDEMPOTENCY_KEY="k")
    corrected = owner.client.post(CUSTOMERS, {"email": "b@example.com"}, HTTP_IDEMPOTENCY_KEY="k")

    assert refused.status_code == 400
    assert "Another customer has this e-mail address" in refused.content.decode()
    assert corrected.status_code == 201
    assert kept() == 1


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_between_the_write_and_the_commit_leaves_neither(owner: Member) -> None:
    with owner.rows():
        specimen = SpecimenFactory()
    headers = {**authorization(owner.client), "Idempotency-Key": "killed"}

    with serving(workers=1) as server:

        def weigh(pause_ms: int) -> requests.Response:
            url = f"{server.url}{SPECIMENS}{specimen.pk}/weigh/"
            return requests.post(url, json={"weight": 1, "pause_ms": pause_ms}, headers=headers, timeout=30)

        def weigh_and_die() -> None:
            with pytest.raises(requests.RequestException):
                weigh(20_000)

        victim = threading.Thread(target=weigh_and_die)
        victim.start()
        time.sleep(0.7)
        server.kill_workers()
        victim.join()
        left = count(owner), kept()
        server.wait()
        # The dead process's connection gives its lock back as soon as PostgreSQL sees the socket closed.
        deadline = time.monotonic() + 25
        while (retry := weigh(0)).status_code == 409 and time.monotonic() < deadline:
            time.sleep(0.2)

    assert left == (1, 0)
    assert retry.status_code == 201
    assert count(owner) == 2


def posted() -> Request:
    request = Request(APIRequestFactory().post(SPECIMENS, {"name": "x"}))
    request.auth = Principal(kind="user", id="twin")  # type: ignore[assignment]
    return request


@pytest.mark.django_db(transaction=True)
def test_a_twin_that_ended_unseen_wins(owner: Member) -> None:
    """It commits after this request's statement began to look, and frees its lock before the statement asks for it."""

    def twin() -> None:
        IdempotencyRecord.objects.create(
            principal="user:twin", key="k", fingerprint=b"", status=201, body=b"", expires_at=timezone.now()
        )
        connection.close()

    def execute() -> HttpResponse:
        with owner.rows():
            SpecimenFactory()
        thread = threading.Thread(target=twin)
        thread.start()
        thread.join()
        return HttpResponse(status=201)

    with pytest.raises(idempotency.InFlight):
        idempotency.run(posted(), "k", execute)

    assert count(owner) == 0


def test_a_refusal_undoes_what_the_view_had_written_and_is_kept(owner: Member) -> None:
    def execute() -> HttpResponse:
        with owner.rows():
            SpecimenFactory()
        raise idempotency.Refused(HttpResponse(b"no", status=409))

    answers = [idempotency.run(posted(), "k", execute) for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(409, b"no")] * 2
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert count(owner) == 0

"""Numbers without gaps: under threads, twins, refusals and a crash. Real servers, real connections."""

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.db import connection

from apps.customers.tests.factories import CustomerFactory
from apps.invoices import services
from apps.invoices.models import Invoice, Payment
from apps.invoices.tests.factories import InvoiceFactory, ProductFactory
from conftest import Member
from contract.isolation import as_owner
from tests.contract.servers import authorization, serving

pytestmark = pytest.mark.django_db(transaction=True)


def prepare(member: Member) -> dict[str, Any]:
    with member.rows():
        ProductFactory(sku="sku_1")
        return {"customer_id": CustomerFactory().pk, "items": [{"sku": "sku_1", "qty": 1}]}


def numbers(member: Member) -> list[str]:
    with member.rows():
        return sorted(Invoice.objects.exclude(number=None).values_list("number", flat=True))


def consecutive(count: int) -> list[str]:
    return [f"INV-{number:06}" for number in range(1, count + 1)]


def test_48_invoices_by_16_threads_over_two_processes(owner: Member, outsider: Member) -> None:
    bodies = {member.organization.pk: prepare(member) for member in (owner, outsider)}

    with serving(workers=2) as server, ThreadPoolExecutor(16) as pool:

        def create(number: int) -> int:
            member = (owner, outsider)[number % 2]
            body = dict(bodies[member.organization.pk])
            if number % 8 == 7:
                body["items"] = [{"sku": "unknown", "qty": 1}]
            headers = {**authorization(member.client), "Idempotency-Key": str(uuid.uuid4())}
            return requests.post(f"{server.url}/api/v1/invoices", json=body, headers=headers, timeout=60).status_code

        codes = list(pool.map(create, range(96)))

    assert (codes.count(201), codes.count(422)) == (84, 12)
    assert numbers(owner) == consecutive(48)
    assert numbers(outsider) == consecutive(36)


@pytest.fixture
def slow_invoices(transactional_db: None) -> Iterator[None]:
    """Storing the number takes three seconds, so that a process can be killed between it and the commit."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(3); RETURN NEW; END $$"
        )
        cursor.execute("CREATE TRIGGER dawdle BEFORE UPDATE ON invoices_invoice FOR EACH ROW EXECUTE FUNCTION dawdle()")
    yield
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER dawdle ON invoices_invoice")
        cursor.execute("DROP FUNCTION dawdle()")


def test_a_crash_between_number_and_commit_leaves_no_gap(owner: Member, slow_invoices: None) -> None:
    body = prepare(owner)
    headers = {**authorization(owner.client), "Idempotency-Key": "crash"}

    with serving(workers=1) as server:

        def create() -> None:
            with pytest.raises(requests.RequestException):
                requests.post(f"{server.url}/api/v1/invoices", json=body, headers=headers, timeout=60)

        victim = threading.Thread(target=create)
        victim.start()
        wait_for_the_sleeper()
        server.kill_workers()
        victim.join()
        left = numbers(owner)
        server.wait()
        # A twin waits here until PostgreSQL has noticed that its client is gone.
        while (
            retry := requests.post(f"{server.url}/api/v1/invoices", json=body, headers=headers, timeout=60)
        ).status_code == 409:
            time.sleep(0.2)

    assert left == []
    assert retry.status_code == 201
    assert numbers(owner) == consecutive(1)


def wait_for_the_sleeper() -> None:
    """The number is drawn, and its transaction is still open."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise TimeoutError("no transaction stopped after its number")


def test_32_twins_of_a_payment_pay_once(owner: Member) -> None:
    with owner.rows():
        invoice = InvoiceFactory()
    headers = {**authorization(owner.client), "Idempotency-Key": "twins"}

    with serving(workers=2) as server, ThreadPoolExecutor(32) as pool:
        url = f"{server.url}/api/v1/invoices/{invoice.pk}/pay"
        answers = list(
            pool.map(lambda _: requests.post(url, json={"amount": 100}, headers=headers, timeout=60), range(32))
        )

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    with owner.rows():
        assert list(Payment.objects.values_list("amount", flat=True)) == [100]


@pytest.mark.parametrize("verb", ["finalize", "pay", "void", "mark-uncollectible"])
def test_of_16_twins_with_different_keys_one_wins(verb: str, owner: Member) -> None:
    with owner.rows():
        invoice = InvoiceFactory(draft=verb == "finalize")
    barrier = threading.Barrier(16)

    def act(_: int) -> int:
        barrier.wait()
        try:
            with owner.rows():
                answer = owner.client.post(
                    f"/api/v1/invoices/{invoice.pk}/{verb}/", {}, HTTP_IDEMPOTENCY_KEY=str(uuid.uuid4())
                )
            return answer.status_code  # type: ignore[no-any-return]
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        codes = sorted(pool.map(act, range(16)))

    assert codes == [200] + [409] * 15


def test_a_refused_finalisation_gives_its_number_back(owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    with owner.rows():
        broken, good = InvoiceFactory(draft=True), InvoiceFactory(draft=True)
    owner.client.raise_request_exception = False

    def fail(invoice: Invoice) -> None:
        raise RuntimeError("after the number")

    with monkeypatch.context() as patch:
        patch.setattr(services, "settle", fail)
        assert owner.client.post(f"/api/v1/invoices/{broken.pk}/finalize/").status_code == 500
    owner.client.post(f"/api/v1/invoices/{good.pk}/finalize/")

    assert numbers(owner) == consecutive(1)

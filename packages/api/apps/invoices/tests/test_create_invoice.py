"""Making an invoice: the document's request, the sums, and everything that is refused."""

import uuid
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.customers.models import Customer
from apps.customers.tests.factories import CustomerFactory
from apps.invoices.models import Invoice, InvoiceLine
from apps.invoices.services import Item, create_invoice, line_tax
from apps.invoices.tests.factories import ProductFactory
from conftest import Member

INVOICES = "/api/v1/invoices"
DOCUMENT_003 = "7ad2b6c1-0e6f-4ac3-9c0a-1a2b3c4d5e6f"


def post(member: Member, body: dict[str, Any], path: str = INVOICES) -> Any:
    return member.client.post(path, body, HTTP_IDEMPOTENCY_KEY=str(uuid.uuid4()))


@pytest.fixture
def customer(owner: Member) -> Customer:
    with owner.rows():
        ProductFactory(sku="sku_1", unit_amount=1050, tax_basis_points=1900)
        return CustomerFactory(name="Ada", email="ada@example.com")  # type: ignore[no-any-return]


def test_document_003s_request_works_verbatim(owner: Member, customer: Customer) -> None:
    answer = owner.client.generic(
        "POST",
        "/api/v1/invoices",
        f'{{"customer_id":"{customer.pk}","items":[{{"sku":"sku_1","qty":2}}]}}'.encode(),
        "application/json",
        HTTP_IDEMPOTENCY_KEY=DOCUMENT_003,
    )

    document = answer.json()
    assert answer.status_code == 201
    assert document["id"].startswith("inv_")
    assert document["status"] == "pending"
    assert document["created_at"].endswith("Z")
    assert (document["number"], document["currency"]) == ("INV-000001", "EUR")
    assert (document["subtotal"], document["tax"], document["total"], document["amount_due"]) == (2100, 399, 2499, 2499)
    assert document["items"][0]["qty"] == 2
    assert owner.client.get(answer.headers["Location"]).json() == document


def test_a_draft_has_no_number_yet(owner: Member, customer: Customer) -> None:
    document = post(owner, {"customer_id": customer.pk, "items": [{"sku": "sku_1", "qty": 1}], "draft": True}).json()

    assert (document["status"], document["number"], document["finalized_at"]) == ("draft", None, None)


def test_needs_a_key(owner: Member, customer: Customer) -> None:
    answer = owner.client.post(INVOICES, {"customer_id": customer.pk, "items": [{"sku": "sku_1", "qty": 1}]})

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")


@pytest.mark.parametrize("qty", [0, -1, 10**30, 1_000_001, 1.5, 1.0, True, "1", None, [1]])
def test_refuses_a_quantity_that_is_no_count(qty: Any, owner: Member, customer: Customer) -> None:
    answer = post(
        owner, {"customer_id": customer.pk, "items": [{"sku": "sku_1", "qty": 1}, {"sku": "sku_1", "qty": qty}]}
    )

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json().get("errors", [{"pointer": "#/items/1/qty"}])] == [
        "#/items/1/qty"
    ]
    assert owner.client.get(INVOICES).json()["data"] == []


def test_refuses_nan_as_a_quantity(owner: Member, customer: Customer) -> None:
    raw = f'{{"customer_id": "{customer.pk}", "items": [{{"sku": "sku_1", "qty": NaN}}]}}'.encode()

    answer = owner.client.generic("POST", INVOICES, raw, "application/json", HTTP_IDEMPOTENCY_KEY="k")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"items": []}, 400),
        ({"items": [{"sku": "sku_1", "qty": 1}] * 501}, 400),
        ({"items": "sku_1"}, 400),
        ({"items": [["sku_1", 1]]}, 400),
        ({"currency": "euro"}, 400),
        ({"currency": "XQQ"}, 400),
        ({"currency": 978}, 400),
        ({"due_in_days": -1}, 400),
        ({"discount": -1}, 400),
        ({"discount": 1051}, 422),
        ({"draft": "yes"}, 400),
        ({"unknown": 1}, 400),
        ({"status": "paid"}, 400),
        ({"customer_id": "cust_" + "0" * 22}, 404),
        ({"customer_id": "nonsense"}, 404),
        ({"customer_id": None}, 400),
    ],
)
def test_refuses_bad_input(changed: dict[str, Any], status: int, owner: Member, customer: Customer) -> None:
    answer = post(owner, {"customer_id": customer.pk, "items": [{"sku": "sku_1", "qty": 1}], **changed})

    assert answer.status_code == status, answer.content
    assert owner.client.get(INVOICES).json()["data"] == []


@pytest.mark.parametrize(
    ("sku", "code"),
    [("nothing", "unknown-sku"), ("foreign", "unknown-sku"), ("old", "archived-sku"), ("yen", "mixed-currency")],
)
def test_names_the_item_that_can_not_be_sold(
    sku: str, code: str, owner: Member, outsider: Member, customer: Customer
) -> None:
    with owner.rows():
        ProductFactory(sku="old", is_active=False)
        ProductFactory(sku="yen", currency="JPY")
    with outsider.rows():
        ProductFactory(sku="foreign")

    answer = post(owner, {"customer_id": customer.pk, "items": [{"sku": "sku_1", "qty": 1}, {"sku": sku, "qty": 1}]})

    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("#/items/1/sku", code)]


def test_refuses_a_foreign_and_an_inactive_customer(owner: Member, outsider: Member, customer: Customer) -> None:
    with outsider.rows():
        foreign = CustomerFactory()
    with owner.rows():
        inactive = CustomerFactory(status="inactive")
    items = [{"sku": "sku_1", "qty": 1}]

    assert post(owner, {"customer_id": foreign.pk, "items": items}).status_code == 404
    refused = post(owner, {"customer_id": inactive.pk, "items": items})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/customer_id")


def test_only_those_who_set_prices_may_send_one(owner: Member, teammate: Member, customer: Customer) -> None:
    body = {"customer_id": customer.pk, "items": [{"sku": "sku_1", "qty": 1, "unit_amount": 1}]}

    assert post(teammate, body).status_code == 403
    assert post(owner, body).json()["subtotal"] == 1


def test_an_invoice_of_nothing_is_paid_at_once(owner: Member, customer: Customer) -> None:
    document = post(owner, {"customer_id": customer.pk, "items": [{"sku": "sku_1", "qty": 1, "unit_amount": 0}]}).json()

    assert (document["status"], document["total"], document["amount_due"]) == ("paid", 0, 0)


def test_a_total_beyond_exact_json_is_refused(owner: Member, customer: Customer) -> None:
    items = [{"sku": "sku_1", "qty": 1_000_000, "unit_amount": 10_000_000_000}]

    assert post(owner, {"customer_id": customer.pk, "items": items}).json()["code"] == "total-too-large"


AMOUNTS = st.integers(0, 10_000_000)
LINES = st.lists(st.tuples(st.integers(1, 1_000_000), AMOUNTS, st.integers(0, 10_000)), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, share=st.floats(0, 1))
def test_the_sums_agree_with_an_independent_calculation(
    lines: list[tuple[int, int, int]], share: float, owner: Member, customer: Customer
) -> None:
    subtotal = sum(qty * price for qty, price, _ in lines)
    discount = int(subtotal * share) if subtotal < 2**50 else 0
    with owner.rows(), transaction.atomic():
        items = [
            Item(ProductFactory(unit_amount=price, tax_basis_points=points).sku, qty) for qty, price, points in lines
        ]
        invoice = create_invoice(customer_id=customer.pk, items=items, role="owner", discount=discount)

    tax = sum(
        (Decimal(qty * price) * points / 10_000).quantize(Decimal(1), ROUND_HALF_UP) for qty, price, points in lines
    )
    assert (invoice.subtotal, invoice.tax) == (subtotal, tax)
    assert invoice.total == subtotal - discount + tax
    assert invoice.amount_due == invoice.total - invoice.amount_paid


@given(amount=st.integers(0, 10**16), points=st.integers(0, 10_000))
def test_tax_is_rounded_half_up(amount: int, points: int) -> None:
    expected = (Decimal(amount) * points / 10_000).quantize(Decimal(1), ROUND_HALF_UP)

    assert line_tax(amount, points) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"total": 1},
        {"discount": -1},
        {"discount": 10**9},
        {"amount_paid": 10**9},
        {"amount_credited": 10**9},
        {"number": None},
        {"status": "paid"},
        {"status": "void", "amount_paid": 1},
    ],
)
def test_the_database_refuses_sums_that_do_not_add_up(
    change: dict[str, Any], owner: Member, customer: Customer
) -> None:
    post(owner, {"customer_id": customer.pk, "items": [{"sku": "sku_1", "qty": 1}]})

    with owner.rows(), pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.update(**change)
    with owner.rows(), pytest.raises(IntegrityError), transaction.atomic():
        InvoiceLine.objects.update(amount=1)

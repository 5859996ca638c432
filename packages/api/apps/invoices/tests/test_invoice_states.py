"""The state machine, transition by transition, and what is frozen."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.invoices.models import CreditNote, Invoice, Payment, Product
from apps.invoices.tests.factories import InvoiceFactory, ProductFactory
from conftest import Member

INVOICES = "/api/v1/invoices/"
STATES = ["draft", "pending", "paid", "void", "uncollectible"]
ALLOWED = {
    ("draft", "finalize"): "pending",
    ("pending", "pay"): "paid",
    ("pending", "void"): "void",
    ("pending", "mark-uncollectible"): "uncollectible",
    ("uncollectible", "pay"): "paid",
    ("uncollectible", "void"): "void",
}


def command(member: Member, invoice: Invoice, verb: str, body: dict[str, Any] | None = None) -> Any:
    return member.client.post(f"{INVOICES}{invoice.pk}/{verb}/", body or {}, HTTP_IDEMPOTENCY_KEY=str(uuid.uuid4()))


def in_state(member: Member, state: str) -> Invoice:
    with member.rows():
        invoice: Invoice = InvoiceFactory(draft=state == "draft")
    for verb in {"paid": ["pay"], "void": ["void"], "uncollectible": ["mark-uncollectible"]}.get(state, []):
        assert command(member, invoice, verb).status_code == 200
    with member.rows():
        invoice.refresh_from_db()
    assert invoice.status == state
    return invoice


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("verb", ["finalize", "pay", "void", "mark-uncollectible"])
def test_each_transition(state: str, verb: str, owner: Member) -> None:
    invoice = in_state(owner, state)

    answer = command(owner, invoice, verb)

    after = owner.client.get(f"{INVOICES}{invoice.pk}/").json()["status"]
    if (state, verb) in ALLOWED:
        assert answer.status_code == 200, answer.content
        assert answer.json()["status"] == after == ALLOWED[state, verb]
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "invalid-transition")
        assert answer.json()["current_status"] == after == state


@pytest.mark.parametrize("state", STATES)
def test_only_a_draft_is_deleted(state: str, owner: Member) -> None:
    invoice = in_state(owner, state)

    assert owner.client.delete(f"{INVOICES}{invoice.pk}/").status_code == (204 if state == "draft" else 409)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("field", "value"), [("discount", 1), ("due_in_days", 5), ("memo", "m"), ("metadata", {"a": 1})]
)
def test_a_final_invoice_is_frozen_but_for_memo_and_metadata(state: str, field: str, value: Any, owner: Member) -> None:
    invoice = in_state(owner, state)

    answer = owner.client.patch(f"{INVOICES}{invoice.pk}/", {field: value})

    free = state == "draft" or field in ("memo", "metadata")
    assert answer.status_code == (200 if free else 409)
    assert owner.client.get(f"{INVOICES}{invoice.pk}/").json()[field] == (value if free else getattr(invoice, field))


def test_the_items_of_a_draft_can_be_replaced(owner: Member) -> None:
    invoice = in_state(owner, "draft")
    with owner.rows():
        sku = ProductFactory(unit_amount=7, tax_basis_points=0).sku

    document = owner.client.patch(f"{INVOICES}{invoice.pk}/", {"items": [{"sku": sku, "qty": 3}]}).json()

    assert [(item["sku"], item["qty"]) for item in document["items"]] == [(sku, 3)]
    assert document["total"] == 21


def test_partial_payments_add_up(owner: Member) -> None:
    invoice = in_state(owner, "pending")

    first = command(owner, invoice, "pay", {"amount": 190}).json()
    too_much = command(owner, invoice, "pay", {"amount": 1001})
    rest = command(owner, invoice, "pay").json()

    assert (first["status"], first["amount_paid"], first["amount_due"]) == ("pending", 190, 1000)
    assert (too_much.status_code, too_much.json()["most"]) == (422, 1000)
    assert (rest["status"], rest["amount_paid"], rest["amount_due"]) == ("paid", 1190, 0)
    with owner.rows():
        assert sorted(Payment.objects.values_list("amount", flat=True)) == [190, 1000]


@pytest.mark.parametrize("status", ["inactive", "archived"])
def test_a_draft_is_finalized_for_an_active_customer_only(status: str, owner: Member) -> None:
    invoice = in_state(owner, "draft")
    customer = f"/api/v1/customers/{invoice.customer_id}/"
    owner.client.patch(customer, {"status": status})

    refused = command(owner, invoice, "finalize")
    after = owner.client.get(f"{INVOICES}{invoice.pk}/").json()
    owner.client.patch(customer, {"status": "active"})
    finalized = command(owner, invoice, "finalize")

    assert (refused.status_code, refused.json()["code"]) == (409, "customer-out-of-use")
    assert f"is {status}; activate" in refused.json()["detail"]
    assert (after["status"], after["number"]) == ("draft", None)
    assert (finalized.status_code, finalized.json()["number"]) == (200, "INV-000001")


@pytest.mark.parametrize("state", ["pending", "uncollectible"])
def test_an_invoice_with_a_payment_is_not_voided(state: str, owner: Member) -> None:
    invoice = in_state(owner, state)
    command(owner, invoice, "pay", {"amount": 190})

    refused = command(owner, invoice, "void")
    after = owner.client.get(f"{INVOICES}{invoice.pk}/").json()
    credited = command(owner, invoice, "credit-notes", {"amount": 1000})

    assert (refused.status_code, refused.json()["code"]) == (409, "invoice-has-payments")
    assert refused.json()["amount_paid"] == 190
    assert (after["status"], after["amount_due"]) == (state, 1000)
    assert credited.status_code == 201
    assert owner.client.get(f"{INVOICES}{invoice.pk}/").json()["status"] == "paid"


@pytest.mark.parametrize("amount", [0, -1, 1.5, "1", True, 10**30])
def test_refuses_a_payment_that_is_no_amount(amount: Any, owner: Member) -> None:
    assert command(owner, in_state(owner, "pending"), "pay", {"amount": amount}).status_code == 400


def test_credit_notes_never_exceed_the_total(owner: Member) -> None:
    invoice = in_state(owner, "paid")

    part = command(owner, invoice, "credit-notes", {"amount": 190, "reason": "Late"})
    too_much = command(owner, invoice, "credit-notes", {"amount": 1001})
    rest = command(owner, invoice, "credit-notes")
    nothing_left = command(owner, invoice, "credit-notes")

    assert part.status_code == rest.status_code == 201
    assert owner.client.get(part.headers["Location"]).json()["reason"] == "Late"
    assert rest.json()["amount"] == 1000
    assert (too_much.status_code, nothing_left.status_code) == (422, 422)
    assert owner.client.get(f"{INVOICES}{invoice.pk}/credit-notes/").json()["meta"]["total"] == 2


def test_a_credit_settles_what_is_open(owner: Member) -> None:
    invoice = in_state(owner, "pending")
    command(owner, invoice, "pay", {"amount": 190})

    command(owner, invoice, "credit-notes", {"amount": 1000})

    assert owner.client.get(f"{INVOICES}{invoice.pk}/").json()["status"] == "paid"


@pytest.mark.parametrize("state", ["draft", "void"])
def test_nothing_is_credited_where_nothing_is_owed(state: str, owner: Member) -> None:
    assert command(owner, in_state(owner, state), "credit-notes").status_code == 409
    with owner.rows():
        assert not CreditNote.objects.exists()


def test_overdue_is_derived(owner: Member) -> None:
    invoice = in_state(owner, "pending")
    with owner.rows():
        Invoice.objects.update(due_date=timezone.now().date() - timedelta(days=1))

    assert owner.client.get(f"{INVOICES}{invoice.pk}/").json()["is_overdue"] is True
    command(owner, invoice, "pay")
    assert owner.client.get(f"{INVOICES}{invoice.pk}/").json()["is_overdue"] is False


def test_open_is_another_word_for_pending(owner: Member) -> None:
    in_state(owner, "pending")
    in_state(owner, "draft")

    assert owner.client.get(f"{INVOICES}?filter[status]=open").json()["meta"]["total"] == 1


def test_a_product_that_was_sold_is_archived_instead_of_deleted(owner: Member) -> None:
    in_state(owner, "pending")
    with owner.rows():
        sold, unsold = Product.objects.get(), ProductFactory()

    assert owner.client.delete(f"/api/v1/products/{sold.pk}/").status_code == 204
    assert owner.client.delete(f"/api/v1/products/{unsold.pk}/").status_code == 204

    with owner.rows():
        assert list(Product.objects.values_list("pk", "is_active")) == [(sold.pk, False)]


def test_a_customer_with_invoices_is_not_deleted(owner: Member) -> None:
    invoice = in_state(owner, "draft")

    answer = owner.client.delete(f"/api/v1/customers/{invoice.customer_id}/")

    assert (answer.status_code, answer.json()["code"]) == (409, "in-use")


def test_the_summary_counts_by_currency(owner: Member, outsider: Member) -> None:
    for state in ("draft", "pending", "paid", "uncollectible"):
        in_state(owner, state)
    in_state(outsider, "pending")

    (euro,) = owner.client.get("/api/v1/billing/summary").json()["currencies"]

    assert euro == {
        "currency": "EUR",
        "draft_count": 1,
        "pending_count": 1,
        "overdue_count": 0,
        "paid_count": 1,
        "outstanding": 1190,
        "overdue": 0,
        "collected": 1190,
        "uncollectible": 1190,
    }

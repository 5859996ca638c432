"""What may happen to an invoice, decided on its locked row. Rules: document 003 §5; amounts in minor units."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.customers.selectors import find_customer
from apps.invoices.models import (
    MAX_TOTAL,
    TAX_SCALE,
    CreditNote,
    Invoice,
    InvoiceLine,
    InvoiceSequence,
    Payment,
    Product,
)
from contract.problems import Problem

FREE_AFTER_FINAL = frozenset({"metadata", "memo"})
PRICE_SETTERS = frozenset({"owner", "admin", "billing"})
# A key's scope `invoices:write` is for programs that keep the catalogue.
CATALOGUE_KEEPERS = PRICE_SETTERS | {"api_key"}
PRICE_FIELDS = frozenset({"unit_amount", "currency", "tax_basis_points"})


class CustomerNotFound(Problem):
    status_code = 404
    code = "customer-not-found"
    title = "There is no such customer"
    default_detail = "No customer of yours has this id."


class CustomerNotActive(Problem):
    status_code = 422
    code = "customer-not-active"
    title = "The customer is not active"

    def __init__(self) -> None:
        detail = "Only active customers are invoiced; activate the customer first."
        super().__init__(detail, errors=[{"pointer": "#/customer_id", "code": self.code, "detail": detail}])


class ItemsRefused(Problem):
    status_code = 422
    code = "items-refused"
    title = "Some items can't be invoiced"
    default_detail = "Correct the items named in `errors` and send the request again."


class DiscountTooLarge(Problem):
    status_code = 422
    code = "discount-too-large"
    title = "The discount exceeds the subtotal"


class TotalTooLarge(Problem):
    status_code = 422
    code = "total-too-large"
    title = "The total is too large"
    default_detail = f"An invoice's total is at most {MAX_TOTAL}; split it."


class InvalidTransition(Problem):
    status_code = 409
    code = "invalid-transition"
    title = "The invoice's status does not allow this"

    def __init__(self, invoice: Invoice, wanted: str) -> None:
        super().__init__(f"An invoice that is {invoice.status} can't be {wanted}.", current_status=invoice.status)


class InvoiceFrozen(Problem):
    status_code = 409
    code = "invoice-frozen"
    title = "The invoice is final"

    def __init__(self, fields: Sequence[str]) -> None:
        names = ", ".join(sorted(fields))
        super().__init__(f"A final invoice keeps its {names}; correct it by a credit note, or void it.")


class CustomerOutOfUse(Problem):
    status_code = 409
    code = "customer-out-of-use"
    title = "The customer of the draft is not active"

    def __init__(self, status: str) -> None:
        super().__init__(f"The customer is {status}; activate the customer and finalize again, or delete the draft.")


class InvoiceHasPayments(Problem):
    status_code = 409
    code = "invoice-has-payments"
    title = "Money has come in for the invoice"

    def __init__(self, amount: int) -> None:
        detail = f"{amount} of this invoice is paid, and a void invoice would lose it; correct it by a credit note."
        super().__init__(detail, amount_paid=amount)


class AmountTooLarge(Problem):
    status_code = 422
    code = "amount-too-large"
    title = "The amount is larger than what is open"

    def __init__(self, most: int) -> None:
        detail = f"At most {most} is possible here."
        super().__init__(detail, errors=[{"pointer": "#/amount", "code": self.code, "detail": detail}], most=most)


class PriceNotYours(Problem):
    status_code = 403
    code = "price-override-forbidden"
    title = "The role does not set prices"
    default_detail = "Only owners, admins and billing may send unit_amount; leave it out to use the product's price."


@dataclass(frozen=True, slots=True)
class Item:
    """A wish for a line: `unit_amount` None means the product's own price."""

    sku: str
    qty: int
    unit_amount: int | None = None


def line_tax(amount: int, basis_points: int) -> int:
    """The tax on a line's amount, rounded half up to a whole minor unit."""
    return (amount * basis_points + TAX_SCALE // 2) // TAX_SCALE


def create_invoice(
    *,
    customer_id: str,
    items: Sequence[Item],
    role: str,
    currency: str | None = None,
    due_in_days: int = 30,
    draft: bool = False,
    discount: int = 0,
    memo: str = "",
    metadata: dict[str, Any] | None = None,
) -> Invoice:
    """A draft from the catalogue's prices, finalised at once unless `draft` is set.

    Raises `CustomerNotFound`, `CustomerNotActive`, `ItemsRefused`, `DiscountTooLarge`, `TotalTooLarge` and
    `PriceNotYours`.
    """
    customer = find_customer(customer_id)
    if customer is None:
        raise CustomerNotFound()
    if customer.status != "active":
        raise CustomerNotActive()
    lines, currency = make_lines(items, role, currency)
    invoice = Invoice(
        customer=customer,
        customer_name=customer.name,
        customer_email=customer.email,
        currency=currency,
        due_in_days=due_in_days,
        due_date=Invoice.today() + timedelta(days=due_in_days),
        discount=discount,
        memo=memo,
        metadata=metadata or {},
    )
    with transaction.atomic():
        save_with_lines(invoice, lines)
        return invoice if draft else finalize_invoice(invoice=invoice)


def make_lines(items: Sequence[Item], role: str, currency: str | None) -> tuple[list[InvoiceLine], str]:
    """Unsaved lines and their one currency. Raises `ItemsRefused` with every fault, row 0 included."""
    if role not in PRICE_SETTERS and any(item.unit_amount is not None for item in items):
        raise PriceNotYours()
    products = {product.sku: product for product in Product.objects.filter(sku__in={item.sku for item in items})}
    known = [products[item.sku] for item in items if item.sku in products]
    expected = currency or (known[0].currency if known else "")
    faults = [fault for index, item in enumerate(items) if (fault := _fault(index, products.get(item.sku), expected))]
    if faults:
        raise ItemsRefused(errors=faults)
    return [_line(index, item, products[item.sku]) for index, item in enumerate(items)], expected


def _fault(index: int, product: Product | None, currency: str) -> dict[str, str] | None:
    if product is None:
        code, detail = "unknown-sku", "No product of yours has this SKU."
    elif not product.is_active:
        code, detail = "archived-sku", "This product is archived and no longer sold."
    elif product.currency != currency:
        code, detail = "mixed-currency", f"This product is sold in {product.currency}, the invoice is in {currency}."
    else:
        return None
    return {"pointer": f"#/items/{index}/sku", "code": code, "detail": detail}


def _line(index: int, item: Item, product: Product) -> InvoiceLine:
    unit_amount = product.unit_amount if item.unit_amount is None else item.unit_amount
    amount = item.qty * unit_amount
    return InvoiceLine(
        product=product,
        position=index,
        sku=product.sku,
        name=product.name,
        quantity=item.qty,
        unit_amount=unit_amount,
        tax_basis_points=product.tax_basis_points,
        amount=amount,
        tax=line_tax(amount, product.tax_basis_points),
    )


def save_with_lines(invoice: Invoice, lines: Sequence[InvoiceLine] | None) -> None:
    """Add up and store. Without `lines` the present ones stay. Raises `DiscountTooLarge` and `TotalTooLarge`."""
    counted = list(invoice.lines.all()) if lines is None else lines
    invoice.subtotal = sum(line.amount for line in counted)
    invoice.tax = sum(line.tax for line in counted)
    invoice.total = invoice.subtotal - invoice.discount + invoice.tax
    if invoice.discount > invoice.subtotal:
        raise DiscountTooLarge(f"The discount is at most the subtotal, {invoice.subtotal}.")
    if max(invoice.subtotal, invoice.total) > MAX_TOTAL:
        raise TotalTooLarge()
    invoice.save()
    if lines is not None:
        invoice.lines.all().delete()
        for line in lines:
            line.invoice = invoice
        InvoiceLine.objects.bulk_create(lines)


def edit_invoice(*, invoice: Invoice, role: str, **changes: Any) -> Invoice:
    """Change a draft, or the memo and metadata of a final invoice. Raises `InvoiceFrozen` and what creating raises."""
    frozen = changes.keys() - FREE_AFTER_FINAL
    if frozen and invoice.status != Invoice.Status.DRAFT:
        raise InvoiceFrozen(sorted(frozen))
    items, currency = changes.pop("items", None), changes.pop("currency", None)
    lines = None
    if items is not None:
        lines, invoice.currency = make_lines(items, role, currency)
    elif currency not in (None, invoice.currency):
        raise ItemsRefused(f"The items are in {invoice.currency}; send items in {currency} with the currency.")
    for name, value in changes.items():
        setattr(invoice, name, value)
    invoice.due_date = invoice.due_date if not frozen else Invoice.today() + timedelta(days=invoice.due_in_days)
    save_with_lines(invoice, lines)
    return invoice


def finalize_invoice(*, invoice: Invoice) -> Invoice:
    """Number a draft and freeze it; one whose total is 0 is paid at once.

    Raises `InvalidTransition` and `CustomerOutOfUse`.
    """
    require_transition(invoice, Invoice.Status.PENDING, "finalized")
    if invoice.customer.status != "active":
        raise CustomerOutOfUse(invoice.customer.status)
    invoice.number = next_number()
    invoice.finalized_at = timezone.now()
    invoice.due_date = Invoice.today() + timedelta(days=invoice.due_in_days)
    invoice.status = Invoice.Status.PENDING
    settle(invoice)
    invoice.save()
    return invoice


def require_transition(invoice: Invoice, status: str, wanted: str) -> None:
    if not invoice.can_become(status):
        raise InvalidTransition(invoice, wanted)


def next_number() -> str:
    """The organisation's next number. The row stays locked until the commit, so a rollback leaves no gap."""
    InvoiceSequence.objects.bulk_create([InvoiceSequence()], ignore_conflicts=True)
    sequence = InvoiceSequence.objects.select_for_update().get()
    sequence.last += 1
    sequence.save(update_fields=["last"])
    return f"INV-{sequence.last:06}"


def settle(invoice: Invoice) -> None:
    """An invoice with nothing left to pay is paid."""
    if invoice.amount_due == 0:
        invoice.status = Invoice.Status.PAID
        invoice.paid_at = timezone.now()


def pay_invoice(*, invoice: Invoice, amount: int | None = None) -> Invoice:
    """Record money that came in, all that is due by default. Raises `InvalidTransition` and `AmountTooLarge`."""
    require_transition(invoice, Invoice.Status.PAID, "paid")
    paid = invoice.amount_due if amount is None else amount
    if paid > invoice.amount_due:
        raise AmountTooLarge(invoice.amount_due)
    with transaction.atomic():
        Payment.objects.create(invoice=invoice, amount=paid)
        invoice.amount_paid += paid
        settle(invoice)
        invoice.save()
    return invoice


def void_invoice(*, invoice: Invoice) -> Invoice:
    """Withdraw a final invoice; it keeps its number. Raises `InvalidTransition` and `InvoiceHasPayments`."""
    require_transition(invoice, Invoice.Status.VOID, "voided")
    if invoice.amount_paid:
        raise InvoiceHasPayments(invoice.amount_paid)
    invoice.status, invoice.voided_at = Invoice.Status.VOID, timezone.now()
    invoice.save()
    return invoice


def mark_uncollectible(*, invoice: Invoice) -> Invoice:
    """Give up hope for the money, not the claim. Raises `InvalidTransition`."""
    require_transition(invoice, Invoice.Status.UNCOLLECTIBLE, "marked uncollectible")
    invoice.status = Invoice.Status.UNCOLLECTIBLE
    invoice.save()
    return invoice


def delete_invoice(*, invoice: Invoice) -> None:
    """Only a draft can go; a number stays for ever. Raises `InvalidTransition`."""
    if invoice.status != Invoice.Status.DRAFT:
        raise InvalidTransition(invoice, "deleted; void it instead")
    invoice.delete()


def credit_invoice(*, invoice: Invoice, amount: int | None = None, reason: str = "") -> CreditNote:
    """Give back a part of a final invoice, the rest of it by default. Raises `InvalidTransition`, `AmountTooLarge`."""
    if invoice.status in (Invoice.Status.DRAFT, Invoice.Status.VOID):
        raise InvalidTransition(invoice, "credited")
    left = invoice.total - invoice.amount_credited
    credited = left if amount is None else amount
    if credited > left or left == 0:
        raise AmountTooLarge(left)
    with transaction.atomic():
        note = CreditNote.objects.create(invoice=invoice, amount=credited, reason=reason)
        invoice.amount_credited += credited
        if invoice.can_become(Invoice.Status.PAID):
            settle(invoice)
        invoice.save()
    return note


def create_product(*, role: str, **fields: Any) -> Product:
    """Add to the catalogue. Raises `PriceNotYours`."""
    require_catalogue_keeper(role)
    return Product.objects.create(**fields)


def edit_product(*, product: Product, role: str, **changes: Any) -> Product:
    """Change a product; invoices keep the price they were made with. Raises `PriceNotYours` for another price."""
    if any(changes[name] != getattr(product, name) for name in PRICE_FIELDS & changes.keys()):
        require_catalogue_keeper(role)
    for name, value in changes.items():
        setattr(product, name, value)
    product.save()
    return product


def require_catalogue_keeper(role: str) -> None:
    if role not in CATALOGUE_KEEPERS:
        raise PriceNotYours("Only owners, admins and billing set a product's price and tax; ask one of them.")


def remove_product(*, product: Product) -> None:
    """Delete a product that was never sold; archive one that was."""
    if InvoiceLine.objects.filter(product=product).exists():
        product.is_active = False
        product.save()
    else:
        product.delete()

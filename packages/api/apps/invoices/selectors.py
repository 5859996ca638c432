"""What an organisation is owed, and an invoice as it is printed."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency, get_currency_precision, get_currency_symbol
from django.db.models import Count, F, Q, Sum

from apps.invoices.models import TAX_SCALE, Invoice

SPACED = "\N{CURRENCY SIGN}\N{NO-BREAK SPACE}#,##0.00"
OPEN = F("total") - F("amount_paid") - F("amount_credited")


def billing_summary() -> list[dict[str, Any]]:
    """One row for each currency: counts, and sums in minor units (bounded by the number of currencies)."""
    pending = Q(status=Invoice.Status.PENDING)
    rows = Invoice.objects.values("currency").annotate(
        draft_count=Count("pk", filter=Q(status=Invoice.Status.DRAFT)),
        pending_count=Count("pk", filter=pending),
        overdue_count=Count("pk", filter=pending & Q(due_date__lt=Invoice.today())),
        paid_count=Count("pk", filter=Q(status=Invoice.Status.PAID)),
        outstanding=Sum(OPEN, filter=pending, default=0),
        overdue=Sum(OPEN, filter=pending & Q(due_date__lt=Invoice.today()), default=0),
        collected=Sum("amount_paid", default=0),
        uncollectible=Sum(OPEN, filter=Q(status=Invoice.Status.UNCOLLECTIBLE), default=0),
    )
    return [dict(row) for row in rows.order_by("currency")]


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line as a reader sees it."""

    name: str
    sku: str
    quantity: int
    unit_amount: str
    tax_percent: str
    amount: str


def money(amount: int, currency: str) -> str:
    """Minor units as people write them: 1999 EUR is €19.99, 1999 JPY is ¥1,999, 1999 KWD is KWD 1.999."""
    value = Decimal(amount).scaleb(-get_currency_precision(currency))
    # A currency without a sign of its own is written by its code, with a space that does not break.
    pattern = SPACED if get_currency_symbol(currency, "en")[-1].isalpha() else None
    return format_currency(value, currency, pattern, locale="en")


def percent(basis_points: int) -> str:
    return f"{(Decimal(basis_points) * 100 / TAX_SCALE).normalize():f} %"


def printed(invoice: Invoice) -> dict[str, Any]:
    """The template's context: texts and formatted amounts only."""
    amounts = ("subtotal", "discount", "tax", "total", "amount_paid", "amount_credited", "amount_due")
    return {
        "invoice": invoice,
        "seller": invoice.organization.name,
        "lines": list(_lines(invoice)),
        **{name: money(getattr(invoice, name), invoice.currency) for name in amounts},
    }


def _lines(invoice: Invoice) -> Iterable[PrintedLine]:
    for line in invoice.lines.all():
        yield PrintedLine(
            line.name,
            line.sku,
            line.quantity,
            money(line.unit_amount, invoice.currency),
            percent(line.tax_basis_points),
            money(line.amount, invoice.currency),
        )

"""A catalogue, and the invoices that are made from it. All amounts are integers in the currency's minor unit."""

from datetime import date
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from contract.fields import PrefixedIdField
from contract.tenancy import TenantModel

MAX_UNIT_AMOUNT = 10_000_000_000
MAX_QUANTITY = 1_000_000
# The largest integer that every JSON reader keeps exact (RFC 8259 §6).
MAX_TOTAL = 2**53 - 1
TAX_SCALE = 10_000


class CurrencyField(models.CharField):  # type: ignore[type-arg]
    """An ISO 4217 code."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**{"max_length": 3, "validators": [RegexValidator(r"^[A-Z]{3}\Z")], **kwargs})  # type: ignore[arg-type]


class Product(TenantModel):
    """Something that is sold, under its stock keeping unit."""

    id = PrefixedIdField("prod")
    sku = models.CharField(max_length=64, validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")])
    name = models.CharField(max_length=255)
    unit_amount = models.BigIntegerField(validators=[MinValueValidator(0), MaxValueValidator(MAX_UNIT_AMOUNT)])
    currency = CurrencyField()
    tax_basis_points = models.IntegerField(default=0, validators=[MinValueValidator(0), MaxValueValidator(TAX_SCALE)])
    is_active = models.BooleanField(default=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "sku"],
                name="product_sku_unique",
                violation_error_message="Another product has this SKU.",
            ),
            models.CheckConstraint(
                condition=Q(unit_amount__gte=0, unit_amount__lte=MAX_UNIT_AMOUNT), name="product_amount_in_range"
            ),
            models.CheckConstraint(
                condition=Q(tax_basis_points__gte=0, tax_basis_points__lte=TAX_SCALE), name="product_tax_in_range"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "created_at", "id"], name="product_by_created_at"),
            models.Index(fields=["organization", "name", "id"], name="product_by_name"),
        ]

    def __str__(self) -> str:
        return self.sku


class Invoice(TenantModel):
    """A claim against a customer: a draft until it is finalised, then numbered and frozen."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        PENDING = "pending"
        PAID = "paid"
        VOID = "void"
        UNCOLLECTIBLE = "uncollectible"

    TRANSITIONS: ClassVar[dict[str, frozenset[str]]] = {
        "draft": frozenset({"pending"}),
        "pending": frozenset({"paid", "void", "uncollectible"}),
        "uncollectible": frozenset({"paid", "void"}),
        "paid": frozenset(),
        "void": frozenset(),
    }

    id = PrefixedIdField("inv")
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="+")
    customer_name = models.CharField(max_length=255, blank=True)
    customer_email = models.EmailField()
    number = models.CharField(max_length=20, null=True)
    status = models.CharField(max_length=13, choices=Status, default=Status.DRAFT)
    currency = CurrencyField()
    subtotal = models.BigIntegerField()
    discount = models.BigIntegerField(default=0)
    tax = models.BigIntegerField()
    total = models.BigIntegerField()
    amount_paid = models.BigIntegerField(default=0)
    amount_credited = models.BigIntegerField(default=0)
    due_in_days = models.IntegerField(default=30)
    due_date = models.DateField()
    memo = models.TextField(max_length=2000, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    finalized_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], name="invoice_number_unique"),
            models.CheckConstraint(
                condition=Q(total=F("subtotal") - F("discount") + F("tax")), name="invoice_total_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(discount__gte=0, discount__lte=F("subtotal"), tax__gte=0, total__lte=MAX_TOTAL),
                name="invoice_amounts_in_range",
            ),
            models.CheckConstraint(
                condition=Q(amount_paid__gte=0, amount_paid__lte=F("total")), name="invoice_paid_within_total"
            ),
            models.CheckConstraint(
                condition=Q(amount_credited__gte=0, amount_credited__lte=F("total")),
                name="invoice_credited_within_total",
            ),
            models.CheckConstraint(
                condition=Q(status="draft", number=None) | (~Q(status="draft") & Q(number__isnull=False)),
                name="invoice_numbered_when_final",
            ),
            models.CheckConstraint(
                condition=~Q(status="paid") | Q(total__lte=F("amount_paid") + F("amount_credited")),
                name="invoice_paid_in_full",
            ),
            models.CheckConstraint(condition=~Q(status="void") | Q(amount_paid=0), name="invoice_void_unpaid"),
        ]
        indexes = [
            models.Index(fields=["organization", "created_at", "id"], name="invoice_by_created_at"),
            models.Index(fields=["organization", "due_date", "id"], name="invoice_by_due_date"),
            models.Index(fields=["organization", "total", "id"], name="invoice_by_total"),
            models.Index("organization", Coalesce("number", Value("")), "id", name="invoice_by_number"),
            models.Index(fields=["organization", "status", "created_at", "id"], name="invoice_by_status_and_time"),
            models.Index(fields=["customer", "created_at", "id"], name="invoice_by_customer"),
        ]

    def __str__(self) -> str:
        return self.number or self.pk

    @property
    def amount_due(self) -> int:
        """What is still to be paid, in minor units; nothing once it is void."""
        if self.status == self.Status.VOID:
            return 0
        return max(0, self.total - self.amount_paid - self.amount_credited)

    @property
    def is_overdue(self) -> bool:
        return self.status == self.Status.PENDING and self.due_date < self.today()

    @staticmethod
    def today() -> date:
        """The date that terms of payment are counted from, in UTC."""
        return timezone.now().date()

    def can_become(self, status: str) -> bool:
        return status in self.TRANSITIONS[self.status]


class InvoiceLine(TenantModel):
    """One position of an invoice: the product as it was when the line was made."""

    invoice = models.ForeignKey("invoices.Invoice", on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey("invoices.Product", on_delete=models.PROTECT, related_name="+")
    position = models.IntegerField()
    sku = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    quantity = models.IntegerField()
    unit_amount = models.BigIntegerField()
    tax_basis_points = models.IntegerField()
    amount = models.BigIntegerField()
    tax = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_position_unique"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MAX_QUANTITY), name="invoice_line_quantity_in_range"
            ),
            models.CheckConstraint(
                condition=Q(amount=F("quantity") * F("unit_amount"), unit_amount__gte=0),
                name="invoice_line_amount_adds_up",
            ),
            models.CheckConstraint(condition=Q(tax__gte=0), name="invoice_line_tax_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"


class Payment(TenantModel):
    """Money that came in for an invoice."""

    id = PrefixedIdField("pay")
    invoice = models.ForeignKey("invoices.Invoice", on_delete=models.PROTECT, related_name="payments")
    amount = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [models.CheckConstraint(condition=Q(amount__gte=1), name="payment_amount_positive")]

    def __str__(self) -> str:
        return f"{self.amount} for {self.invoice_id}"


class CreditNote(TenantModel):
    """A correction of a final invoice: a part, or all, of its total is given back."""

    id = PrefixedIdField("cn")
    invoice = models.ForeignKey("invoices.Invoice", on_delete=models.PROTECT, related_name="credit_notes")
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [models.CheckConstraint(condition=Q(amount__gte=1), name="credit_note_amount_positive")]
        indexes = [
            models.Index(fields=["organization", "created_at", "id"], name="credit_note_by_created_at"),
            models.Index(fields=["invoice", "created_at", "id"], name="credit_note_by_invoice"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of {self.invoice_id}"


class InvoiceSequence(TenantModel):
    """The last invoice number of an organisation; its row lock makes numbers gapless."""

    last = models.IntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization"], name="invoice_sequence_unique")]

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.last}"

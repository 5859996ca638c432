from typing import Any

from babel.numbers import list_currencies
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.invoices.models import MAX_QUANTITY, MAX_TOTAL, MAX_UNIT_AMOUNT, CreditNote, Invoice, InvoiceLine, Product
from apps.invoices.services import Item
from contract.serializers import (
    BoundedListField,
    MetadataField,
    ResourceSerializer,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)

MAX_ITEMS = 500
CURRENCIES = sorted(list_currencies())


@extend_schema_field({"type": "string", "enum": CURRENCIES, "example": "EUR"}, component_name="Currency")
class CurrencyInput(serializers.CharField):
    """An ISO 4217 code in capitals."""

    default_error_messages = {"invalid": "A currency is an ISO 4217 code, such as EUR."}

    def to_internal_value(self, data: Any) -> str:
        if data not in CURRENCIES:
            self.fail("invalid")
        return str(data)


class ProductSerializer(ResourceSerializer[Product]):
    currency = CurrencyInput()

    class Meta:
        model = Product
        fields = [
            "id", "sku", "name", "unit_amount", "currency", "tax_basis_points", "is_active", "metadata",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "created_at", "updated_at"]


class InvoiceLineSerializer(ResourceSerializer[InvoiceLine]):
    qty = StrictIntegerField(source="quantity", read_only=True)

    class Meta:
        model = InvoiceLine
        fields = ["sku", "name", "qty", "unit_amount", "tax_basis_points", "amount", "tax"]
        read_only_fields = fields


class InvoiceSerializer(ResourceSerializer[Invoice]):
    customer_id = serializers.CharField(read_only=True)
    amount_due = serializers.IntegerField(read_only=True)
    is_overdue = serializers.BooleanField(read_only=True)
    items = InvoiceLineSerializer(source="lines", many=True, read_only=True)

    class Meta:
        model = Invoice
        fields = [
            "id", "number", "status", "customer_id", "customer_name", "customer_email", "currency", "items",
            "subtotal", "discount", "tax", "total", "amount_paid", "amount_credited", "amount_due",
            "due_in_days", "due_date", "is_overdue", "memo", "metadata",
            "created_at", "updated_at", "finalized_at", "paid_at", "voided_at",
        ]  # fmt: skip
        read_only_fields = fields


class ItemInput(StrictSerializer):
    sku = StrictCharField(max_length=64)
    qty = StrictIntegerField(min_value=1, max_value=MAX_QUANTITY)
    unit_amount = StrictIntegerField(min_value=0, max_value=MAX_UNIT_AMOUNT, required=False)

    def to_internal_value(self, data: Any) -> Any:
        return Item(**super().to_internal_value(data))


class InvoiceEditInput(StrictSerializer):
    """What can be said about a draft; a final invoice takes memo and metadata only."""

    items = BoundedListField(child=ItemInput(), min_length=1, max_length=MAX_ITEMS)
    currency = CurrencyInput(required=False)
    due_in_days = StrictIntegerField(min_value=0, max_value=3650, required=False)
    discount = StrictIntegerField(min_value=0, max_value=MAX_TOTAL, required=False)
    memo = StrictCharField(max_length=2000, allow_blank=True, required=False)
    metadata = MetadataField(required=False)


class InvoiceCreateInput(InvoiceEditInput):
    customer_id = StrictCharField(max_length=64)
    draft = StrictBooleanField(required=False)


class PaymentInput(StrictSerializer):
    amount = StrictIntegerField(min_value=1, max_value=MAX_TOTAL, required=False)


class CreditInput(StrictSerializer):
    amount = StrictIntegerField(min_value=1, max_value=MAX_TOTAL, required=False)
    reason = StrictCharField(max_length=255, allow_blank=True, required=False)


class CreditNoteSerializer(ResourceSerializer[CreditNote]):
    invoice_id = serializers.CharField(read_only=True)

    class Meta:
        model = CreditNote
        fields = ["id", "invoice_id", "amount", "reason", "created_at"]
        read_only_fields = fields


class CurrencySummarySerializer(StrictSerializer):
    """One currency's figures; sums are in minor units."""

    currency = serializers.CharField(max_length=3)
    draft_count = serializers.IntegerField()
    pending_count = serializers.IntegerField()
    overdue_count = serializers.IntegerField()
    paid_count = serializers.IntegerField()
    outstanding = serializers.IntegerField()
    overdue = serializers.IntegerField()
    collected = serializers.IntegerField()
    uncollectible = serializers.IntegerField()


class BillingSummarySerializer(StrictSerializer):
    currencies = CurrencySummarySerializer(many=True)

from typing import Any, cast

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.invoices import selectors, services
from apps.invoices.models import CreditNote, Invoice, Product
from apps.invoices.serializers import (
    BillingSummarySerializer,
    CreditInput,
    CreditNoteSerializer,
    InvoiceCreateInput,
    InvoiceEditInput,
    InvoiceSerializer,
    PaymentInput,
    ProductSerializer,
)
from contract.commands import Command
from contract.endpoints import Endpoint
from contract.filtering import SortKey
from contract.resources import Resource

# Inline styles only: a page that people save and send must not load anything.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


class ProductViewSet(Resource[Product]):
    """What your organization sells. A product that stands on an invoice is archived instead of deleted."""

    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    scopes = "invoices"
    filter_fields = {"sku": ["exact", "in"], "currency": ["exact"], "is_active": ["exact"]}
    sort_fields = ["created_at", "name"]

    def perform_create(self, serializer: Any) -> Product:
        return services.create_product(role=self.membership.role, **serializer.validated_data)

    def perform_update(self, serializer: Any) -> Product:
        role = self.membership.role
        return services.edit_product(product=serializer.instance, role=role, **serializer.validated_data)

    def perform_destroy(self, instance: Product) -> None:
        services.remove_product(product=instance)


class InvoiceViewSet(Resource[Invoice]):
    """Invoices: drafts until they are finalized, then numbered without gaps and frozen."""

    queryset = Invoice.objects.prefetch_related("lines")
    serializer_class = InvoiceSerializer
    input_serializers = {"create": InvoiceCreateInput, "partial_update": InvoiceEditInput}
    scopes = "invoices"
    idempotency_by_action = {"create": "required"}
    filter_fields = {
        "status": ["exact", "in"],
        "customer_id": ["exact"],
        "currency": ["exact"],
        "created_at": ["gt", "gte", "lt", "lte"],
        "due_date": ["exact", "gt", "gte", "lt", "lte"],
    }
    filter_values = {"status": {"open": "pending"}}
    sort_fields = {
        "created_at": SortKey("created_at"),
        "due_date": SortKey("due_date"),
        "total": SortKey("total"),
        "number": SortKey("number", null_as=""),
    }

    def perform_create(self, serializer: Any) -> Invoice:
        return services.create_invoice(role=self.membership.role, **serializer.validated_data)

    def perform_update(self, serializer: Any) -> Invoice:
        role = self.membership.role
        return services.edit_invoice(invoice=serializer.instance, role=role, **serializer.validated_data)

    def perform_destroy(self, instance: Invoice) -> None:
        services.delete_invoice(invoice=instance)


class InvoicesOfCustomer(InvoiceViewSet):
    """The invoices of one customer."""

    http_method_names = ["get", "head", "options"]
    parent_field = "customer"


class InvoiceCommand(Command):
    resource = InvoiceViewSet
    row_name = "invoice"
    scopes = "invoices"


class FinalizeView(InvoiceCommand):
    """Number a draft and freeze it."""

    service = services.finalize_invoice


class PayView(InvoiceCommand):
    """Record a payment, of all that is due or of a part."""

    service = services.pay_invoice
    input_serializer = PaymentInput
    idempotency = "required"


class VoidView(InvoiceCommand):
    """Withdraw a final invoice."""

    service = services.void_invoice


class MarkUncollectibleView(InvoiceCommand):
    """Say that an invoice will hardly be paid."""

    service = services.mark_uncollectible


class CreditNoteViewSet(Resource[CreditNote]):
    """Credit notes, of all invoices."""

    queryset = CreditNote.objects.all()
    serializer_class = CreditNoteSerializer
    scopes = "invoices"
    http_method_names = ["get", "head", "options"]
    filter_fields = {"invoice_id": ["exact"]}


class CreditNotesOfInvoice(CreditNoteViewSet):
    """The credit notes of one invoice. A new one gives back all that is left of it, or a part."""

    http_method_names = ["get", "post", "head", "options"]
    input_serializers = {"create": CreditInput}
    idempotency_by_action = {"create": "required"}
    parent_field = "invoice"

    def perform_create(self, serializer: Any) -> CreditNote:
        return services.credit_invoice(invoice=cast(Invoice, self.get_parent()), **serializer.validated_data)

    def location(self, instance: CreditNote) -> str:
        return reverse("credit-notes-detail", kwargs={"id": instance.pk})


class PrintView(Endpoint):
    """The invoice as a page to print or send."""

    scopes = "invoices"

    @extend_schema(responses={(200, "text/html"): OpenApiTypes.STR})
    def get(self, request: Request, id: str) -> HttpResponse:
        """The invoice as a page to print or send."""
        rows = InvoiceViewSet(request=request, kwargs={"id": id}, action="retrieve")
        page = render(request._request, "invoices/invoice.html", selectors.printed(rows.get_object()))
        page["Content-Security-Policy"] = PAGE_POLICY
        return page


class BillingSummaryView(Endpoint):
    scopes = "invoices"

    @extend_schema(responses=BillingSummarySerializer)
    def get(self, request: Request) -> Response:
        """What is owed, overdue and collected, by currency."""
        return Response({"currencies": selectors.billing_summary()})

from typing import Any

import factory

from apps.customers.tests.factories import CustomerFactory
from apps.invoices import services
from apps.invoices.models import CreditNote, Invoice, Product


class ProductFactory(factory.django.DjangoModelFactory[Product]):
    class Meta:
        model = Product

    sku = factory.Sequence(lambda number: f"sku-{number}")
    name = factory.Sequence(lambda number: f"Product {number}")
    unit_amount = 1000
    currency = "EUR"
    tax_basis_points = 1900


class InvoiceFactory(factory.django.DjangoModelFactory[Invoice]):
    """A final invoice, made as customers make it."""

    class Meta:
        model = Invoice

    @staticmethod
    def request_body() -> dict[str, Any]:
        """What a client sends to make a draft."""
        items = [{"sku": ProductFactory().sku, "qty": 2}]
        return {"customer_id": CustomerFactory().pk, "items": items, "draft": True}

    @classmethod
    def _create(cls, model_class: type[Invoice], *args: Any, **fields: Any) -> Invoice:
        product = fields.pop("product", None) or ProductFactory()
        customer = fields.pop("customer", None) or CustomerFactory()
        stored = {name: fields.pop(name) for name in ("created_at",) if name in fields}
        items = [services.Item(sku=product.sku, qty=fields.pop("qty", 1))]
        invoice = services.create_invoice(customer_id=customer.pk, items=items, role="owner", **fields)
        Invoice.objects.filter(pk=invoice.pk).update(**stored)
        return Invoice.objects.get(pk=invoice.pk)


class CreditNoteFactory(factory.django.DjangoModelFactory[CreditNote]):
    class Meta:
        model = CreditNote

    invoice = factory.SubFactory(InvoiceFactory)
    amount = 1

"""The demo world's catalogue, and invoices in every state."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from apps.invoices import services
from apps.invoices.models import Invoice, Product
from contract.demo import World
from contract.tenancy import tenant_scope

COUNT = 320
CATALOGUE = [
    ("sku_1", "Standard licence", 4_900, 1900),
    ("sku_2", "Team licence", 19_900, 1900),
    ("sku_3", "Onboarding day", 120_000, 1900),
    ("sku_4", "Support hour", 9_500, 700),
    ("sku_5", "Handbook", 2_499, 0),
]
FATES = [
    "draft",
    "pending",
    "pending",
    "paid",
    "paid",
    "paid",
    "partly",
    "void",
    "uncollectible",
    "credited",
    "overdue",
]


def seed(world: World) -> None:
    for organization in world.organizations:
        with tenant_scope(organization.id), transaction.atomic():
            if not Product.objects.exists():
                world.report(f"Seeding {COUNT} invoices of {organization.name} …")
                _catalogue()
                _invoices(world)


def _catalogue() -> None:
    for sku, name, amount, tax in CATALOGUE:
        Product.objects.create(sku=sku, name=name, unit_amount=amount, currency="EUR", tax_basis_points=tax)
    Product.objects.create(sku="sku_old", name="Retired box", unit_amount=900, currency="EUR", is_active=False)
    Product.objects.create(sku="sku_jpy", name="Bento", unit_amount=1_200, currency="JPY", tax_basis_points=800)


def _invoices(world: World) -> None:
    customers: Any = Invoice._meta.get_field("customer").related_model
    active = list(customers.objects.filter(status="active").values_list("pk", flat=True))
    for _ in range(COUNT):
        items = [
            services.Item(sku=sku, qty=world.random.randint(1, 9))
            for sku, *_ in world.random.sample(CATALOGUE, world.random.randint(1, 3))
        ]
        fate = world.random.choice(FATES)
        invoice = services.create_invoice(
            customer_id=world.random.choice(active), items=items, role="owner", draft=fate == "draft"
        )
        _meet(invoice, fate)
        _age(world, invoice, fate)


def _meet(invoice: Invoice, fate: str) -> None:
    match fate:
        case "paid":
            services.pay_invoice(invoice=invoice)
        case "partly":
            services.pay_invoice(invoice=invoice, amount=invoice.total // 3)
        case "void":
            services.void_invoice(invoice=invoice)
        case "uncollectible":
            services.mark_uncollectible(invoice=invoice)
        case "credited":
            services.credit_invoice(invoice=invoice, amount=invoice.total // 2, reason="Goodwill")


def _age(world: World, invoice: Invoice, fate: str) -> None:
    days = world.random.randint(40, 90) if fate == "overdue" else world.random.randint(0, 25)
    invoice.created_at = world.now - timedelta(days=days)
    if invoice.finalized_at:
        invoice.finalized_at = invoice.created_at
    invoice.due_date = invoice.created_at.date() + timedelta(days=invoice.due_in_days)
    invoice.save()

"""Makes two people of two organisations and prints how they sign in, in the Web Fuzzing Commons form."""

import json
import secrets
import sys

import django

django.setup()

from apps.authentication.models import User  # noqa: E402 - models can be imported only after the setup
from apps.customers.models import Customer  # noqa: E402
from apps.invoices.models import CreditNote, Product  # noqa: E402
from apps.invoices.services import Item, create_invoice  # noqa: E402
from apps.tenants.models import Membership, Organization  # noqa: E402
from contract.tenancy import tenant_scope  # noqa: E402
from django.db import transaction  # noqa: E402


def person(name: str) -> dict[str, object]:
    """The sign-in of a new owner of a new organisation."""
    password = secrets.token_urlsafe(24)
    user = User.objects.create_user(username=name, email=f"{name}@example.com", password=password)
    organization = Organization.objects.create(name=f"The organisation of {name}")
    Membership.objects.create(user=user, organization=organization, role=Membership.Role.OWNER)
    return {
        "name": name,
        "loginEndpointAuth": {
            "endpoint": "/api/v1/auth/login/",
            "verb": "POST",
            "contentType": "application/json",
            "payloadRaw": json.dumps({"login": name, "password": password}),
            "token": {
                "extractFrom": "body",
                "extractSelector": "/access",
                "sendIn": "header",
                "sendName": "Authorization",
                "sendTemplate": "Bearer {token}",
            },
        },
    }


def credited_invoice() -> None:
    """The credit note that the schema's examples name, so that they meet one."""
    with tenant_scope(Organization.objects.get(memberships__user__username="owner").pk), transaction.atomic():
        customer = Customer.objects.create(email="credited@example.com")
        Product.objects.create(sku="CREDITED-1", name="A chair", unit_amount=4900, currency="EUR")
        invoice = create_invoice(customer_id=customer.pk, items=[Item(sku="CREDITED-1", qty=1)], role="owner")
        CreditNote.objects.create(id="cn_0123456789abcdefghijkl", invoice=invoice, amount=1)


users = [person("owner"), person("outsider")]
credited_invoice()
json.dump({"schemaVersion": "0.2.0", "auth": users}, sys.stdout)

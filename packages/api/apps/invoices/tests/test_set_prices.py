"""Who sets the prices of the catalogue, and who gives a discount."""

from typing import Any

import pytest

from apps.invoices.tests.factories import InvoiceFactory, ProductFactory
from conftest import Member, member_of

PRODUCTS = "/api/v1/products/"
NEW = {"sku": "new", "name": "New", "unit_amount": 1, "currency": "EUR"}
PRICES = [{"unit_amount": 1}, {"currency": "JPY"}, {"tax_basis_points": 0}]


@pytest.fixture
def product(owner: Member) -> str:
    with owner.rows():
        return f"{PRODUCTS}{ProductFactory().pk}/"


@pytest.mark.parametrize("price", PRICES, ids=str)
def test_a_member_leaves_prices_alone(price: dict[str, Any], product: str, owner: Member, teammate: Member) -> None:
    before = owner.client.get(product).json()

    refused = teammate.client.patch(product, {**price, "name": "Cheap"})

    assert (refused.status_code, refused.json()["code"]) == (403, "price-override-forbidden")
    assert owner.client.get(product).json() == before


def test_a_member_adds_no_product(teammate: Member) -> None:
    assert teammate.client.post(PRODUCTS, NEW).json()["code"] == "price-override-forbidden"
    assert teammate.client.get(PRODUCTS).json()["data"] == []


def test_a_member_may_put_back_what_was_read(product: str, teammate: Member) -> None:
    read = teammate.client.get(product).json()

    answer = teammate.client.patch(product, {**read, "name": "Another name"})

    assert (answer.status_code, answer.json()["name"]) == (200, "Another name")


@pytest.mark.parametrize("price", PRICES, ids=str)
@pytest.mark.parametrize("role", ["owner", "admin", "billing"])
def test_those_who_set_prices_keep_the_catalogue(role: str, price: dict[str, Any], product: str, owner: Member) -> None:
    client = member_of(owner.organization, role).client

    assert client.post(PRODUCTS, NEW).status_code == 201
    assert client.patch(product, price).json().items() >= price.items()


def test_a_key_that_writes_keeps_the_catalogue(product: str, owner: Member) -> None:
    client = owner.key_client("invoices:write")

    assert client.post(PRODUCTS, NEW).status_code == 201
    assert client.patch(product, {"unit_amount": 1}).json()["unit_amount"] == 1


def test_whoever_edits_a_draft_gives_a_discount(owner: Member, teammate: Member) -> None:
    with owner.rows():
        invoice = InvoiceFactory(draft=True)

    assert teammate.client.patch(f"/api/v1/invoices/{invoice.pk}/", {"discount": 1}).json()["discount"] == 1

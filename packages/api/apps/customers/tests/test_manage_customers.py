"""Customers, as document 003 shows them."""

from typing import Any

import pytest
from django.db import IntegrityError

from apps.customers.models import Customer
from apps.customers.tests.factories import CustomerFactory
from conftest import Member

CUSTOMERS = "/api/v1/customers/"


def test_a_new_customer_is_active(owner: Member) -> None:
    document = owner.client.post(CUSTOMERS, {"email": "a@example.com"}).json()

    assert document["id"].startswith("cust_")
    assert len(document["id"]) == 27
    assert (document["status"], document["name"], document["metadata"]) == ("active", "", {})
    assert document["created_at"].endswith("Z")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nonsense"),
        ("email", ""),
        ("email", None),
        ("email", f"{'a' * 250}@example.com"),
        ("email", "a@example.com\nBcc: b@example.com"),
        ("name", "x" * 256),
        ("name", "a\x00b"),
        ("name", None),
        ("status", "deleted"),
        ("status", "Active"),
        ("status", None),
        ("metadata", []),
        ("metadata", "text"),
        ("metadata", {"nested": {"a": 1}}),
        ("metadata", {"list": [1]}),
        ("metadata", {"": "empty name"}),
        ("metadata", {"x" * 41: "long name"}),
        ("metadata", {"long value": "x" * 501}),
        ("metadata", {str(number): 1 for number in range(51)}),
    ],
)
def test_refuses_a_bad_value_and_names_the_field(field: str, value: Any, owner: Member) -> None:
    answer = owner.client.post(CUSTOMERS, {"email": "a@example.com", field: value})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"].startswith(f"#/{field}")
    assert owner.client.get(CUSTOMERS).json()["meta"]["total"] == 0


def test_metadata_holds_plain_values(owner: Member) -> None:
    metadata = {"text": "\U0001f600 \u00e9", "number": 1.5, "flag": True, "nothing": None, "big": 2**53}

    created = owner.client.post(CUSTOMERS, {"email": "a@example.com", "metadata": metadata})

    assert created.json()["metadata"] == metadata


def test_an_archived_customer_frees_the_address(owner: Member) -> None:
    first = owner.client.post(CUSTOMERS, {"email": "a@example.com"})
    assert owner.client.post(CUSTOMERS, {"email": "A@EXAMPLE.com"}).status_code == 400

    owner.client.patch(first.headers["Location"], {"status": "archived"})

    assert owner.client.post(CUSTOMERS, {"email": "a@example.com"}).status_code == 201
    back = owner.client.patch(first.headers["Location"], {"status": "active"})
    assert back.status_code == 400


def test_two_organizations_may_know_the_same_address(owner: Member, outsider: Member) -> None:
    for member in (owner, outsider):
        assert member.client.post(CUSTOMERS, {"email": "a@example.com"}).status_code == 201


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"filter[status]": "active"}, 2),
        ({"filter[status.in]": "inactive,archived"}, 2),
        ({"filter[email]": "c-1@example.com"}, 1),
        ({"filter[created_at.gte]": "2000-01-01T00:00:00Z"}, 4),
        ({"filter[created_at.lt]": "2000-01-01T00:00:00+02:00"}, 0),
    ],
)
def test_filters(query: dict[str, str], count: int, owner: Member) -> None:
    with owner.rows():
        for number, status in enumerate(["active", "active", "inactive", "archived"]):
            CustomerFactory(email=f"c-{number}@example.com", status=status)

    assert owner.client.get(CUSTOMERS, query).json()["meta"]["total"] == count


def test_the_database_knows_the_statuses(owner: Member) -> None:
    with owner.rows(), pytest.raises(IntegrityError):
        Customer.objects.create(email="a@example.com", status="deleted")

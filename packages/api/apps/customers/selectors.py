"""Customers, for the domains that build on them."""

from django.core.exceptions import ObjectDoesNotExist, ValidationError

from apps.customers.models import Customer


def find_customer(customer_id: str) -> Customer | None:
    """The customer of the tenant in scope with this id, None when there is none."""
    try:
        return Customer.objects.get(pk=customer_id)
    except (ObjectDoesNotExist, ValidationError):
        return None

"""Which organisation a person may act for."""

from typing import Any

from django.db.models import QuerySet

from apps.tenants.models import Membership


def find_memberships(user: Any, organization: Any = None, slug: Any = None) -> QuerySet[Membership, tuple[Any, str]]:
    """(organization, role) of a person's places in active organisations; with an id or a slug only in that one."""
    rows = Membership.objects.filter(user=user, organization__is_active=True).order_by("pk")
    if organization is not None:
        rows = rows.filter(organization=organization)
    if slug is not None:
        rows = rows.filter(organization__slug=slug)
    return rows.values_list("organization_id", "role")

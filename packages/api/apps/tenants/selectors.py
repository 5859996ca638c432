"""Which organisation a person may act for."""

from uuid import UUID

from django.db.models import Q

from apps.tenants.models import Membership as MembershipRow
from contract.permissions import Membership


def find_tenant(user_id: str, wanted: str) -> list[Membership]:
    """The person's memberships in active organisations; with `wanted` (id or slug) only that one."""
    rows = MembershipRow.objects.filter(user_id=user_id, organization__is_active=True)
    if wanted:
        rows = rows.filter(_names(wanted))
    return [Membership(tenant, role) for tenant, role in rows.order_by("pk").values_list("organization_id", "role")]


def _names(wanted: str) -> Q:
    try:
        return Q(organization_id=UUID(wanted))
    except ValueError:
        return Q(organization__slug=wanted)

"""Memberships: the organisations that a principal may act for, as the app of the tenants finds them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

# (user=…, organization=…, slug=…) → (tenant, role) of the memberships that fit.
TenantFinder = Callable[..., QuerySet[Any, Any]]
# No more need to be read to know that there are several.
SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Membership:
    """The organisation that a principal acts for, and as what: a member's role, or the kind of a machine."""

    tenant: UUID
    role: str


@cache
def finder() -> TenantFinder:
    return import_string(settings.CONTRACT["TENANT_FINDER"])  # type: ignore[no-any-return]


def find(user_id: str, wanted: str) -> tuple[Membership, ...]:
    """The memberships of a person who came in by a session cookie, and so by no gate."""
    return tuple(Membership(*row) for row in finder()(user=user_id, **named(wanted))[:SEVERAL])


def named(wanted: str) -> dict[str, Any]:
    """What `X-Organization` names an organisation by: its id, its slug, or nothing."""
    if not wanted:
        return {}
    try:
        return {"organization": UUID(wanted)}
    except ValueError:
        return {"slug": wanted}

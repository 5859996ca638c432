"""Who may: a known principal, with the scope that the resource names, acting for a tenant that it belongs to."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from contract import tenancy
from contract.authentication import InvalidCredentials, Principal
from contract.problems import Problem


class InsufficientScope(Problem):
    status_code = 403
    code = "insufficient-scope"
    title = "The credential lacks a scope"

    def __init__(self, scope: str) -> None:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        super().__init__(
            f"This needs the scope {scope}; use a credential that has it.", headers={"WWW-Authenticate": challenge}
        )


class OrganizationRequired(Problem):
    status_code = 400
    code = "organization-required"
    title = "The organization is not named"
    default_detail = "You belong to several organizations: name one by id or slug in the X-Organization header."


class NotAMember(Problem):
    status_code = 403
    code = "not-a-member"
    title = "The principal does not belong to the organization"
    default_detail = "You do not belong to this organization, or it does not exist."


@dataclass(frozen=True, slots=True)
class Membership:
    """The organisation that a principal acts for, and as what: a member's role, or the kind of a machine."""

    tenant: UUID
    role: str


TenantFinder = Callable[[str, str], list[Membership]]


@cache
def _find_tenant() -> TenantFinder:
    return import_string(settings.CONTRACT["TENANT_FINDER"])  # type: ignore[no-any-return]


class IsIdentified(BasePermission):
    """401, not 403, for whoever has shown no credential."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.auth, Principal):
            return True
        raise InvalidCredentials(
            "Send a credential: `Authorization: Bearer <token>` or `Authorization: Api-Key <key>`."
        )


class HasScope(BasePermission):
    """A machine needs `<scopes>:read` or `<scopes>:write`; without declared scopes it may not come in at all."""

    def has_permission(self, request: Request, view: Any) -> bool:
        principal: Principal = request.auth  # type: ignore[assignment]
        if principal.scopes is None:
            return True
        action = "read" if request.method in SAFE_METHODS else "write"
        scope = f"{view.scopes}:{action}" if view.scopes else "user"
        if scope not in principal.scopes:
            raise InsufficientScope(scope)
        return True


class ActsForTenant(BasePermission):
    """Enters the tenant of the credential, or of the membership that X-Organization names."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if view.tenancy != "tenant":
            return True
        principal: Principal = request.auth  # type: ignore[assignment]
        wanted = request.headers.get("X-Organization", "")
        membership = _bound(principal, wanted) if principal.tenant else _chosen(principal, wanted)
        tenancy.enter(membership.tenant)
        view.membership = membership
        return True


def _bound(principal: Principal, wanted: str) -> Membership:
    tenant = cast(UUID, principal.tenant)
    if wanted and wanted != str(tenant):
        raise NotAMember()
    return Membership(tenant, role=principal.kind)


def _chosen(principal: Principal, wanted: str) -> Membership:
    memberships = _find_tenant()(principal.id, wanted)
    if not memberships:
        raise NotAMember()
    if len(memberships) > 1:
        raise OrganizationRequired()
    return memberships[0]

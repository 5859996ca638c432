"""Who may: a known principal, with the scope that the resource names, acting for a tenant that it belongs to."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from contract import memberships, tenancy
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
        found = principal.memberships
        if found is None:
            found = memberships.find(principal.id, request.headers.get("X-Organization", ""))
        if not found:
            raise NotAMember()
        if len(found) > 1:
            raise OrganizationRequired()
        view.membership = found[0]
        tenancy.enter(view.membership.tenant)
        return True

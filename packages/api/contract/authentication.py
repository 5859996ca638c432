"""The dispatcher: one authenticator that picks the scheme by the kind of credential, so that none ends the chain."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from contract.memberships import Membership
from contract.problems import Problem

SESSION_KEY = re.compile(r"[a-z0-9]{32}")
CHALLENGE = 'Bearer realm="api", Api-Key realm="api"'


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: a person (`user`) or a machine (`api_key`, `oauth_client`), with what it may do.

    `scopes` is None for a person, whose rights are those of the account. `tenant` is set where the credential
    itself is bound to one. `session` is the id that ends with a logout. `memberships` are what the gate found, None
    where it was not asked.
    """

    kind: str
    id: str
    user: Any = None
    tenant: UUID | None = None
    scopes: frozenset[str] | None = None
    session: str | None = None
    memberships: tuple[Membership, ...] | None = None
    is_authenticated: bool = field(default=True, init=False)

    @property
    def label(self) -> str:
        return f"{self.kind}:{self.id}"


class InvalidCredentials(Problem):
    """Raised by the authenticators that settings name; always a 401 with a challenge."""

    status_code = 401
    code = "invalid-credentials"
    title = "Credentials are missing or not valid"
    default_detail = "The credential is unknown, expired or revoked; sign in again or use another key."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": CHALLENGE})


class CSRFFailed(Problem):
    status_code = 403
    code = "csrf-failed"
    title = "The CSRF check failed"
    default_detail = "Send the csrftoken cookie's value as X-CSRFToken, from an origin that is trusted."


# (credential, the organisation that the request asks for) → principal; see `Gate.open`.
Authenticator = Callable[[str, str | None], Principal]


@cache
def _authenticator(setting: str) -> Authenticator:
    return import_string(settings.CONTRACT[setting])  # type: ignore[no-any-return]


class Dispatcher(BaseAuthentication):
    """Bearer, then Api-Key (or X-Api-Key), then the session cookie; no credential is no principal."""

    def authenticate(self, request: Request) -> tuple[Any, Principal] | None:
        principal = self.identify(request)
        if principal is None:
            return None
        request._request.principal_label = principal.label  # type: ignore[attr-defined]
        # Not `or`, which would ask a lazy account for its truth and so make it.
        user = principal if principal.user is None else principal.user
        return user, principal

    def identify(self, request: Request) -> Principal | None:
        """Raises `InvalidCredentials` when a credential is there but not good."""
        wanted = self.wanted(request)
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        match scheme.lower():
            case "bearer":
                return _authenticator("BEARER_AUTHENTICATOR")(credential.strip(), wanted)
            case "api-key":
                return _authenticator("API_KEY_AUTHENTICATOR")(credential.strip(), wanted)
            case "":
                if key := request.headers.get("X-Api-Key"):
                    return _authenticator("API_KEY_AUTHENTICATOR")(key.strip(), wanted)
                return self.identify_session(request)
        raise InvalidCredentials("The Authorization header must be `Bearer <token>` or `Api-Key <key>`.")

    def wanted(self, request: Request) -> str | None:
        """The organisation that `X-Organization` names, None where the view needs none."""
        view = (request.parser_context or {})["view"]
        return request.headers.get("X-Organization", "") if view.tenancy == "tenant" else None

    def identify_session(self, request: Request) -> Principal | None:
        """Django's session, with the CSRF check that only cookies need."""
        # What Django never issued is not asked for: PostgreSQL takes no NUL, for one.
        if not SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            return None
        user = request._request.user
        if not user.is_authenticated:
            return None
        self.enforce_csrf(request)
        return Principal(kind="user", id=str(user.pk), user=user)

    def enforce_csrf(self, request: Request) -> None:
        check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]
        check.process_request(request._request)
        if reason := check.process_view(request._request, None, (), {}):  # type: ignore[arg-type]
            raise CSRFFailed(f"{CSRFFailed.default_detail} ({reason})")

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class OptionalDispatcher(Dispatcher):
    """For the few endpoints where a bad credential is the same as none (signing out)."""

    def identify(self, request: Request) -> Principal | None:
        try:
            return super().identify(request)
        except APIException:
            return None

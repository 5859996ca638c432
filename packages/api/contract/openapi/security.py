"""How a caller proves who it is, as the dispatcher reads it."""

from typing import Any

from django.conf import settings
from rest_framework.permissions import AllowAny

SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A person's access token from `POST /api/v1/auth/login/`. "
        "Short-lived, and checked as RFC8725 asks: algorithm, issuer, audience, expiry and use.",
    },
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Api-Key",
        "description": "A machine's key, bound to one organization and to scopes. "
        "`Authorization: Api-Key <key>` is the same.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": settings.SESSION_COOKIE_NAME,
        "description": "A browser's session. Writes need the `X-CSRFToken` header too.",
    },
}


def requirements(view: Any) -> list[dict[str, list[str]]]:
    """Any one of the schemes; none at all where strangers are let in."""
    known: list[dict[str, list[str]]] = [{name: []} for name in SCHEMES] if view.get_authenticators() else []
    is_open = any(isinstance(each, AllowAny) for each in view.get_permissions())
    return [*known, {}] if is_open else known

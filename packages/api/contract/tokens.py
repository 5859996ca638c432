"""First-party tokens: JSON Web Tokens signed with HS256 (RFC 7519, RFC 8725), by a list of keys that can rotate."""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.conf import settings

ALGORITHM = "HS256"
AUDIENCE = "slipway-api"
REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti", "sid", "token_use"]


class InvalidToken(Exception):
    """The token is malformed, expired, signed by no key of ours, or meant for something else."""


def key_id(key: str) -> str:
    """The `kid` of a key: it tells keys apart and says nothing about them."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def issue(use: str, lifetime: timedelta, *, subject: str, session: str, token_id: str | None = None) -> str:
    """A token for `use` (`access` or `refresh`), signed by the first key."""
    now = datetime.now(UTC)
    key = settings.JWT_SIGNING_KEYS[0]
    claims = {
        "iss": settings.PUBLIC_URL,
        "aud": AUDIENCE,
        "sub": subject,
        "sid": session,
        "jti": token_id or uuid.uuid4().hex,
        "token_use": use,
        "iat": now,
        "exp": now + lifetime,
    }
    return jwt.encode(claims, key, ALGORITHM, headers={"kid": key_id(key)})


def verify(token: str, use: str) -> dict[str, Any]:
    """The claims of a token of ours. Raises `InvalidToken`; only `kid`s from our own list choose a key."""
    keys = {key_id(key): key for key in settings.JWT_SIGNING_KEYS}
    try:
        key = keys[jwt.get_unverified_header(token).get("kid", "")]
        claims: dict[str, Any] = jwt.decode(
            token, key, [ALGORITHM], audience=AUDIENCE, issuer=settings.PUBLIC_URL, options={"require": REQUIRED}
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise InvalidToken(str(error)) from None
    if claims["token_use"] != use:
        raise InvalidToken(f"A token for {claims['token_use']} can't be used for {use}.")
    return claims

"""First-party tokens: JSON Web Tokens signed with HS256 (RFC 7519, RFC 8725), by a list of keys that can rotate."""

import hashlib
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.conf import settings

ALGORITHM = "HS256"
AUDIENCE = "slipway-api"
VERIFIED_SECONDS = 60
MOST_VERIFIED = 10_000
Keys = tuple[str, ...]
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


# Claims by the hash of their token, and until when they need no second look.
_verified: dict[tuple[bytes, Keys], tuple[float, dict[str, Any]]] = {}


def verify(token: str, use: str) -> dict[str, Any]:
    """The claims of a token of ours, to be read only. Raises `InvalidToken`.

    A signature is checked once a minute; whether the sign-in behind it still stands is asked on each request.
    """
    keys = tuple(settings.JWT_SIGNING_KEYS)
    cache_key = hashlib.blake2b(f"{use} {token}".encode(), digest_size=32).digest(), keys
    until, claims = _verified.get(cache_key, (0.0, {}))
    if until > time.time():
        return claims
    claims = _decode(token, keys)
    if claims["token_use"] != use:
        raise InvalidToken(f"A token for {claims['token_use']} can't be used for {use}.")
    if len(_verified) >= MOST_VERIFIED:
        _verified.clear()
    _verified[cache_key] = min(time.time() + VERIFIED_SECONDS, claims["exp"]), claims
    return claims


def _decode(token: str, keys: Keys) -> dict[str, Any]:
    # Only a `kid` from our own list chooses a key.
    known = {key_id(key): key for key in keys}
    try:
        key = known[jwt.get_unverified_header(token).get("kid", "")]
        options: Any = {"require": REQUIRED}
        return jwt.decode(token, key, [ALGORITHM], audience=AUDIENCE, issuer=settings.PUBLIC_URL, options=options)
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise InvalidToken(str(error)) from None

"""The opaque cursor: signed, valid for seven days, and bound to the query and the caller that it was made for."""

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from contract.problems import InvalidQuery
from contract.rendering import dumps

VERSION = 3
MAX_AGE = timedelta(days=7)
MAX_LENGTH = 2000
SIGNATURE_BYTES = 32
SALT = b"contract.cursors"
REFUSAL = (
    "The cursor is not valid for this request: it is damaged, older than 7 days, or made for another query. "
    "Start again without it."
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows: the sort values of the row beside it, and the way to read from there."""

    values: Sequence[Any]
    backwards: bool
    total: int | None


def binding(*parts: Any) -> str:
    """A short hash of everything that a cursor must be repeated with."""
    return hashlib.blake2b(dumps(parts), digest_size=9).hexdigest()


def encode(cursor: Cursor, bound_to: str) -> str:
    """URL-safe text; the values inside are readable, but can't be changed."""
    values = [_tagged(value) for value in cursor.values]
    payload = orjson.dumps([VERSION, int(time.time()), bound_to, cursor.backwards, cursor.total, values])
    return f"{_text(payload)}.{_text(_signature(payload, settings.SECRET_KEY))}"


def decode(text: str, bound_to: str) -> Cursor:
    """Raises `InvalidQuery` for a tampered, foreign or expired cursor."""
    try:
        if len(text) > MAX_LENGTH:
            raise ValueError("too long")
        payload, signature = (_bytes(part) for part in text.split("."))
        if not any(hmac.compare_digest(signature, _signature(payload, key)) for key in _keys()):
            raise ValueError("signed by no key of ours")
        version, made_at, bound, backwards, total, values = orjson.loads(payload)
    except (ValueError, TypeError):
        raise InvalidQuery("cursor", REFUSAL) from None
    if version != VERSION or bound != bound_to or made_at + MAX_AGE.total_seconds() < time.time():
        raise InvalidQuery("cursor", REFUSAL)
    return Cursor([_untagged(value) for value in values], backwards, total)


def _keys() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _signature(payload: bytes, key: str) -> bytes:
    return hashlib.blake2b(payload, key=_derived(key), digest_size=SIGNATURE_BYTES).digest()


@lru_cache
def _derived(key: str) -> bytes:
    """A key for cursors alone, which nothing else is signed with, and of a length that BLAKE2b takes."""
    return hmac.digest(key.encode(), SALT, "sha256")


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _tagged(value: Any) -> Any:
    match value:
        case datetime():
            return {"t": value.isoformat()}
        case date():
            return {"d": value.isoformat()}
        case Decimal():
            return {"n": str(value)}
        case UUID():
            return {"u": str(value)}
    return value


def _untagged(value: Any) -> Any:
    match value:
        case {"t": text}:
            return datetime.fromisoformat(text)
        case {"d": text}:
            return date.fromisoformat(text)
        case {"n": text}:
            return Decimal(text)
        case {"u": text}:
            return UUID(text)
    return value

"""The opaque cursor: signed, valid for seven days, and bound to the query and the caller that it was made for."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from django.core import signing

from contract.problems import InvalidQuery
from contract.rendering import dumps

VERSION = 1
MAX_AGE = timedelta(days=7)
MAX_LENGTH = 2000
SALT = "contract.cursors"
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
    payload = [VERSION, bound_to, cursor.backwards, cursor.total, [_tagged(value) for value in cursor.values]]
    text = base64.urlsafe_b64encode(orjson.dumps(payload)).decode().rstrip("=")
    return signing.TimestampSigner(salt=SALT).sign(text).replace(":", ".")


def decode(text: str, bound_to: str) -> Cursor:
    """Raises `InvalidQuery` for a tampered, foreign or expired cursor."""
    try:
        if len(text) > MAX_LENGTH:
            raise ValueError("too long")
        signed = signing.TimestampSigner(salt=SALT).unsign(text.replace(".", ":"), max_age=MAX_AGE)
        payload = orjson.loads(base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4)))
        version, bound, backwards, total, values = payload
    except (signing.BadSignature, binascii.Error, ValueError, TypeError):
        raise InvalidQuery("cursor", REFUSAL) from None
    if version != VERSION or bound != bound_to:
        raise InvalidQuery("cursor", REFUSAL)
    return Cursor([_untagged(value) for value in values], backwards, total)


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

"""Request bodies: strict JSON, bounded before it is read."""

import json
from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.http import RawPostDataException
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from contract.problems import BodyTooLarge, MalformedRequest

MAX_DEPTH = 32


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 has it: UTF-8, no NaN, no lone surrogates, no repeated names, at most 32 levels."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Raises `BodyTooLarge` and `MalformedRequest`; an empty body is an empty object."""
        context = parser_context or {}
        raw = raw_body(context["request"], context["view"].max_body_bytes)
        return loads(raw) if raw else {}


def raw_body(request: Request, limit: int) -> bytes:
    """The body's bytes, refused by its declared length before anything is read."""
    django_request = request._request
    try:
        declared = int(django_request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise MalformedRequest("The Content-Length header is not a number.") from None
    if declared > limit:
        raise BodyTooLarge(limit)
    try:
        return django_request.body
    except RawPostDataException:
        raise MalformedRequest("The body was read before; send it as application/json.") from None


def loads(raw: bytes) -> Any:
    """Parse strictly. Raises `MalformedRequest` with the place of the fault."""
    try:
        value = orjson.loads(raw)
        json.loads(raw, object_pairs_hook=_unique)
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(f"The body is not valid JSON: {error}.") from None
    except (RecursionError, ValueError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise MalformedRequest(f"The body is not acceptable JSON: {reason}.") from None
    if _depth_exceeds(value, MAX_DEPTH):
        raise MalformedRequest(f"The body is nested deeper than {MAX_DEPTH} levels.")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for name, value in pairs:
        if name in names:
            raise ValueError(f"the name {name!r} stands twice in one object")
        names[name] = value
    return names


def _depth_exceeds(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    if levels == 0:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_depth_exceeds(item, levels - 1) for item in inner)

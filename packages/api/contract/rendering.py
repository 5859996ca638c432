"""Responses: JSON by orjson, whatever the Accept header says (an error never becomes a 406)."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


def dumps(value: Any) -> bytes:
    """JSON bytes: datetimes as RFC 3339 UTC with `Z`, decimals as strings, UUIDs in their canonical form."""
    return orjson.dumps(value, default=_default, option=orjson.OPT_UTC_Z)


def json_response(body: bytes, headers: Mapping[str, str], status: int = 200) -> HttpResponse:
    """An answer whose body is made already."""
    return HttpResponse(body, content_type=ORJSONRenderer.media_type, headers=headers, status=status)


def _default(value: Any) -> Any:
    match value:
        case Decimal():
            return str(value)
        case timedelta():
            return value.total_seconds()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


class ORJSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else dumps(data)


class AlwaysJSON(BaseContentNegotiation):
    """JSON is the one representation; a request body must say that it is JSON."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        content_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == content_type), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type

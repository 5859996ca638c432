"""Cursor pages: `{"data": […], "meta": {"next", "prev", "total"}}`, walked by keyset, with RFC 8288 links."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import QueryDict
from rest_framework.request import Request

from contract import cursors
from contract.cursors import Cursor
from contract.keysets import Keyset
from contract.problems import InvalidQuery

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
COUNTED_UP_TO = 10_000
PARAMETERS = ("cursor", "limit", "sort")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the asked order, and the cursors to both sides (None where there is nothing)."""

    rows: Sequence[Model]
    next: str | None
    prev: str | None
    total: int | None

    def meta(self, counted: bool) -> dict[str, Any]:
        meta: dict[str, Any] = {"next": self.next, "prev": self.prev}
        if not counted:
            return meta
        if self.total is not None and self.total > COUNTED_UP_TO:
            return {**meta, "total": None, "total_at_least": COUNTED_UP_TO}
        return {**meta, "total": self.total}


def read_limit(query: QueryDict) -> int:
    """`limit`, 50 by default; more than 200 is taken as 200. Raises `InvalidQuery` for what is no positive number."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or not text.strip("0"):
        raise InvalidQuery("limit", f"{text[:20]!r} is not a number from 1 to {MAX_LIMIT}.")
    return min(MAX_LIMIT, int(text[:10]))


def paginate(queryset: QuerySet[Any], keyset: Keyset, query: QueryDict, bound_to: str, counted: bool) -> Page:
    """One page by two statements at most: the rows, and on the first page their bounded number."""
    limit = read_limit(query)
    cursor = cursors.decode(str(query["cursor"]), bound_to) if "cursor" in query else None
    backwards = cursor.backwards if cursor else False
    total = cursor.total if cursor else count(queryset) if counted else None
    rows = keyset.order(queryset, backwards)
    if cursor:
        rows = rows.filter(keyset.beyond(cursor.values, backwards))
    found = list(rows[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    return Page(
        rows=found,
        next=_place(found, keyset, bound_to, total, backwards=False) if more or backwards else None,
        prev=_place(found, keyset, bound_to, total, backwards=True) if (more if backwards else cursor) else None,
        total=total,
    )


def _place(found: list[Model], keyset: Keyset, bound_to: str, total: int | None, *, backwards: bool) -> str | None:
    if not found:
        return None
    edge = found[0] if backwards else found[-1]
    return cursors.encode(Cursor(keyset.values(edge), backwards, total), bound_to)


def count(queryset: QuerySet[Any]) -> int:
    """The number of rows, counted no further than the first one past `COUNTED_UP_TO`."""
    return queryset.order_by()[: COUNTED_UP_TO + 1].count()


def links(request: Request, page: Page) -> str:
    """The Link header's value, with the request's own query around each cursor."""
    places = (("next", page.next), ("prev", page.prev))
    return ", ".join(f'<{_url(request, cursor)}>; rel="{relation}"' for relation, cursor in places if cursor)


def _url(request: Request, cursor: str) -> str:
    query = {**request.query_params.dict(), "cursor": cursor}
    return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")

"""Cursor pages: `{"data": […], "meta": {"next", "prev", "total"}}`, walked by keyset, with RFC 8288 links."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from rest_framework.request import Request

from contract import cursors, totals
from contract.cursors import Cursor
from contract.problems import InvalidQuery
from contract.rows import Rows

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
PARAMETERS = ("cursor", "limit", "sort")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the asked order, and the cursors to both sides (None where there is nothing)."""

    rows: Sequence[Any]
    next: str | None
    prev: str | None
    total: int | None

    def meta(self, counted: bool) -> dict[str, Any]:
        meta: dict[str, Any] = {"next": self.next, "prev": self.prev}
        if not counted:
            return meta
        if self.total is not None and self.total > totals.COUNTED_UP_TO:
            return {**meta, "total": None, "total_at_least": totals.COUNTED_UP_TO}
        return {**meta, "total": self.total}


def read_limit(query: QueryDict) -> int:
    """`limit`, 50 by default; more than 200 is taken as 200. Raises `InvalidQuery` for what is no positive number."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or not text.strip("0"):
        raise InvalidQuery("limit", f"{text[:20]!r} is not a number from 1 to {MAX_LIMIT}.")
    return min(MAX_LIMIT, int(text.lstrip("0")[:10]))


def read_cursor(query: QueryDict, bound_to: str) -> Cursor | None:
    """The place where the page starts, None for the first one. Raises `InvalidQuery`."""
    return cursors.decode(str(query["cursor"]), bound_to) if "cursor" in query else None


def paginate(rows: Rows, limit: int, cursor: Cursor | None, bound_to: str, counted: bool) -> Page:
    """One page by two statements at most: the rows, and on the first page their bounded number."""
    backwards = cursor is not None and cursor.backwards
    total = cursor.total if cursor else totals.memory.total(rows.count, bound_to) if counted else None
    found = rows.cut(cursor, limit + 1)
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()

    def cursor_at(edge: int, backwards: bool) -> str | None:
        return cursors.encode(Cursor(rows.sort_values(found[edge]), backwards, total), bound_to) if found else None

    return Page(
        rows=found,
        next=cursor_at(-1, backwards=False) if more or backwards else None,
        prev=cursor_at(0, backwards=True) if (more if backwards else cursor) else None,
        total=total,
    )


def links(request: Request, page: Page) -> str:
    """The Link header's value, with the request's own query around each cursor."""
    found = [(relation, cursor) for relation, cursor in (("next", page.next), ("prev", page.prev)) if cursor]
    if not found:
        return ""
    address, query = request.build_absolute_uri(request.path), request.query_params.dict()
    return ", ".join(
        f'<{address}?{urlencode({**query, "cursor": cursor})}>; rel="{relation}"' for relation, cursor in found
    )

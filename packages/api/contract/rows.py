"""Rows: what a page is cut from, read by the ORM here and by compiled statements in `contract.reader`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import QuerySet

from contract.cursors import Cursor
from contract.keysets import Keyset


class Rows(Protocol):
    """Rows in a total order."""

    def count(self, most: int) -> int:
        """The number of rows, counted no further than `most`."""

    def cut(self, cursor: Cursor | None, limit: int) -> list[Any]:
        """The first rows behind the cursor's place, in the cursor's direction."""

    def sort_values(self, row: Any) -> list[Any]:
        """The sort values of a row."""

    def represent(self, rows: Sequence[Any]) -> Any:
        """Rows as the renderer takes them."""


@dataclass(frozen=True, slots=True)
class QuerySetRows:
    """Rows as the ORM reads them and a serializer represents them."""

    queryset: QuerySet[Any]
    keyset: Keyset
    represent: Callable[[Sequence[Any]], Any]

    def count(self, most: int) -> int:
        return self.queryset.order_by()[:most].count()

    def cut(self, cursor: Cursor | None, limit: int) -> list[Any]:
        rows = self.keyset.order(self.queryset, cursor is not None and cursor.backwards)
        if cursor:
            rows = rows.filter(self.keyset.beyond(cursor.values, cursor.backwards))
        return list(rows[:limit])

    def sort_values(self, row: Any) -> list[Any]:
        return self.keyset.values(row)

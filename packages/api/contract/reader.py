"""The reader: a resource's rows from the database to JSON, by SQL and columns that its declaration fixes once.

What a declaration does not fix is read by the ORM and its serializer, with the same result; `manage.py
explain_resources` says which resource is read how.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Model, Q, QuerySet, Value

from contract.columns import NotCompilable, columns, target
from contract.cursors import Cursor
from contract.keysets import Keyset
from contract.parameters import Parameter
from contract.statements import Row, Statement

MOST_STATEMENTS = 500
COUNT = "SELECT COUNT(*) FROM ({}) AS counted"
# (lookup, value), such as ("status__in", ["active"]).
Condition = tuple[str, Any]


class Reader:
    """Statements of one resource, each compiled when its shape is first asked for."""

    def __init__(self, queryset: QuerySet[Any], serializer_class: Any) -> None:
        query: Any = queryset.query
        if query.annotations or query.distinct or query.combinator or query.is_sliced:
            raise NotCompilable("its queryset is more than rows of a table")
        self.queryset = queryset
        self.model: type[Model] = queryset.model
        self.serializer = serializer_class()
        self.columns = columns(self.model, self.serializer)
        self.selected = [column.expression for column in self.columns]
        self.names = [column.name for column in self.columns]
        self.unfinished = [(column.name, column.represent) for column in self.columns if column.represent]
        self._statements: dict[Any, Statement] = {}

    def statement(self, shape: Any, build: Callable[[], Statement]) -> Statement:
        """The statement of this shape, compiled at most once while there are not too many."""
        found = self._statements.get(shape)
        if found is None:
            if len(self._statements) >= MOST_STATEMENTS:
                self._statements.clear()
            found = self._statements[shape] = build()
        return found

    def rows(self, conditions: Sequence[Condition], keyset: Keyset) -> "CompiledRows":
        """The rows that meet the conditions, in the keyset's order."""
        return CompiledRows(self, conditions, keyset)

    def find(self, conditions: Sequence[Condition]) -> dict[str, Any] | None:
        """The JSON object of the one row that meets the conditions, None when there is none."""
        statement = self.statement(
            ("find", _shape(conditions)),
            lambda: Statement(narrowed(self.queryset, conditions).values_list(*self.selected)),
        )
        found = statement.fetch(_values(conditions))
        return self.represent(found)[0] if found else None

    def represent(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Rows as the renderer takes them."""
        found = [dict(zip(self.names, row, strict=False)) for row in rows]
        for name, represent in self.unfinished:
            for each in found:
                if each[name] is not None:
                    each[name] = represent(each[name])
        return found

    def shown(self, instance: Model) -> dict[str, Any]:
        """The same JSON object of a row that the ORM holds."""
        return cast(dict[str, Any], self.serializer.to_representation(instance))


@dataclass(frozen=True, slots=True)
class CompiledRows:
    """What `pagination` cuts pages from: bare rows."""

    reader: Reader
    conditions: Sequence[Condition]
    keyset: Keyset

    @property
    def has_one_plan(self) -> bool:
        """Whether one index is best for all values, as it is unless there is a range, which can be short or long."""
        return all(lookup.endswith(("__exact", "__in")) for lookup, _ in self.conditions)

    def count(self, most: int) -> int:
        statement = self.reader.statement(("count", most, _shape(self.conditions)), lambda: self._count(most))
        return int(statement.fetch(_values(self.conditions))[0][0])

    def _count(self, most: int) -> Statement:
        rows = narrowed(self.reader.queryset, self.conditions).values_list(Value(1))[:most]
        return Statement(rows, template=COUNT, has_one_plan=self.has_one_plan)

    def cut(self, cursor: Cursor | None, limit: int) -> list[Row]:
        behind = {f"behind.{index}": value for index, value in enumerate(cursor.values)} if cursor else {}
        statement = self.page(limit, cursor.backwards if cursor else None)
        return statement.fetch({**_values(self.conditions), **behind})

    def page(self, limit: int, backwards: bool | None) -> Statement:
        """The statement of the first page, or of one behind a place in either direction."""
        shape = ("page", limit, backwards, self.keyset.shape, _shape(self.conditions))
        return self.reader.statement(shape, lambda: self._page(limit, backwards))

    def _page(self, limit: int, backwards: bool | None) -> Statement:
        rows = self.keyset.order(narrowed(self.reader.queryset, self.conditions), bool(backwards))
        if backwards is not None:
            edge = [Parameter(f"behind.{index}", field) for index, field in enumerate(self.keyset.fields)]
            rows = rows.filter(self.keyset.beyond(edge, backwards))
        return Statement(rows.values_list(*self.selection)[:limit], has_one_plan=self.has_one_plan)

    @property
    def selection(self) -> list[Any]:
        """The columns of the JSON object, then the sort values that are not among them."""
        selected = self.reader.selected
        return [*selected, *(column for column in self.keyset.columns if column not in selected)]

    def sort_values(self, row: Row) -> list[Any]:
        selection = self.selection
        return self.keyset.without_null([row[selection.index(column)] for column in self.keyset.columns])

    def represent(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        return self.reader.represent(rows)


def narrowed(queryset: QuerySet[Any], conditions: Sequence[Condition]) -> QuerySet[Any]:
    """The queryset with a parameter for each value of the conditions."""
    rows = queryset.order_by()
    for number, (lookup, value) in enumerate(conditions):
        field = _field(queryset.model, lookup)
        if isinstance(value, list):
            parameter: Any = [Parameter(f"{number}.{index}", field) for index in range(len(value))]
        else:
            parameter = Parameter(str(number), field)
        rows = rows.filter(Q((lookup, parameter)))
    return rows


def _shape(conditions: Sequence[Condition]) -> tuple[tuple[str, int | None], ...]:
    """What of the conditions the SQL depends on."""
    return tuple((lookup, len(value) if isinstance(value, list) else None) for lookup, value in conditions)


def _values(conditions: Sequence[Condition]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for number, (_, value) in enumerate(conditions):
        if isinstance(value, list):
            values |= {f"{number}.{index}": each for index, each in enumerate(value)}
        else:
            values[str(number)] = value
    return values


def _field(model: type[Model], lookup: str) -> Any:
    """The field whose type the values of a lookup such as `cabinet__exact` have."""
    *path, _ = lookup.split("__")
    field: Any = None
    for name in path:
        field = model._meta.pk if name == "pk" else (field.related_model if field else model)._meta.get_field(name)
    return target(field)

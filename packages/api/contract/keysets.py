"""Keyset order: a page begins behind a row's sort values, so page 1,000 costs what page 1 costs."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Expression, F, Model, Q, QuerySet, Value
from django.db.models.fields import BooleanField
from django.db.models.functions import Coalesce

from contract.filtering import SortKey


class RowComparison(Expression):
    """`(a, b) < (x, y)`: what an index on (a, b) answers by one descent, ties included."""

    conditional = True
    output_field = BooleanField()

    def __init__(self, columns: Sequence[Expression | F], values: Sequence[Expression], operator: str) -> None:
        super().__init__()
        self.columns, self.values, self.operator = list(columns), list(values), operator

    def get_source_expressions(self) -> list[Any]:
        return [*self.columns, *self.values]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        half = len(exprs) // 2
        self.columns, self.values = list(exprs[:half]), list(exprs[half:])

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        left, left_params = self._row(compiler, self.columns)
        right, right_params = self._row(compiler, self.values)
        return f"{left} {self.operator} {right}", [*left_params, *right_params]

    def _row(self, compiler: Any, expressions: Sequence[Any]) -> tuple[str, list[Any]]:
        compiled = [compiler.compile(expression) for expression in expressions]
        return f"({', '.join(sql for sql, _ in compiled)})", [param for _, params in compiled for param in params]


class Keyset:
    """An order over a model's rows that ends with the primary key, and so is total."""

    def __init__(self, model: type[Model], keys: Sequence[tuple[SortKey, bool]]) -> None:
        self.model = model
        self.keys = [key for key, _ in keys if key.column not in ("pk", model._meta.pk.name)]
        self.descending = [descending for key, descending in keys if key in self.keys]
        last = keys[-1][1] if keys else False
        self.keys.append(SortKey("pk"))
        self.descending.append(last)
        self.fields = [self._field(key) for key in self.keys]
        self.columns: list[str] = [field.attname for field in self.fields]
        # What of an order the SQL depends on.
        self.shape = tuple(zip(self.keys, self.descending, strict=True))

    def order(self, queryset: QuerySet[Any], backwards: bool) -> QuerySet[Any]:
        """The queryset in this order, or in the opposite one."""
        terms = zip(self.expressions(), self.descending, strict=True)
        return queryset.order_by(*(term.desc() if down != backwards else term.asc() for term, down in terms))

    def expressions(self) -> list[Any]:
        return [self._expression(key) for key in self.keys]

    def _expression(self, key: SortKey) -> Any:
        if key.null_as is None:
            return F(key.column)
        return Coalesce(F(key.column), Value(key.null_as, output_field=self._field(key)))

    def _field(self, key: SortKey) -> Any:
        return self.model._meta.pk if key.column == "pk" else self.model._meta.get_field(key.column)

    def values(self, row: Model) -> list[Any]:
        """The sort values of a row, NULL as what it sorts as."""
        return self.without_null([getattr(row, column) for column in self.columns])

    def without_null(self, values: Sequence[Any]) -> list[Any]:
        return [key.null_as if value is None else value for key, value in zip(self.keys, values, strict=True)]

    def beyond(self, values: Sequence[Any], backwards: bool) -> Any:
        """The condition for rows after (or before) a place. Raises `ValueError` when the values don't fit."""
        typed = [_typed(value, field) for value, field in zip(values, self.fields, strict=True)]
        downs = [down != backwards for down in self.descending]
        if len(set(downs)) == 1:
            return RowComparison(self.expressions(), typed, "<" if downs[0] else ">")
        return self._nested(list(zip(self.expressions(), typed, downs, strict=True)))

    def _nested(self, terms: list[tuple[Any, Any, bool]]) -> Any:
        """`a <= x AND (a < x OR …)`: unlike the textbook OR form, its first half is an index condition."""
        (column, value, down), *rest = terms
        strict = RowComparison([column], [value], "<" if down else ">")
        if not rest:
            return strict
        loose = RowComparison([column], [value], "<=" if down else ">=")
        return Q(loose) & (Q(strict) | Q(self._nested(rest)))


def _typed(value: Any, field: Any) -> Any:
    return value if isinstance(value, Expression) else Value(value, output_field=field)

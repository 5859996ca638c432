"""Statements: querysets compiled once, with slots for the values that change, and prepared by PostgreSQL."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.db import NotSupportedError, connections, models
from django.db.utils import DEFAULT_DB_ALIAS
from psycopg import sql

from contract import tenancy
from contract.parameters import Constant, Slot, TenantSlot, slot_for

Row = Sequence[Any]


class Statement:
    """SQL made of querysets in a template, good for every tenant and every value of its parameters.

    `slots` are the parameters of the template itself, which stand before the querysets. PostgreSQL prepares the
    statement and plans it once for all values, except where `has_one_plan` says that the plan depends on them.
    """

    def __init__(
        self,
        *querysets: models.QuerySet[Any, Any],
        template: str = "{}",
        slots: Sequence[Slot] = (),
        has_one_plan: bool = True,
    ) -> None:
        self.is_on_server = connections[DEFAULT_DB_ALIAS].vendor == "postgresql"
        self.has_one_plan = has_one_plan
        self.params: list[Slot | TenantSlot | Constant] = list(slots)
        self.converters: list[tuple[int, list[Any], Any]] = []
        self.width = 0
        with tenancy.any_tenant():
            self.sql = template.format(*[self._compile(queryset) for queryset in querysets])

    def _compile(self, queryset: models.QuerySet[Any, Any]) -> str:
        compiler = cast(Any, queryset.query).get_compiler(connection=connections[DEFAULT_DB_ALIAS])
        text, params = compiler.as_sql()
        columns = [expression for expression, _, _ in compiler.select]
        for position, (functions, expression) in compiler.get_converters(columns).items():
            # In binary form JSON arrives parsed.
            if not (self.is_on_server and isinstance(expression.output_field, models.JSONField)):
                self.converters.append((self.width + position, functions, expression))
        self.width += len(columns)
        slots = [slot_for(param) for param in params]
        if self.is_on_server:
            # As literals, so that an expression meets the index that was built with the same one.
            literals = [_literal(each.value) if isinstance(each, Constant) else "%s" for each in slots]
            text = text.replace("%%", "%%%%") % tuple(literals)
            slots = [each for each in slots if not isinstance(each, Constant)]
        self.params += slots
        return str(text)

    def fetch(self, values: Mapping[str, Any], *, sets_scope: bool = False) -> list[Row]:
        """All rows, as the fields of the querysets would give them."""
        connection: Any = connections[DEFAULT_DB_ALIAS]
        bound = self.bind(values, connection)
        if self.is_on_server and not sets_scope:
            tenancy.apply_scope()
        rows = self._run_on_server(connection, bound) if self.is_on_server else self._run(connection, bound)
        return self._converted(rows, connection) if self.converters else rows

    def bind(self, values: Mapping[str, Any], connection: Any) -> list[Any]:
        """The parameters in the order of their places."""
        return [param.bind(values, connection) for param in self.params]

    def _run_on_server(self, connection: Any, bound: list[Any]) -> list[Row]:
        try:
            return self._execute(connection, bound)
        except NotSupportedError:
            # A migration gave a column another type since PostgreSQL prepared this.
            if connection.in_atomic_block:
                connection.close_at = 0
                raise
            with connection.wrap_database_errors:
                connection.server_side_cursor().execute("DEALLOCATE ALL")
            return self._execute(connection, bound)

    def _execute(self, connection: Any, bound: list[Any]) -> list[Row]:
        cursor = connection.server_side_cursor()
        started = time.monotonic()
        with connection.wrap_database_errors:
            cursor.execute(self.sql, bound, prepare=None if self.has_one_plan else False, binary=True)
            rows: list[Row] = cursor.fetchall() if self.width else []
        if connection.queries_logged:
            connection.queries_log.append({"sql": self.sql, "time": f"{time.monotonic() - started:.3f}"})
        return rows

    def _run(self, connection: Any, bound: list[Any]) -> list[Row]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, bound)
            return cast(list[Row], cursor.fetchall() if self.width else [])

    def _converted(self, rows: list[Row], connection: Any) -> list[Row]:
        converted = [list(row) for row in rows]
        for position, functions, expression in self.converters:
            for row in converted:
                for function in functions:
                    row[position] = function(row[position], expression, connection)
        return cast(list[Row], converted)


def _literal(value: Any) -> str:
    return sql.Literal(value).as_string(None).replace("%", "%%")

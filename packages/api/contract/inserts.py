"""Inserts: new rows whose values are final, stored by a statement that PostgreSQL has prepared."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from django.db import connections, models
from django.db.utils import DEFAULT_DB_ALIAS

from contract.parameters import ColumnSlot
from contract.statements import Statement

INSERT = "INSERT INTO {} ({}) VALUES ({})"


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row that is about to be inserted: its values are final, so that it can be shown before it is stored."""

    model: type[models.Model]
    values: Mapping[str, Any]

    @classmethod
    def of(cls, instance: models.Model) -> Self:
        model = type(instance)
        values = {_slot(model, field): field.pre_save(instance, add=True) for field in _inserted(model)}
        return cls(model, values)

    @property
    def has_expression(self) -> bool:
        """Whether a value is for the database to find out."""
        return any(hasattr(value, "resolve_expression") for value in self.values.values())


def insert(*rows: NewRow) -> None:
    """Insert rows of different models, all or none, by one statement. Several need PostgreSQL.

    Raises `IntegrityError`.
    """
    _insert_of(*[row.model for row in rows]).fetch({name: value for row in rows for name, value in row.values.items()})


@cache
def _insert_of(*inserted: type[models.Model]) -> Statement:
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    texts, slots = [], []
    for model in inserted:
        fields = _inserted(model)
        columns = ", ".join(quote(str(field.column)) for field in fields)
        texts.append(INSERT.format(quote(model._meta.db_table), columns, ", ".join(["%s"] * len(fields))))
        slots += [ColumnSlot(_slot(model, field), field) for field in fields]
    *first, last = texts
    before = ", ".join(f"row_{number} AS ({text})" for number, text in enumerate(first))
    return Statement(template=f"WITH {before} {last}" if first else last, slots=slots)


def _inserted(model: type[models.Model]) -> list[Any]:
    """The fields that an insert names: all but a key that the database makes."""
    return [field for field in model._meta.concrete_fields if field is not model._meta.auto_field]


def _slot(model: type[models.Model], field: Any) -> str:
    return f"{model._meta.label}.{field.attname}"

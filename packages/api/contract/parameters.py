"""Parameters: what stands in a compiled queryset for a value that comes later."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Expression

from contract import tenancy

TENANT = models.UUIDField()


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in compiled SQL for a value of a field's type."""

    name: str
    field: Any

    def bind(self, values: Mapping[str, Any], connection: Any) -> Any:
        return self.field.get_db_prep_value(values[self.name], connection)


class ColumnSlot(Slot):
    """A place for a value that is about to be stored in a field's column."""

    __slots__ = ()

    def bind(self, values: Mapping[str, Any], connection: Any) -> Any:
        return self.field.get_db_prep_save(values[self.name], connection)


@dataclass(frozen=True, slots=True)
class TenantSlot:
    """A place for the tenant in scope."""

    def bind(self, values: Mapping[str, Any], connection: Any) -> Any:
        return TENANT.get_db_prep_value(tenancy.current_tenant(), connection)


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the queryset itself."""

    value: Any

    def bind(self, values: Mapping[str, Any], connection: Any) -> Any:
        return self.value


class Parameter(Expression):
    """Stands in a queryset for the value that `Statement.fetch` gets under this name."""

    def __init__(self, name: str, output_field: Any) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        return "%s", [Slot(self.name, self.output_field)]


def slot_for(param: Any) -> Slot | TenantSlot | Constant:
    """What a parameter of compiled SQL is to be bound to."""
    if param is tenancy.ANY_TENANT:
        return TenantSlot()
    return param if isinstance(param, Slot) else Constant(param)

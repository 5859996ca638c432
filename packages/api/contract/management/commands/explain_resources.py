from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from contract import routing
from contract.pagination import DEFAULT_LIMIT
from contract.parameters import Slot
from contract.reader import Condition, Reader, narrowed
from contract.resources import Resource, keyset_of, reader_of
from contract.statements import Statement
from contract.tenancy import tenant_scope

# Without these an index is named also where a small table would be read at once.
PLANS = "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"


class Command(BaseCommand):
    help = "Say for each list how it is read (compiled, or by the ORM and why), by which SQL, and from which index."

    def handle(self, *args: Any, **options: Any) -> None:
        for path, view in routing.lists():
            if issubclass(view, Resource):
                self.explain(path, view)

    def explain(self, path: str, resource: type[Resource[Any]]) -> None:
        reader = reader_of(resource)
        how = "compiled" if isinstance(reader, Reader) else f"by the ORM: {reader}"
        statement = first_page(resource, reader if isinstance(reader, Reader) else None)
        self.stdout.write(f"{path}  {how}\n  {statement.sql}")
        if connection.vendor == "postgresql":
            self.stdout.write(f"  index: {', '.join(indexes(statement)) or 'none'}")
        self.stdout.write("")


def first_page(resource: Any, reader: Reader | None) -> Statement:
    """The statement of the default order, without filters."""
    conditions: list[Condition] = [(f"{resource.owner_field}__exact", "")] if resource.tenancy == "owner" else []
    if resource.parent_field:
        conditions.append((f"{resource.parent_field}__exact", ""))
    keyset = keyset_of(resource, resource.default_sort)
    if reader:
        return reader.rows(conditions, keyset).page(DEFAULT_LIMIT + 1, None)
    return Statement(keyset.order(narrowed(resource.queryset, conditions), False)[: DEFAULT_LIMIT + 1])


def indexes(statement: Statement) -> list[str]:
    """The indexes that PostgreSQL reads for a statement."""
    slots = [param for param in statement.params if isinstance(param, Slot)]
    # Ids that no row has: a plan does not depend on them.
    values = {slot.name: slot.field.get_default() if slot.field.has_default() else 0 for slot in slots}
    with tenant_scope(uuid4()), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PLANS)
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.bind(values))
        (plans,) = cursor.fetchone()
    return sorted(set(names(plans[0]["Plan"])))


def names(plan: dict[str, Any]) -> Iterator[str]:
    if "Index Name" in plan:
        yield plan["Index Name"]
    for inner in plan.get("Plans", []):
        yield from names(inner)

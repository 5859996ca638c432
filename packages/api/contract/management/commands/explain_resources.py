from collections.abc import Iterator, Sequence
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
    help = "Say for each list how it is read (compiled, or by the ORM and why), by which SQL, and from which indexes."

    def handle(self, *args: Any, **options: Any) -> None:
        for path, view in routing.lists():
            if issubclass(view, Resource):
                self.explain(path, view)

    def explain(self, path: str, resource: type[Resource[Any]]) -> None:
        reader = reader_of(resource)
        how = "compiled" if isinstance(reader, Reader) else f"by the ORM: {reader}"
        self.stdout.write(f"{path}  {how}\n  {first_page(resource, resource.default_sort).sql}")
        if connection.vendor == "postgresql":
            for order in orders(resource):
                used = sorted(
                    {node["Index Name"] for node in plan(first_page(resource, order)) if "Index Name" in node}
                )
                self.stdout.write(f"  {order}: {', '.join(used) or 'no index'}")
        self.stdout.write("")


def orders(resource: type[Resource[Any]]) -> Sequence[str]:
    """Every value of `sort` with one key."""
    return [f"{sign}{name}" for name in resource.sort_fields for sign in ("", "-")]


def first_page(resource: Any, order: str) -> Statement:
    """The statement of this order, without filters."""
    conditions: list[Condition] = [(f"{resource.owner_field}__exact", "")] if resource.tenancy == "owner" else []
    if resource.parent_field:
        conditions.append((f"{resource.parent_field}__exact", ""))
    reader, keyset = reader_of(resource), keyset_of(resource, order)
    if isinstance(reader, Reader):
        return reader.rows(conditions, keyset).page(DEFAULT_LIMIT + 1, None)
    return Statement(keyset.order(narrowed(resource.queryset, conditions), False)[: DEFAULT_LIMIT + 1])


def plan(statement: Statement) -> list[dict[str, Any]]:
    """The nodes of PostgreSQL's plan for a statement."""
    slots = [param for param in statement.params if isinstance(param, Slot)]
    # Ids that no row has: a plan does not depend on them.
    values = {slot.name: slot.field.get_default() if slot.field.has_default() else 0 for slot in slots}
    with tenant_scope(uuid4()), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PLANS)
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.bind(values, connection))
        (plans,) = cursor.fetchone()
    return list(nodes(plans[0]["Plan"]))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)

"""System checks: what would break a promise is refused before the first request."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection, models

from contract import isolation, routing
from contract.columns import target
from contract.keysets import Keyset
from contract.resources import Resource, declaration_of

# What comes out of a cursor exactly as it went in.
CARRIED = (
    models.CharField,
    models.TextField,
    models.IntegerField,
    models.BooleanField,
    models.DecimalField,
    models.DateField,
    models.UUIDField,
)


@register(Tags.urls)
def lists_can_be_walked(**_: Any) -> list[CheckMessage]:
    """Every order of every list has to meet all rows, whatever stands in them."""
    resources = {view for _, view in routing.lists() if issubclass(view, Resource)}
    found = [fault for resource in resources for fault in unsortable(resource)]
    return [Error(fault, id="contract.E002") for fault in sorted(found)]


def unsortable(resource: type[Resource[Any]]) -> Iterator[str]:
    """Sentences about the sort fields of a resource by which a list would lose rows, or end."""
    declaration = declaration_of(resource)
    for name, key in declaration.sort_fields.items():
        field: Any = Keyset(declaration.model, [(key, False)]).fields[0]
        kind = target(field)
        if not isinstance(kind, CARRIED):
            yield f"{resource.__name__} sorts by {name!r}, a {type(kind).__name__}, which no cursor can carry."
        if field.null and key.null_as is None:
            yield f"{resource.__name__} sorts by {name!r}, which can be NULL: say what that sorts as (SortKey.null_as)."


@register(Tags.database)
def runtime_role_is_walled(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """In production the role that serves requests must not be able to step around row-level security."""
    if not databases or connection.vendor != "postgresql" or not settings.IS_PRODUCTION:
        return []
    # Asked by name, because `migrate` runs this check as the owner.
    role = isolation.runtime_role()
    with connection.cursor() as cursor:
        cursor.execute("SELECT bool_or(rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = %s", [role])
        bypasses = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = %s", [role])
        owned = cursor.fetchone()[0]
    if not bypasses and not owned:
        return []
    reason = "bypasses row-level security" if bypasses else f"owns {owned} tables"
    hint = "Point DATABASE_URL at a plain role and DATABASE_OWNER_URL at the owner of the tables, then run migrate."
    return [Error(f"The role of DATABASE_URL {reason}, so the tenant wall does not hold.", hint, id="contract.E001")]

"""System checks: what would break a promise is refused before the first request."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from contract import isolation


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

"""System checks: what would break a promise is refused before the first request."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from contract import throttling


@register(Tags.database)
def runtime_role_is_walled(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """In production the role that serves requests must not be able to step around row-level security."""
    if not databases or connection.vendor != "postgresql" or not settings.IS_PRODUCTION:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        bypasses = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")
        owned = cursor.fetchone()[0]
    if not bypasses and not owned:
        return []
    reason = "bypasses row-level security" if bypasses else f"owns {owned} tables"
    hint = "Point DATABASE_URL at a plain role and DATABASE_OWNER_URL at the owner of the tables, then run migrate."
    return [Error(f"The role of DATABASE_URL {reason}, so the tenant wall does not hold.", hint, id="contract.E001")]


@register()
def limits_are_on(**_: Any) -> list[CheckMessage]:
    """`off` is for tests and laptops."""
    off = [name for name, rate in settings.THROTTLE_RATES.items() if throttling.parse_rate(rate) is None]
    if not settings.IS_PRODUCTION or not off:
        return []
    names = ", ".join(f"THROTTLE_{name.upper().replace('-', '_')}" for name in off)
    return [Error("A rate limit is off in production.", f"Give a rate to {names}.", id="contract.E002")]

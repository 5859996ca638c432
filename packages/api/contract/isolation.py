"""Row-level security on PostgreSQL: policies and rights, laid on every tenant table right after it is migrated."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dj_database_url
from django.apps import AppConfig, apps
from django.conf import settings
from django.db import Error, connection
from psycopg import sql

from contract.models import IdempotencyRecord
from contract.tenancy import TENANT_FIELD, TenantModel

# The settings are read in sub-selects: once for a statement, where a bare call would be made for every row.
TEXT = """
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
    DROP POLICY IF EXISTS tenant_wall ON {table};
    CREATE POLICY tenant_wall ON {table} USING (
        {is_own}
        OR (SELECT current_setting('app.system', true) = 'on')
    );
"""
OWN_ROW = f"{TENANT_FIELD}_id = (SELECT NULLIF(current_setting('app.tenant', true), '')::uuid)"
# The contract's own tables hold the tenant as text, which is empty where a request acts for none.
OWN_RECORD = "tenant = (SELECT COALESCE(current_setting('app.tenant', true), ''))"
POLICY, VERSION = sql.SQL(TEXT), hashlib.blake2b(f"{TEXT}{OWN_ROW}{OWN_RECORD}".encode(), digest_size=8).hexdigest()
# What the comment of a policy says when nothing was changed since, and what it says.
STATE = """
    SELECT %s || md5(pg_get_expr(polqual, polrelid)), obj_description(pg_policy.oid, 'pg_policy')
    FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
    WHERE polname = 'tenant_wall' AND polrelid = %s::regclass
        AND polpermissive AND polcmd = '*' AND polroles = '{0}' AND polwithcheck IS NULL
        AND relrowsecurity AND relforcerowsecurity
"""
MARK = sql.SQL("COMMENT ON POLICY tenant_wall ON {table} IS {mark}")
# The owner migrates; the runtime role reads and writes rows, and can neither change nor empty a table.
RIGHTS = sql.SQL(
    """
    GRANT USAGE ON SCHEMA public TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
    """
)


class Unprotected(Exception):
    """Names the policy, or the rights, that could not be laid because of `cause`."""

    def __init__(self, what: str, cause: Error) -> None:
        super().__init__(what)
        self.cause = cause


def walls() -> dict[str, str]:
    """Every table whose rows belong to one tenant, and when a row is the tenant's own."""
    found = [model for model in apps.get_models() if issubclass(model, TenantModel) and not model._meta.proxy]
    records = {IdempotencyRecord._meta.db_table: OWN_RECORD}
    return {**{model._meta.db_table: OWN_ROW for model in found}, **records}


def protect_tables(sender: AppConfig, **_: Any) -> None:
    """After `migrate`: the runtime role gets no right on a table before the table has its policy.

    Raises `Unprotected`.
    """
    last_app = [app for app in apps.get_app_configs() if app.models_module][-1]
    if sender is not last_app or connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for name, is_own in walls().items():
            with laying(f"the policy of {name}"):
                protect(cursor, name, is_own)
        role = runtime_role()
        if role and role != connection.settings_dict["USER"]:
            with laying(f"the rights of {role}"):
                cursor.execute(RIGHTS.format(role=sql.Identifier(role)))


@contextmanager
def laying(what: str) -> Iterator[None]:
    """Says what was being laid when the database refused."""
    try:
        yield
    except Error as error:
        raise Unprotected(what, error) from error


def protect(cursor: Any, name: str, is_own: str) -> None:
    """Lay the policy, unless it stands as this code lays it: laying it waits for whoever reads the table."""
    table = sql.Identifier(name)
    state = [VERSION, table.as_string(None)]
    cursor.execute(STATE, state)
    now, mark = cursor.fetchone() or (None, "")
    if now == mark:
        return
    cursor.execute(POLICY.format(table=table, is_own=sql.SQL(is_own)))
    cursor.execute(STATE, state)
    cursor.execute(MARK.format(table=table, mark=sql.Literal(cursor.fetchone()[0])))


def runtime_role() -> str:
    """The PostgreSQL role of `DATABASE_URL`, which serves requests."""
    return str(dj_database_url.parse(settings.DATABASE_URL).get("USER", ""))


@contextmanager
def as_owner() -> Iterator[None]:
    """Use `DATABASE_OWNER_URL` on the default connection: for migrations, and for emptying tables in tests."""
    if connection.vendor != "postgresql":
        yield
        return
    runtime = dict(connection.settings_dict)
    owner = dj_database_url.parse(settings.DATABASE_OWNER_URL)
    connection.close()
    connection.settings_dict.update(USER=owner["USER"], PASSWORD=owner["PASSWORD"])
    connection.settings_dict.update(HOST=owner["HOST"], PORT=owner["PORT"])
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update({key: runtime[key] for key in ("USER", "PASSWORD", "HOST", "PORT")})

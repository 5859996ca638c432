"""The gate: one statement opens a request.

It finds out whether the credential still holds and for which organisation it acts, tells row-level security so, and
is the first to notice a dead connection.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DatabaseError, connections
from django.db.models import CharField, QuerySet, UUIDField
from django.db.utils import DEFAULT_DB_ALIAS

from contract import memberships, tenancy
from contract.memberships import SEVERAL, Membership, TenantFinder, named
from contract.parameters import Parameter
from contract.statements import Row, Statement

WITHOUT_TENANT = """
    SELECT credential.*, set_config('app.tenant', '', false), set_config('app.system', 'off', false)
    FROM ({}) AS credential
"""
WITH_TENANT = """
    SELECT credential.*, membership.*,
        set_config('app.tenant', coalesce(membership.tenant::text, ''), false),
        set_config('app.system', 'off', false)
    FROM ({}) AS credential LEFT JOIN ({}) AS membership (tenant, role) ON TRUE
"""
# Where there is no row-level security.
PLAIN_WITHOUT_TENANT = "SELECT * FROM ({}) AS credential"
PLAIN_WITH_TENANT = "SELECT * FROM ({}) AS credential LEFT JOIN ({}) AS membership ON 1 = 1"


@dataclass(frozen=True, slots=True)
class Passage:
    """What a good credential opens: its own columns, and the memberships that fit (two stand for several)."""

    columns: Sequence[Any]
    memberships: tuple[Membership, ...]


class Gate:
    """Opens requests for one kind of credential.

    `credential` makes a queryset that finds one row as long as the credential is good. `find` makes one of the
    memberships that it may act for; without it, they are those of the person in the parameter `user`.
    """

    def __init__(self, credential: Callable[[], QuerySet[Any, Any]], find: TenantFinder | None = None) -> None:
        self.credential, self.find = credential, find
        self._statements: dict[tuple[str, ...] | None, Statement] = {}

    def open(self, wanted: str | None, **values: Any) -> Passage | None:
        """None when the credential is not good. `wanted` is an id, a slug, or empty; None asks for no organisation."""
        name = None if wanted is None else named(wanted)
        statement = self._statement(None if name is None else tuple(name))
        rows = _fetch(statement, {**values, **(name or {})})
        if not rows:
            return None
        if name is None:
            tenancy.remember_scope()
            return Passage(rows[0][: statement.width], ())
        # Behind the credential's columns stand tenant and role.
        end = statement.width - 2
        found = tuple(Membership(row[end], row[end + 1]) for row in rows if row[end])
        tenancy.remember_scope(*(membership.tenant for membership in found))
        return Passage(rows[0][:end], found)

    def _statement(self, name: tuple[str, ...] | None) -> Statement:
        if name not in self._statements:
            self._statements[name] = self._compile(name)
        return self._statements[name]

    def _compile(self, name: tuple[str, ...] | None) -> Statement:
        is_walled = connections[DEFAULT_DB_ALIAS].vendor == "postgresql"
        if name is None:
            return Statement(self.credential(), template=WITHOUT_TENANT if is_walled else PLAIN_WITHOUT_TENANT)
        types = {"organization": UUIDField(), "slug": CharField()}
        find = self.find or partial(memberships.finder(), user=Parameter("user", get_user_model()._meta.pk))
        found = find(**{each: Parameter(each, types[each]) for each in name})[:SEVERAL]
        return Statement(self.credential(), found, template=WITH_TENANT if is_walled else PLAIN_WITH_TENANT)


def _fetch(statement: Statement, values: dict[str, Any]) -> list[Row]:
    """The rows, by a new connection when the old one has died since the last request."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    # This statement takes the place of Django's `SELECT 1`.
    connection.health_check_done = True
    try:
        return statement.fetch(values, sets_scope=True)
    except DatabaseError:
        if connection.in_atomic_block or connection.connection is None or not connection.connection.closed:
            raise
        connection.close()
        return statement.fetch(values, sets_scope=True)

"""The tenant wall: queries on tenant rows are scoped by the base class, and again by row-level security."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression, F
from django.db.models.sql.compiler import SQLCompiler
from django.db.utils import DEFAULT_DB_ALIAS
from django.http import HttpRequest, HttpResponse

from contract.types import Handler

TENANT_FIELD = "organization"
SAVEPOINT_STATEMENTS = ("SAVEPOINT", "ROLLBACK TO", "RELEASE")


class TenantRequired(RuntimeError):
    """Tenant rows were queried or written with no tenant: enter `tenant_scope(id)` or `system_scope(reason)`."""


class ForeignTenant(RuntimeError):
    """A row of another tenant was about to be written."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows this flow of control may see: one tenant's, everyone's (system), or nobody's."""

    tenant: uuid.UUID | None = None
    system: bool = False


NOBODY = Scope()
ANY_TENANT = uuid.UUID(int=0)
_scope: ContextVar[Scope] = ContextVar("tenant_scope", default=NOBODY)


def current() -> Scope:
    return _scope.get()


def current_tenant() -> uuid.UUID:
    """The tenant in scope. Raises `TenantRequired` when there is none."""
    if (tenant := _scope.get().tenant) is None:
        raise TenantRequired(TenantRequired.__doc__)
    return tenant


def enter(tenant: uuid.UUID) -> None:
    """Scope the rest of this request to one tenant; `TenancyMiddleware` leaves it again."""
    _scope.set(Scope(tenant=tenant))


@contextmanager
def tenant_scope(tenant: uuid.UUID) -> Iterator[None]:
    """Rows of one tenant, for commands, tasks and tests."""
    token = _scope.set(Scope(tenant=tenant))
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def system_scope(reason: str) -> Iterator[None]:
    """Rows of all tenants, for what crosses them by nature; tests/architecture lists who may, `reason` says why."""
    if not reason:
        raise ValueError("A system scope needs its reason.")
    token = _scope.set(Scope(system=True))
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def any_tenant() -> Iterator[None]:
    """Compile SQL whose parameter `ANY_TENANT` gives way to the tenant in scope whenever the SQL runs."""
    token = _scope.set(Scope(tenant=ANY_TENANT))
    try:
        yield
    finally:
        _scope.reset(token)


class TenancyMiddleware:
    """Starts and ends every request with nobody's rows, so that no tenant leaks into the thread's next request."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _scope.set(NOBODY)
        try:
            return self.get_response(request)
        finally:
            _scope.set(NOBODY)


class InScope(Expression):
    """`tenant column = the tenant in scope`, decided when the SQL is compiled, so querysets may be class attributes."""

    conditional = True
    output_field = models.BooleanField()

    def __init__(self, column: Expression | F | None = None) -> None:
        super().__init__()
        self.column: Any = column or F(f"{TENANT_FIELD}_id")

    def get_source_expressions(self) -> list[Any]:
        return [self.column]

    def set_source_expressions(self, exprs: Any) -> None:
        (self.column,) = exprs

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Any:
        if _scope.get().system:
            return "1 = 1", []
        sql, params = compiler.compile(self.column)
        tenant = current_tenant()
        if tenant is ANY_TENANT:
            return f"{sql} = %s", [*params, tenant]
        return f"{sql} = %s", [*params, models.UUIDField().get_db_prep_value(tenant, connection)]


class TenantManager[M: models.Model](models.Manager[M]):
    """The one door to a tenant model's rows."""

    use_in_migrations = False

    # The condition is made once for the model; whom it means is decided when SQL is compiled.
    _walled: models.QuerySet[M] | None = None

    def get_queryset(self) -> models.QuerySet[M]:
        if self._db or self._hints:  # type: ignore[attr-defined]
            return super().get_queryset().filter(InScope())
        if self._walled is None or self._walled.model is not self.model:
            self._walled = super().get_queryset().filter(InScope())
        return self._walled.all()


class TenantField(models.ForeignKey[Any, Any]):
    """The owner of the row: filled from the scope when it is inserted, and never another tenant's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("to", settings.TENANT_MODEL)
        kwargs.setdefault("on_delete", models.PROTECT)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        scope = current()
        value = getattr(model_instance, self.attname)
        if value is None:
            value = current_tenant()
            setattr(model_instance, self.attname, value)
        elif not scope.system and value != current_tenant():
            raise ForeignTenant(ForeignTenant.__doc__)
        return value


class TenantModel(models.Model):
    """A row that belongs to one organisation. Its unique constraints and list indexes start with `organization`."""

    organization = TenantField(related_name="+")

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def _do_insert(self, manager: Any, using: Any, fields: Any, returning_fields: Any, raw: bool) -> Any:
        """Django's step that inserts the row, by a statement that PostgreSQL has prepared."""
        # That module asks this one for the scope.
        from contract.inserts import NewRow, insert

        if not raw and not returning_fields and manager.model is type(self):
            row = NewRow.of(self)
            if not row.has_expression:
                insert(row)
                return []
        return super()._do_insert(manager, using, fields, returning_fields, raw)  # type: ignore[misc]


def follow_scope(sender: type[BaseDatabaseWrapper], connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Tell each new PostgreSQL connection whose rows the next statement may see, whenever that changes."""
    if connection.vendor == "postgresql":
        follower = ScopeFollower(connection)
        connection.execute_wrappers[:] = [w for w in connection.execute_wrappers if not isinstance(w, ScopeFollower)]
        connection.execute_wrappers.append(follower)
        vars(connection)["scope_follower"] = follower


def apply_scope() -> None:
    """Apply the scope now: before a transaction, in which it could not be remembered, or a statement of our own."""
    connection = connections[DEFAULT_DB_ALIAS]
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    follower: ScopeFollower | None = getattr(connection, "scope_follower", None)
    if follower and follower.applied != _scope.get():
        follower.apply(_scope.get())


def remember_scope(*tenants: uuid.UUID) -> None:
    """A statement of ours has set the scope to this tenant, or to nobody's rows; of several, who knows to which."""
    connection = connections[DEFAULT_DB_ALIAS]
    if follower := getattr(connection, "scope_follower", None):
        is_sure = len(tenants) <= 1 and not connection.in_atomic_block
        follower.applied = Scope(tenant=tenants[0] if tenants else None) if is_sure else None


class ScopeFollower:
    """Before a statement runs, sets `app.tenant` and `app.system` if the scope has changed since the last one.

    The setting is session-wide. Inside a transaction it is not remembered, because a rollback restores the
    value of before and would leave our memory wrong.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.applied: Scope | None = None

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        scope = _scope.get()
        # Savepoints are left alone: in a failed transaction nothing but the rollback is allowed.
        if scope != self.applied and not (isinstance(sql, str) and sql.startswith(SAVEPOINT_STATEMENTS)):
            self.apply(scope)
        return execute(sql, params, many, context)

    def apply(self, scope: Scope) -> None:
        tenant = str(scope.tenant) if scope.tenant else ""
        with self.connection.wrap_database_errors, cast(Any, self.connection.connection).cursor() as cursor:
            cursor.execute(
                "SELECT set_config('app.tenant', %s, false), set_config('app.system', %s, false)",
                [tenant, "on" if scope.system else "off"],
            )
        self.applied = None if self.connection.in_atomic_block else scope

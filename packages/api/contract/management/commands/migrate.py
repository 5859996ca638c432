from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import Error, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from psycopg.errors import LockNotAvailable

from contract.isolation import Unprotected, as_owner
from contract.logs import first_line
from contract.tenancy import system_scope

UNREACHABLE = (
    "PostgreSQL does not let us in: {reason}. Check DATABASE_URL and DATABASE_OWNER_URL, and that the server is up."
)
BEHIND = "The database lacks {names}. Run `manage.py migrate` with DATABASE_OWNER_URL before this version serves."
FAILED = (
    "Migration {name} failed and {fate}: {reason}. Applied before it: {done} in this run; nothing else was changed, "
    "and the version before serves on."
)
UNPROTECTED = (
    "The migrations are applied, but {what} could not be laid: {reason}. A new table is closed to the serving role "
    "until then: migrate again."
)
LOCKED = "PostgreSQL kept us waiting: {reason}. Migrations applied in this run: {done}. Migrate again."
PATIENCE = (
    "it waited {seconds} seconds for a lock ({reason}); migrate when the tables are less busy, "
    "or raise MIGRATION_LOCK_TIMEOUT"
)


class Command(MigrateCommand):
    """Migrates with the rights of `DATABASE_OWNER_URL`; data migrations see the rows of all tenants."""

    running: Migration | None = None
    done = 0

    def execute(self, *args: Any, **options: Any) -> Any:
        """Says in one sentence what failed, be it in the system checks, in a migration or after them."""
        try:
            return super().execute(*args, **options)
        except (Error, Unprotected) as error:
            if sentence := self.explain(error):
                raise CommandError(sentence) from None
            raise
        except Exception as error:
            if self.running:
                # Python prints it below the traceback, which is needed here: the migration's own code failed.
                error.add_note(self.failed(f"{type(error).__name__}: {first_line(error)}"))
            raise

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check_unapplied"]:
            self.refuse_to_be_behind()
        else:
            self.migrate(*args, **options)

    def refuse_to_be_behind(self) -> None:
        """Asked by the serving role, which may read what was applied and change nothing."""
        executor = MigrationExecutor(connection)
        missing = [str(migration) for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
        if missing:
            raise CommandError(BEHIND.format(names=", ".join(missing)))

    def migrate(self, *args: Any, **options: Any) -> None:
        with system_scope("migrations touch every tenant's rows"), as_owner():
            if connection.vendor == "postgresql":
                # A migration that waits for a lock holds up every request that comes after it.
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT set_config('lock_timeout', %s, false)", [f"{settings.MIGRATION_LOCK_TIMEOUT}s"]
                    )
            super().handle(*args, **options)

    def migration_progress_callback(self, action: str, migration: Migration | None = None, fake: bool = False) -> None:
        """Keeps the migration that is running, for the sentence about its failure."""
        if action in ("apply_start", "unapply_start"):
            self.running = migration
        elif action in ("apply_success", "unapply_success"):
            self.running, self.done = None, self.done + 1
        super().migration_progress_callback(action, migration, fake)

    def explain(self, error: Error | Unprotected) -> str:
        """Empty where Django's own message says it better."""
        cause = error.cause if isinstance(error, Unprotected) else error
        locked, reason = isinstance(cause.__cause__, LockNotAvailable), first_line(cause)
        if locked:
            reason = PATIENCE.format(seconds=settings.MIGRATION_LOCK_TIMEOUT, reason=reason)
        if isinstance(error, Unprotected):
            return UNPROTECTED.format(what=error, reason=reason)
        if self.running:
            return self.failed(reason)
        if locked:
            return LOCKED.format(reason=reason, done=self.done)
        return UNREACHABLE.format(reason=reason) if isinstance(error, OperationalError) else ""

    def failed(self, reason: str) -> str:
        fate = "was rolled back" if self.running and self.running.atomic else "may have been applied in part"
        return FAILED.format(name=self.running, fate=fate, reason=reason, done=self.done)

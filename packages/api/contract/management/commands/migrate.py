from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import Error, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration

from contract.isolation import as_owner
from contract.tenancy import system_scope

UNREACHABLE = (
    "PostgreSQL does not let us in: {reason}. Check DATABASE_URL and DATABASE_OWNER_URL, and that the server is up."
)
BEHIND = "The database lacks {names}. Run `manage.py migrate` with DATABASE_OWNER_URL before this version serves."
FAILED = (
    "Migration {name} failed and was rolled back: {reason}. Nothing else was changed; the version before serves on. "
    "If it waited for a lock, migrate again when the table is less busy, or raise MIGRATION_LOCK_TIMEOUT."
)


class Command(MigrateCommand):
    """Migrates with the rights of `DATABASE_OWNER_URL`; data migrations see the rows of all tenants."""

    applying = ""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check_unapplied"]:
                self.refuse_to_be_behind()
            else:
                self.migrate(*args, **options)
        except Error as error:
            if self.applying:
                raise CommandError(FAILED.format(name=self.applying, reason=first_line(error))) from None
            if isinstance(error, OperationalError):
                raise CommandError(UNREACHABLE.format(reason=first_line(error))) from None
            raise

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
        """Keeps the name of the migration that is being applied, for the sentence about its failure."""
        if action == "apply_start":
            self.applying = str(migration)
        elif action == "apply_success":
            self.applying = ""
        super().migration_progress_callback(action, migration, fake)


def first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")

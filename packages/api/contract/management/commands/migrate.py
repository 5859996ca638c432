from typing import Any

from django.core.management.commands.migrate import Command as MigrateCommand

from contract.isolation import as_owner
from contract.tenancy import system_scope


class Command(MigrateCommand):
    """Migrates with the rights of `DATABASE_OWNER_URL`; data migrations see the rows of all tenants."""

    def handle(self, *args: Any, **options: Any) -> None:
        with system_scope("migrations touch every tenant's rows"), as_owner():
            super().handle(*args, **options)

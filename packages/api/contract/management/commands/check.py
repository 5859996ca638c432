from typing import Any

from django.core.management.commands.check import Command as CheckCommand

from contract import domains


class Command(CheckCommand):
    """Looks for missing domains first, because the other checks would end in an import error."""

    def handle(self, *args: Any, **options: Any) -> None:
        self.check(tags=[domains.TAG])
        super().handle(*args, **options)

from typing import Any

from django.core.management.base import BaseCommand

from contract import idempotency


class Command(BaseCommand):
    help = "Delete the idempotency records whose 24 hours are over."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Deleted {idempotency.purge()} idempotency records.")

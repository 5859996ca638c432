from typing import Any

from django.core.management.base import BaseCommand

from apps.authentication import services


class Command(BaseCommand):
    help = "Delete the sign-ins that ended and the failed sign-ins that no longer count."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Deleted {services.purge()} sign-ins and failed sign-ins.")

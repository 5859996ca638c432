import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from contract.demo import World, populate


class Command(BaseCommand):
    help = "Fill the database with the demo world, once, and write its logins to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", type=Path, required=True, metavar="PATH", help="where the logins are written")
        parser.add_argument("--base-url", default="http://127.0.0.1:8000", help="where the service will answer")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("The demo world has published passwords and is refused where ENVIRONMENT=production.")
        world = World(now=timezone.now(), report=self.stderr.write)
        populate(world)
        path: Path = options["write"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(world.document(options["base_url"]), indent=2) + "\n")

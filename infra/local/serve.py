"""Migrates, seeds and serves in one process, because loading the service takes longer than all three."""

import argparse
import io
import sys
import traceback
import warnings
from importlib import import_module
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connections
from failures import known_sentence
from progress import say, step


def arguments() -> argparse.Namespace:
    """What run.py has decided."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bind", required=True)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--demo", type=Path, help="where the demo logins are written")
    return parser.parse_args()


def prepare(base_url: str, demo: Path | None) -> None:
    """Bring the database to the state that the code expects."""
    with step("Loading the service"):
        import_module("config.counts").prepare()
        django.setup()
    with step("Migrating the database"):
        call_command("migrate", verbosity=0)
    if demo:
        with step("Seeding the demo world"):
            call_command("seed_demo", write=demo, base_url=base_url, stderr=io.StringIO())
    # The worker processes are forked from this one and must not share its connections.
    connections.close_all()


def main() -> None:
    """Prepare, then become the server."""
    # The service is loaded from where manage.py stands.
    sys.path.insert(0, str(Path.cwd()))
    # Static files come from the packages themselves until an image collects them.
    warnings.filterwarnings("ignore", message="No directory at")
    chosen = arguments()
    try:
        prepare(chosen.base_url, chosen.demo)
    except Exception as error:
        details = traceback.format_exc()
        answer = known_sentence(details)
        say(f"Slipway cannot start: {answer or error}")
        if not answer:
            say(details)
        sys.exit(1)
    import_module("config.serve").serve(chosen.bind)


if __name__ == "__main__":
    main()

"""Serves HTTP with the server that WEB_SERVER names: python -m config.serve ADDRESS:PORT."""

import os
import sys
from importlib import import_module

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import counts, forking

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def serve(bind: str) -> None:
    """Become the server. Raises `ImproperlyConfigured` with all that is wrong with the settings."""
    forking.prepare()
    server = settings.WEB_SERVER
    counts.prepare()
    import_module(f"config.{server}").serve(bind)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("Say where to listen: python -m config.serve 127.0.0.1:8000")
    try:
        serve(sys.argv[1])
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

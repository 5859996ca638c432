"""Serves HTTP with the server that WEB_SERVER names: python -m config.serve ADDRESS:PORT."""

import os
import signal
import sys
from functools import partial
from importlib import import_module

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import counts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def serve(bind: str) -> None:
    """Become the server. Raises `ImproperlyConfigured` with all that is wrong with the settings."""
    server = settings.WEB_SERVER
    counts.prepare()
    os.register_at_fork(
        before=partial(signal.pthread_sigmask, signal.SIG_BLOCK, STOPS),
        after_in_parent=partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, STOPS),
        after_in_child=forget_parents_signals,
    )
    import_module(f"config.{server}").serve(bind)


def forget_parents_signals() -> None:
    """In a worker just forked: a signal to stop ends it, where its parent's handler would note it for nobody."""
    for stop in STOPS:
        signal.signal(stop, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("Say where to listen: python -m config.serve 127.0.0.1:8000")
    try:
        serve(sys.argv[1])
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

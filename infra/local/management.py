"""Runs manage.py with the variables that `make run` serves with: management.py COMMAND [ARGUMENT]..."""

import os
import sys

import environment
import variables
from processes import Signals, main
from variables import SERVICE


def become(signals: Signals) -> int:
    """Turn this process into manage.py, so that it owns the terminal as `shell` needs."""
    settings = variables.for_service()
    variables.refuse_missing_servers(settings)
    environment.ensure(signals, "base")
    os.chdir(SERVICE)
    os.execve(environment.PYTHON, [str(environment.PYTHON), "manage.py", *sys.argv[1:]], settings)  # noqa: S606 - it is meant to


if __name__ == "__main__":
    main(become)

"""Runs a command beside a fresh PostgreSQL and Redis: with_services.py [--durable] -- COMMAND..."""

import argparse
import os
from collections.abc import Mapping, Sequence

import services
from processes import Signals, main, start


def run(signals: Signals, command: Sequence[str], environment: Mapping[str, str], *, durable: bool = False) -> int:
    """Run `command` with the servers' addresses in its environment; its exit code is ours."""
    with services.running(signals, durable=durable) as urls:
        return signals.wait_for(start(command, environment={**environment, **urls}))


def run_arguments(signals: Signals) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--durable", action="store_true", help="survive a power cut, for tests of faults")
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="what to run, after --")
    chosen = parser.parse_args()
    return run(signals, chosen.command, os.environ, durable=chosen.durable)


if __name__ == "__main__":
    main(run_arguments)

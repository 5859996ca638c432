"""What the person at the terminal sees, on standard error: standard output is for the service's log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Refusal(Exception):
    """One sentence that says why this cannot go on and what to do about it; shown without a traceback."""


def say(text: str = "") -> None:
    """Print one line for the person at the terminal."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@contextmanager
def step(title: str) -> Iterator[None]:
    """Show what is being done, then how many seconds it took."""
    started = time.monotonic()
    sys.stderr.write(f"  {title} ... ")
    sys.stderr.flush()
    try:
        yield
    except BaseException:
        say()
        raise
    say(f"{time.monotonic() - started:.1f} s")

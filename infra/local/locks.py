"""Lets only one process of this checkout prepare at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from processes import Signals
from progress import say


@contextmanager
def only_one(signals: Signals, root: Path, doing: str) -> Iterator[None]:
    """Hold the checkout's lock, which the kernel releases whatever ends this process; wait for it."""
    folder = root / ".local"
    folder.mkdir(exist_ok=True)
    # The folder itself is locked, so that no lock file is ever left behind.
    handle = os.open(folder, os.O_RDONLY)
    try:
        if not take(handle):
            say(f"  Waiting for another process that {doing}.")
            while not signals.sleep_until(lambda: take(handle), seconds=60):
                pass
        yield
    finally:
        os.close(handle)


def take(handle: int) -> bool:
    """Whether the lock is ours now."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

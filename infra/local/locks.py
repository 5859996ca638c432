"""Lets only one process of this checkout prepare at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from progress import say


@contextmanager
def only_one(root: Path, doing: str) -> Iterator[None]:
    """Hold the checkout's lock, which the kernel releases whatever ends this process; wait when another holds it."""
    folder = root / ".local"
    folder.mkdir(exist_ok=True)
    # The folder itself is locked, so that no lock file is ever left behind.
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"  Waiting for another process that {doing}.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

"""Refuses to begin what a full disk would break halfway."""

import shutil
from pathlib import Path

from progress import Refusal


def refuse_full_disk(folder: Path, *, megabytes: int) -> None:
    """Raise a sentence when less than `megabytes` are free where `folder` is."""
    free = shutil.disk_usage(folder).free // 1024**2
    if free < megabytes:
        raise Refusal(
            f"The disk that holds {folder} is full: {free} MB are free, {megabytes} MB are needed; "
            "free some space, then try again."
        )

"""Starts programs, passes signals on to them, and leaves none behind."""

import ctypes
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn, Self

from progress import Refusal, say

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """A signal asked this program to stop."""


def start(
    command: Sequence[object],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user: str | None = None,
    output: int | None = None,
) -> subprocess.Popen[str]:
    """Start `command` in a process group of its own, so that a Ctrl-C reaches it only through us."""
    return subprocess.Popen(  # noqa: S603 - the commands are this project's own
        [str(part) for part in command],
        env=environment,
        cwd=folder,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        stdin=subprocess.DEVNULL if output else None,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        text=True,
        start_new_session=True,
        preexec_fn=_end_with_parent,
    )


def _end_with_parent() -> None:
    """On Linux the kernel ends the child even when this program is killed without a chance to tidy up."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def signal_group(child: subprocess.Popen[str], number: int) -> None:
    """Send a signal to the child and everything that it started, if any of it still runs."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, number)


def stop(child: subprocess.Popen[str], number: int = signal.SIGTERM, patience: float = 10) -> None:
    """Ask the child to end, wait `patience` seconds, then end it and whatever is left of its group."""
    if child.poll() is None:
        child.send_signal(number)
    with suppress(subprocess.TimeoutExpired):
        child.wait(patience)
    signal_group(child, signal.SIGKILL)
    child.wait()


class Signals:
    """Remembers a signal and passes it on to the running child, so that no step of ours is cut in half."""

    def __init__(self) -> None:
        self.received: int | None = None
        self.child: subprocess.Popen[str] | None = None
        # What the child gets instead of the signal itself.
        self.translated: int | None = None

    def __enter__(self) -> Self:
        for number in STOPPING:
            signal.signal(number, self._receive)
        return self

    def __exit__(self, *_error: object) -> None:

        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        is_second = self.received is not None and self.translated is not None
        self.received = number
        if self.child:
            signal_group(self.child, signal.SIGKILL if is_second else self.translated or number)

    def check(self) -> None:
        """Raise `Interrupted` when a signal has come."""
        if self.received is not None:
            raise Interrupted

    def wait_for(self, child: subprocess.Popen[str]) -> int:
        """Wait for the child and return its exit code as a shell gives it; its group does not outlive it."""
        self.child = child
        if self.received is not None:
            signal_group(child, self.translated or self.received)
        try:
            code = child.wait()
            return code if code >= 0 else 128 - code
        finally:
            signal_group(child, signal.SIGKILL)
            self.child = None

    def output_of(self, child: subprocess.Popen[str]) -> str:
        """Wait for a child started with `output=subprocess.PIPE` and return what it printed."""
        self.child = child
        try:
            return child.communicate()[0]
        finally:
            self.child = None
            self.check()

    def sleep_until(self, ready: Callable[[], bool], *, seconds: float) -> bool:
        """Ask `ready` every 50 ms; False when `seconds` went by without a yes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check()
            if ready():
                return True
            time.sleep(0.05)
        return False


def main(action: Callable[[Signals], int]) -> NoReturn:
    """Run `action` and turn what may go wrong into one sentence and an exit code."""
    with Signals() as signals:
        try:
            code = action(signals)
        except Interrupted:
            code = 128 + (signals.received or signal.SIGINT)
        except Refusal as refusal:
            say(str(refusal))
            code = 1
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            say("The disk is full: free some space, then try again.")
            code = 1
    sys.exit(code)

"""A copy of the checkout in a folder with a space in its name, and commands that run in it like a person's."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "infra/local"))
SERVICE_VARIABLES = (
    "DATABASE_",
    "REDIS_",
    "SECRET_KEY",
    "JWT_",
    "ENVIRONMENT",
    "THROTTLE_",
    "LOG_LEVEL",
    "DJANGO_",
)
RUNNER_VARIABLES = ("MAKE", "MFLAGS", "PYTEST", "PYTHON", "PORT", "T=")
IGNORED = shutil.ignore_patterns(
    "__pycache__",
    "*.sqlite3*",
    ".*_cache",
    ".hypothesis",
    "node_modules",
    "staticfiles",
)


def person_environment(**changes: str) -> dict[str, str]:
    """The variables of a terminal in which no test runs."""
    private = (*SERVICE_VARIABLES, *RUNNER_VARIABLES)
    return {name: value for name, value in os.environ.items() if not f"{name}=".startswith(private)} | changes


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of this checkout with its Python environment, and no state."""
    copy = tmp_path_factory.mktemp("checkout") / "slip way"
    for folder in ("infra", "packages"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=IGNORED)
    shutil.copy(ROOT / "Makefile", copy)
    for environment in (".venv", ".venv-tools"):
        (copy / environment).symlink_to(ROOT / environment)
    return copy


@pytest.fixture
def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def begin() -> Iterator[Start]:
    """Start a command in a process group of its own, as a terminal does; what a failed test leaves is ended."""
    started: list[subprocess.Popen[str]] = []

    def begin_command(*command: object, folder: Path = ROOT, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=person_environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield begin_command
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=30)


@pytest.fixture
def descendants() -> Callable[[int], set[int]]:
    """Which processes a process has started, and those which they have started."""

    def find(root: int) -> set[int]:
        listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
        parents = {int(pid): int(parent) for pid, parent in map(str.split, listing.stdout.splitlines())}
        found = {root}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found - {root}

    return find


@pytest.fixture
def vanish() -> Callable[[set[int]], bool]:
    """Whether these processes are gone within five seconds."""

    def wait(pids: set[int]) -> bool:
        end = time.monotonic() + 5
        while any(is_running(pid) for pid in pids) and time.monotonic() < end:
            time.sleep(0.05)
        return not any(is_running(pid) for pid in pids)

    return wait


def is_running(pid: int) -> bool:
    """Whether a process exists and is more than an entry that nobody has collected."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")

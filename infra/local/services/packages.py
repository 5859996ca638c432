"""Finds the servers' programs, and installs them where that can be done without a question."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from failures import last_line
from processes import Signals, start
from progress import Refusal, step

DEBIAN_FOLDERS = Path("/usr/lib/postgresql")
INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends")


def postgresql_program(name: str) -> Path | None:
    """A program of PostgreSQL's server, from PATH or the newest of Debian's folders, which are not on it."""
    if found := shutil.which(name):
        return Path(found)
    versions = [folder for folder in DEBIAN_FOLDERS.glob("*") if folder.name.isdecimal()]
    for folder in sorted(versions, key=lambda version: int(version.name), reverse=True):
        if os.access(program := folder / "bin" / name, os.X_OK):
            return program
    return None


def redis_program() -> Path | None:
    """Redis, or Valkey, which speaks the same."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(found) if found else None


def servers() -> dict[str, Path | None]:
    """The Debian packages of the servers, and the programs that were found of them."""
    return {"postgresql": postgresql_program("initdb"), "redis-server": redis_program()}


def install_missing(
    signals: Signals, wanted: Callable[[], Mapping[str, object]] = servers, user: str = "Tests"
) -> None:
    """Install what is missing when we are root on a Debian system; otherwise say what to install."""
    packages = missing(wanted)
    if not packages:
        return
    names = " and ".join(packages)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Refusal(f"{user} need {names}, not found on PATH: install {names} (on Debian: apt-get install {names}).")
    with step(f"Installing {names}"):
        attempt(signals, ("apt-get", "update"))
        output = attempt(signals, (*INSTALL, *packages))
    if missing(wanted):
        raise Refusal(f"{names} could not be installed ({last_line(output)}): run apt-get install {names} and see why.")


def missing(wanted: Callable[[], Mapping[str, object]]) -> list[str]:
    """The packages of which no program was found."""
    return [package for package, program in wanted().items() if program is None]


def attempt(signals: Signals, command: tuple[str, ...]) -> str:
    """Run one package command without questions and return what it printed."""
    # At run level 1 the packages do not start servers of their own.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    return signals.output_of(start(command, environment=environment, output=subprocess.PIPE))

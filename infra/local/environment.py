"""Builds the Python environment in .venv from a lock, once: environment.py base|dev."""

import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path

from disk import refuse_full_disk
from failures import sentence
from locks import only_one
from processes import Signals, main, start
from progress import Refusal, step

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "packages/api/requirements"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin/python"
STAMP = VENV / "slipway-lock"
TOOLS = ROOT / ".venv-tools"
UV = TOOLS / "bin/uv"
UV_VERSION = "0.13.8"
WORKS = "import sys; sys.exit(sys.version_info < (3, 12))"


def ensure(signals: Signals, wanted: str) -> None:
    """Make .venv hold the lock `wanted` ("base" or "dev"); a dev environment also serves what wants base."""
    if is_current(wanted):
        return
    with only_one(signals, ROOT, "is preparing the Python environment"):
        # Another process may have built it while we waited.
        if not is_current(wanted):
            build(signals, "dev" if is_for_development() else wanted)


def is_current(wanted: str) -> bool:
    """Whether .venv was built from the lock as it is now, and still runs."""
    marks = {mark(name) for name in (wanted, "dev")}
    return stamp() in marks and UV.exists() and runs(PYTHON) and not other_python_wanted()


def stamp() -> str:
    """What the last complete build wrote."""
    return STAMP.read_text() if STAMP.exists() else ""


def mark(name: str) -> str:
    """The stamp of a complete build from the lock as it is now."""
    return f"{name} {hashlib.sha256((LOCKS / f'{name}.txt').read_bytes()).hexdigest()}\n"


def is_for_development() -> bool:
    """Whether .venv was made for development, in whatever version; a build that broke off left no stamp."""
    return stamp().startswith("dev ") or (not stamp() and (VENV / "bin/pytest").exists())


def runs(program: Path) -> bool:
    """Whether this Python starts and is new enough; its base may have been uninstalled."""
    return program.exists() and not start([program, "-c", WORKS], output=subprocess.DEVNULL).wait()


def other_python_wanted() -> bool:
    """Whether the person named a Python of another version than the one in .venv."""
    if not os.environ.get("PYTHON"):
        return False
    return f"version_info = {platform.python_version()}\n" not in (VENV / "pyvenv.cfg").read_text()


def build(signals: Signals, name: str) -> None:
    """Create .venv when it does not run, then install exactly what the lock says."""
    refuse_full_disk(ROOT, megabytes=500)
    STAMP.unlink(missing_ok=True)
    install_uv(signals)
    if not runs(PYTHON) or other_python_wanted():
        with step(f"Creating .venv with Python {platform.python_version()}"):
            attempt(signals, UV, "venv", "--clear", "--python", base_python(), VENV)
    with step(f"Installing the packages of requirements/{name}.txt"):
        attempt(signals, UV, "pip", "sync", "--require-hashes", "--python", PYTHON, LOCKS / f"{name}.txt")
    STAMP.write_text(mark(name))


def base_python() -> str:
    """The interpreter outside any environment, so that .venv never hangs on itself."""
    return sys._base_executable  # type: ignore[attr-defined,no-any-return]


def install_uv(signals: Signals) -> None:
    """Install the pinned uv into .venv-tools."""
    if UV.exists():
        version = signals.output_of(start([UV, "--version"], output=subprocess.PIPE))
        if UV_VERSION in version.split():
            return
    with step("Installing uv"):
        attempt(signals, base_python(), "-m", "venv", "--clear", TOOLS)
        attempt(signals, TOOLS / "bin/python", "-m", "pip", "install", "--quiet", f"uv=={UV_VERSION}")


def attempt(signals: Signals, *command: str | Path) -> None:
    """Run one step of the build; its failure becomes one sentence."""
    quiet = {"UV_PYTHON_DOWNLOADS": "never", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    child = start(command, environment=os.environ | quiet, folder=ROOT, output=subprocess.PIPE)
    output = signals.output_of(child)
    if child.returncode:
        raise Refusal(f"The Python environment could not be built: {sentence(output)}")


def arguments(signals: Signals) -> int:
    """Build what the command line asks for."""
    if sys.argv[1:] not in (["base"], ["dev"]):
        raise Refusal("Say which environment to build: environment.py base, or environment.py dev.")
    ensure(signals, sys.argv[1])
    return 0


if __name__ == "__main__":
    main(arguments)

import subprocess
import sys
from pathlib import Path

import pytest

FIND = Path(__file__).resolve().parents[2] / "infra/local/find-python"


def program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def new_enough(path: Path) -> Path:
    return program(path, 'echo "$0"')


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine whose python3.13 is a shim that does not run and whose python3 is too old."""
    program(tmp_path / "bin/python3.13", "exit 127")
    program(tmp_path / "bin/python3", "exit 1")
    for name in ("sh", "sort"):
        found = subprocess.run(["/bin/sh", "-c", f"command -v {name}"], capture_output=True, text=True)
        (tmp_path / "bin" / name).symlink_to(found.stdout.strip())
    return tmp_path


def find(machine: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(machine / "bin"), "HOME": str(machine), **variables}
    return subprocess.run([FIND], env=environment, capture_output=True, text=True)


def test_refuses_a_machine_with_only_old_and_broken_ones(machine: Path) -> None:
    result = find(machine)

    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "install Python 3.13" in result.stderr


def test_takes_a_newer_one_from_path_after_a_broken_shim(machine: Path) -> None:
    python = new_enough(machine / "bin/python3.12")

    assert find(machine).stdout == f"{python}\n"


def test_takes_the_newest_of_pyenv_by_number(machine: Path) -> None:
    new_enough(machine / ".pyenv/versions/3.13.9/bin/python")
    newest = new_enough(machine / ".pyenv/versions/3.13.10/bin/python")
    program(machine / ".pyenv/versions/3.14.0/bin/python", "exit 127")

    assert find(machine).stdout == f"{newest}\n"


def test_takes_what_uv_has_installed(machine: Path) -> None:
    python = new_enough(machine / ".local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3")

    assert find(machine).stdout == f"{python}\n"


def test_prefers_the_one_that_is_named(machine: Path) -> None:
    new_enough(machine / "bin/python3.12")
    named = new_enough(machine / "my pythons/python")

    assert find(machine, PYTHON=str(named)).stdout == f"{named}\n"


def test_says_that_the_named_one_is_too_old_and_takes_another(machine: Path) -> None:
    other = new_enough(machine / "bin/python3.12")

    result = find(machine, PYTHON="python3")

    assert result.stdout == f"{other}\n"
    assert result.stderr.startswith("PYTHON=python3 is passed over")


def test_prints_a_real_interpreter_outside_any_environment(machine: Path) -> None:
    found = find(machine, PYTHON=sys.executable).stdout.strip()

    assert found == sys._base_executable  # type: ignore[attr-defined]

"""Facts about the whole checkout that a reviewer would have to look up."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from contract.environment import env
from tests.architecture.source import API, ROOT

# Read by the commands around the service, not by its settings.
OUTER_VARIABLES = {"PORT"}
LOCK_FOLDERS = (API / "requirements", ROOT / "infra/tools/python", ROOT / "tests/perf")
LOCKS = sorted(lock for folder in LOCK_FOLDERS for lock in folder.glob("*.txt"))


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("This is no git checkout.")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_example_lists_exactly_the_variables_that_are_read() -> None:
    example = (ROOT / ".env.example").read_text()

    listed = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))

    assert listed == env.names | OUTER_VARIABLES


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_python_lock_has_every_hash_and_no_address(lock: Path) -> None:
    text = lock.read_text()

    assert "--hash=sha256:" in text
    assert re.findall(r"^(\S+==\S+).*\n(?! +--hash=sha256:)", text, re.MULTILINE) == []
    assert "://" not in text


def test_the_node_lock_has_every_hash_and_no_address() -> None:
    packages = json.loads((ROOT / "infra/tools/node/package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}

    assert [name for name, package in installed.items() if "integrity" not in package] == []
    assert [name for name, package in installed.items() if "resolved" in package] == []


@pytest.mark.parametrize("module", sorted(ROOT.glob("infra/tools/go/*/go.mod")), ids=lambda path: path.parent.name)
def test_a_go_tool_has_the_hash_of_every_module(module: Path) -> None:
    needed = re.findall(r"^\s*(?:require )?(\S+ v\S+)", module.read_text(), re.MULTILINE)
    replaced = re.findall(r"^\s*(?:replace )?(\S+).* => ", module.read_text(), re.MULTILINE)
    needed = [each for each in needed if each.split()[0] not in replaced]
    hashed = (module.parent / "go.sum").read_text()

    assert needed
    assert [each for each in needed if f"{each} h1:" not in hashed] == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    pattern = re.compile(rb"(?<![\w.])/(?:home|root|Users)/\w+")

    assert [path for path in tracked() if pattern.search(path.read_bytes())] == []


def test_scripts_can_be_run() -> None:
    scripts = [path for path in tracked() if path.read_bytes()[:2] == b"#!"]

    assert scripts
    assert [path for path in scripts if not path.stat().st_mode & 0o100] == []

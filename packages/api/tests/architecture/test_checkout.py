"""Facts about the whole checkout that a reviewer would have to look up."""

import re
import subprocess
from pathlib import Path

import pytest

from contract.environment import env
from tests.architecture.source import API, ROOT

# Read by the commands around the service, not by its settings.
OUTER_VARIABLES = {"PORT", "WEB_CONCURRENCY"}
LOCKS = sorted(
    [*API.glob("requirements/*.txt"), *ROOT.glob("infra/tools/python/*.txt"), *ROOT.glob("infra/tools/node/*lock.json")]
)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("This is no git checkout.")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_example_lists_exactly_the_variables_that_are_read() -> None:
    example = (ROOT / ".env.example").read_text()

    listed = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", example, re.MULTILINE))

    assert listed == {name for name in env.names if not name.endswith("_FILE")} | OUTER_VARIABLES


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()

    assert "sha256:" in text or '"integrity": "sha512-' in text
    assert not re.search(r"index-url|\"resolved\"|https?://[^\s\"]*\.(whl|tgz|tar\.gz)", text)


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    pattern = re.compile(r"(?<![\w.])/(?:home|root|Users)/\w+")
    named = [
        str(p)
        for p in tracked()
        if p.suffix in (".py", ".md", ".sh", ".toml", ".yml", ".json") and pattern.search(p.read_text())
    ]

    assert named == []


def test_scripts_can_be_run() -> None:
    scripts = [path for path in tracked() if path.read_bytes()[:2] == b"#!"]

    assert scripts
    assert [path for path in scripts if not path.stat().st_mode & 0o100] == []

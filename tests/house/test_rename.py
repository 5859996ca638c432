"""`make rename` gives the platform another name, and what is renamed still works."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Checkout

pytestmark = pytest.mark.xdist_group("house")
KEPT = {"LICENSE", "CHANGELOG.md"}


@pytest.fixture
def committed(checkout: Checkout) -> Checkout:
    """A clean repository whose files, some of them in their names, bear the name of now."""
    (checkout.root / f"docs/{old_name(checkout)}.md").write_text(f"# {old_name(checkout).upper()}\n")
    identity = ("-c", "user.name=House", "-c", "user.email=house@example.com")
    for command in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "--message", "all"]):
        subprocess.run(["git", *command], cwd=checkout.root, check=True)
    return checkout


def old_name(checkout: Checkout) -> str:
    text = (checkout.service / "pyproject.toml").read_text()
    return text.partition('name = "')[2].partition("-api")[0]


def rename(checkout: Checkout, *arguments: str) -> subprocess.CompletedProcess[str]:
    return checkout.run(sys.executable, "infra/rename.py", *arguments)


def test_a_renamed_platform_bears_its_old_name_nowhere_and_works(committed: Checkout) -> None:
    old = old_name(committed)
    kept = {name: (committed.root / name).read_text() for name in KEPT}

    renamed = rename(committed, "lighthouse")

    assert renamed.returncode == 0, renamed.stderr
    left = [
        path for path, text in committed.files().items() if old in f"{path}{text}".lower() and str(path) not in KEPT
    ]
    assert left == []
    assert kept == {name: (committed.root / name).read_text() for name in KEPT}
    assert (committed.root / "docs/lighthouse.md").read_text() == "# LIGHTHOUSE\n"
    check = committed.manage("check")
    assert check.returncode == 0, check.stderr
    quick = committed.test("tests/contract/test_openapi.py", "tests/contract/test_health.py")
    assert quick.returncode == 0, quick.stdout
    again = rename(committed, "lighthouse")
    assert (again.returncode, again.stdout.count("\n")) == (0, 1)
    assert "nothing to rename" in again.stdout


def test_a_renamed_platform_needs_no_formatting(committed: Checkout, ruff: str) -> None:
    rename(committed, "lighthouse")

    for judge in (["check"], ["format", "--check"]):
        judged = committed.run(ruff, *judge, ".", folder=committed.service)
        assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize("name", ["qz", "Lighthouse", "light-house", "x" * 31, "django"])
def test_a_bad_name_renames_nothing(name: str, committed: Checkout) -> None:
    refused = rename(committed, name)

    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert committed.run("git", "status", "--porcelain").stdout == ""


def test_uncommitted_changes_are_not_mixed_with_a_renaming(committed: Checkout) -> None:
    (committed.root / "README.md").write_text("changed\n")

    refused = rename(committed, "lighthouse")
    forced = rename(committed, "lighthouse", "--force")

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert forced.returncode == 0

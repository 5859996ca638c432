"""A copy of the checkout's files, and commands that run in it with databases of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN_PATHS = {"DATABASE_URL": "/house", "DATABASE_OWNER_URL": "/house", "REDIS_URL": "/15"}


class Checkout:
    """A copy that may be changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.service = root / "packages/api"

    def files(self) -> dict[Path, str]:
        """Every source file with its text."""
        paths = (
            path for path in self.root.rglob("*") if path.is_file() and not {".git", "__pycache__"} & {*path.parts}
        )
        return {path.relative_to(self.root): path.read_text(errors="replace") for path in paths}

    def run(self, *command: str, folder: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**plain_environment(), **variables}
        return subprocess.run(command, cwd=folder or self.root, env=environment, capture_output=True, text=True)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """manage.py on SQLite, as `make` runs it."""
        return self.run(sys.executable, "manage.py", *arguments, folder=self.service, ENVIRONMENT="development")

    def test(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """pytest on the servers of the outer run, in databases that the outer run does not touch."""
        paths = {name: urlsplit(os.environ[name])._replace(path=path).geturl() for name, path in OWN_PATHS.items()}
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--verbose", *arguments]
        return self.run(*command, folder=self.service, ENVIRONMENT="test", **paths)


def plain_environment() -> dict[str, str]:
    """This process's variables without those of its servers and of pytest itself."""
    private = (*OWN_PATHS, "PYTEST_", "DJANGO_", "ENVIRONMENT")
    return {name: value for name, value in os.environ.items() if not name.startswith(private)}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """What git would commit from here, without the history."""
    listed = subprocess.check_output(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            copy = tmp_path / "house" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy)
    return Checkout(tmp_path / "house")


@pytest.fixture
def ruff() -> str:
    """The pinned linter, where `make tools` has installed it."""
    linter = ROOT / ".tools/python/bin/ruff"
    if not linter.exists():
        pytest.skip("The linters are not installed: make tools")
    return str(linter)

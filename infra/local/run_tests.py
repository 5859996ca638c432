"""Runs the tests on a fresh PostgreSQL and Redis: run_tests.py [PATH] [ARGUMENT of pytest]..."""

import os
import secrets
import sys
from pathlib import Path

import environment
import with_services
from processes import Signals, main
from progress import Refusal
from variables import ROOT, SECRET_NAMES, SERVICE

SUITES = [ROOT / "tests" / name for name in ("local", "e2e", "house", "perf", "charts")]
EVERYTHING = (SERVICE / "apps", SERVICE / "contract", SERVICE / "tests", *SUITES)


def run(signals: Signals) -> int:
    """Run pytest in parallel, or in one process for a single file; its exit code is ours."""
    environment.ensure(signals, "dev")
    os.chdir(ROOT)
    paths, options = split(sys.argv[1:])
    single = len(paths) == 1 and not path_of(paths[0]).is_dir()
    workers = ["-n", "0"] if single else ["-n", str(min(os.cpu_count() or 2, 8)), "--dist", "loadgroup"]
    command = [str(environment.PYTHON), "-m", "pytest", "-c", f"{SERVICE.relative_to(ROOT)}/pyproject.toml"]
    command += ["--rootdir", ".", *workers, *(paths or everything()), *options]
    made = {name: secrets.token_urlsafe(48) for name in SECRET_NAMES}
    return with_services.run(signals, command, {**os.environ, **made, "ENVIRONMENT": "test"})


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The paths, relative to the repository's root, and from the first dash on what pytest gets as it is."""
    first = next((index for index, argument in enumerate(arguments) if argument.startswith("-")), len(arguments))
    paths = arguments[:first]
    for path in paths:
        if not path_of(path).exists():
            raise Refusal(f"{path_of(path)} does not exist: give T a path from the repository's root.")
    return paths, arguments[len(paths) :]


def path_of(test: str) -> Path:
    """The file or folder in `file.py::test_name`."""
    return Path(test.partition("::")[0])


def everything() -> list[str]:
    """The folders of tests that a checkout can run without a cluster."""
    return [str(folder.relative_to(ROOT)) for folder in EVERYTHING if folder.is_dir()]


if __name__ == "__main__":
    main(run)

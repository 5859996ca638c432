"""Prepares what `make bench` and `make profile` need, then runs them beside fresh services: benchmark.py SCRIPT."""

import hashlib
import os
import shutil
import sys

import environment
import with_services
from disk import refuse_full_disk
from processes import Signals, main
from progress import Refusal, step
from services.packages import install_missing
from variables import ROOT

PERF = ROOT / "tests/perf"
LOCK = PERF / "requirements.txt"
VENV = PERF / ".venv"
PYTHON = VENV / "bin/python"
STAMP = VENV / "lock"


def run(signals: Signals) -> int:
    """Run one of the scripts in tests/perf; its exit code is ours."""
    if sys.argv[1:] not in (["bench"], ["flame"]):
        raise Refusal("Say what to run: benchmark.py bench, or benchmark.py flame.")
    refuse_full_disk(ROOT, megabytes=4000)
    environment.ensure(signals, "dev")
    install_peers(signals)
    install_missing(signals, lambda: {"wrk": shutil.which("wrk")}, user="Benchmarks")
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "infra/local")}
    return with_services.run(signals, [str(PYTHON), str(PERF / f"{sys.argv[1]}.py")], variables)


def install_peers(signals: Signals) -> None:
    """Build the environment of the peers from their lock, once."""
    mark = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == mark and works():
        return
    with step("Installing the peers of tests/perf/requirements.txt"):
        uv = environment.UV
        environment.attempt(signals, uv, "venv", "--clear", "--python", environment.base_python(), VENV)
        environment.attempt(signals, uv, "pip", "sync", "--require-hashes", "--python", PYTHON, LOCK)
    STAMP.write_text(mark)


def works() -> bool:
    """Whether the peers still run, and on the same Python as the service, or nothing could be compared."""
    versions = [{folder.name for folder in (venv / "lib").glob("python3*")} for venv in (VENV, environment.VENV)]
    return environment.runs(PYTHON) and versions[0] == versions[1]


if __name__ == "__main__":
    main(run)

"""Prepares what `make bench` and `make profile` need, then runs them beside fresh services: benchmark.py SCRIPT."""

import hashlib
import os
import shutil
import sys
from pathlib import Path

import environment
import with_services
from disk import refuse_full_disk
from processes import Signals, main
from progress import Refusal, step
from services.packages import install_missing
from variables import ROOT

PERF = ROOT / "tests/perf"
PEERS = PERF / ".venv"
# {environment: its lock}. The service is measured with what its image holds: some libraries load more where
# they find the tools of development.
LOCKS = {PEERS: PERF / "requirements.txt", PERF / ".venv-service": environment.LOCKS / "base.txt"}


def run(signals: Signals) -> int:
    """Run one of the scripts in tests/perf; its exit code is ours."""
    if sys.argv[1:] not in (["bench"], ["flame"]):
        raise Refusal("Say what to run: benchmark.py bench, or benchmark.py flame.")
    refuse_full_disk(ROOT, megabytes=4000)
    environment.ensure(signals, "dev")
    for venv, lock in LOCKS.items():
        install(signals, venv, lock)
    install_missing(signals, lambda: {"wrk": shutil.which("wrk")}, user="Benchmarks")
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "infra/local")}
    return with_services.run(signals, [str(PEERS / "bin/python"), str(PERF / f"{sys.argv[1]}.py")], variables)


def install(signals: Signals, venv: Path, lock: Path) -> None:
    """Build one of the environments from its lock, once."""
    mark, stamp, python = hashlib.sha256(lock.read_bytes()).hexdigest(), venv / "lock", venv / "bin/python"
    if stamp.exists() and stamp.read_text() == mark and works(venv):
        return
    with step(f"Installing {lock.relative_to(ROOT)} for the benchmark"):
        uv = environment.UV
        environment.attempt(signals, uv, "venv", "--clear", "--python", environment.base_python(), venv)
        environment.attempt(
            signals, uv, "pip", "sync", "--compile-bytecode", "--require-hashes", "--python", python, lock
        )
    stamp.write_text(mark)


def works(venv: Path) -> bool:
    """Whether it still runs, and on the same Python as development, or nothing could be compared."""
    versions = [{folder.name for folder in (each / "lib").glob("python3*")} for each in (venv, environment.VENV)]
    return environment.runs(venv / "bin/python") and versions[0] == versions[1]


if __name__ == "__main__":
    main(run)

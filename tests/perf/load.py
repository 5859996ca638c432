"""One run of wrk, the load generator, in which every answer's status is counted and none may be an error."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from processes import Signals, start
from progress import Refusal

SCRIPT = Path(__file__).resolve().parent / "load.lua"
CONNECTIONS = 8


@dataclass(frozen=True)
class Load:
    """What wrk counted: answers by kind, and the times of half and of nearly all of them, in milliseconds."""

    good: int
    bad: int
    lost: int
    seconds: float
    p50: float
    p99: float


def run(signals: Signals, port: int, plan: Path, name: str, seconds: int) -> Load:
    """Send a plan's requests over and over; `name` tells this run's keys from those of all others."""
    command = ["wrk", "--threads", "1", "--connections", CONNECTIONS, "--duration", f"{seconds}s", "--timeout", "30s"]
    command += ["--script", SCRIPT, f"http://127.0.0.1:{port}", "--", plan, name]
    printed = signals.output_of(start(command, output=subprocess.PIPE))
    line = next((line for line in printed.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise Refusal(f"wrk did not finish: {printed.strip()[-500:]}")
    return Load(**json.loads(line.removeprefix("RESULT ")))


def refuse_failures(load: Load, server: str, workload: str) -> None:
    """Raise a sentence when an answer was no success or was lost, or when there was none at all."""
    if load.bad or load.lost or not load.good:
        raise Refusal(
            f"{server} failed under {workload}: {load.good} answers were good, {load.bad} were errors, and "
            f"{load.lost} were lost; see .local/perf/{server}.log."
        )

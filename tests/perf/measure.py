"""One run of the load generator against one server, and what it cost."""

import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from processes import Signals, start
from progress import Refusal
from servers import Running
from world import PERF

CONNECTIONS = 8


@dataclass(frozen=True)
class Sample:
    """One server under one workload in one round; times of answers in milliseconds, costs in microseconds."""

    server: str
    workload: str
    round: int
    requests: int
    per_second: float
    p50: float
    p99: float
    cpu: float
    database_cpu: float


def sample(signals: Signals, started: Running, plan: Path, workload: str, number: int, seconds: int) -> Sample:
    """Load a server for some seconds. Raises a sentence when a single request fails."""
    before, database_before = cpu_seconds(started.family()), cpu_seconds(postgresql())
    result = load(signals, started, plan, f"{started.port}-{workload}-{number}", seconds)
    refuse_failures(started, workload, result)
    count = int(result["requests"])
    return Sample(
        server=started.server.name,
        workload=workload,
        round=number,
        requests=count,
        per_second=count / result["seconds"],
        p50=result["p50"],
        p99=result["p99"],
        cpu=since(before, started.family()) / count * 1e6,
        database_cpu=since(database_before, postgresql()) / count * 1e6,
    )


def postgresql() -> list[psutil.Process]:
    """All processes of the database, which were started by whoever started us."""
    parent = psutil.Process(os.getppid())
    servers = [child for child in parent.children() if child.name() == "postgres"]
    return [process for server in servers for process in (server, *server.children())]


def cpu_seconds(processes: Sequence[psutil.Process]) -> dict[int, float]:
    """Seconds of processor time that each process has used."""
    seconds = {}
    for process in processes:
        # PostgreSQL's cleaners come and go.
        with suppress(psutil.NoSuchProcess):
            seconds[process.pid] = sum(process.cpu_times()[:2])
    return seconds


def since(before: dict[int, float], processes: Sequence[psutil.Process]) -> float:
    """Seconds that these processes have used since then."""
    return sum(now - before.get(pid, 0.0) for pid, now in cpu_seconds(processes).items())


def load(signals: Signals, started: Running, plan: Path, run: str, seconds: int) -> dict[str, float]:
    """What wrk counted."""
    command = ["wrk", "--threads", "1", "--connections", CONNECTIONS, "--duration", f"{seconds}s", "--timeout", "30s"]
    command += ["--script", PERF / "load.lua", f"http://127.0.0.1:{started.port}", "--", plan, run]
    printed = signals.output_of(start(command, output=subprocess.PIPE))
    line = next((line for line in printed.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise Refusal(f"wrk did not finish: {printed.strip()[-500:]}")
    counted: dict[str, float] = json.loads(line.removeprefix("RESULT "))
    return counted


def refuse_failures(started: Running, workload: str, result: dict[str, float]) -> None:
    """Raise a sentence when an answer was an error, was lost, or when there was none at all."""
    if result["refused"] or result["lost"] or not result["requests"]:
        raise Refusal(
            f"{started.server.name} failed under {workload}: {result['refused']:.0f} answers of "
            f"{result['requests']:.0f} were errors and {result['lost']:.0f} were lost; it wrote:\n{started.last_words()}"
        )

"""One measurement: how much a server answered under load, how quickly, and what it cost."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import load
import psutil
from processes import Signals
from servers import Running

# Seconds: of the longest wait, between two glances, and of the kernel's smallest count.
PATIENCE, GLANCE, TICK = 2.0, 0.05, 0.01


@dataclass(frozen=True)
class Sample:
    """One server under one workload in one round; times of answers in milliseconds, costs in microseconds."""

    server: str
    workload: str
    round: int
    per_second: float
    p50: float
    p99: float
    cpu: float
    database_cpu: float


def sample(signals: Signals, started: Running, plan: Path, workload: str, number: int, seconds: int) -> Sample:
    """Load a server for some seconds. Raises a sentence when a single request fails."""
    before, database_before = cpu_seconds(started.family()), cpu_seconds(postgresql())
    result = load.run(signals, started.port, plan, f"{started.port}-{workload}-{number}", seconds)
    load.refuse_failures(result, started.server.name, workload)
    measured = Sample(
        server=started.server.name,
        workload=workload,
        round=number,
        per_second=result.good / result.seconds,
        p50=result.p50,
        p99=result.p99,
        cpu=(cpu_seconds(started.family()) - before) / result.good * 1e6,
        database_cpu=(cpu_seconds(postgresql()) - database_before) / result.good * 1e6,
    )
    wait_until_idle(signals, started)
    return measured


def wait_until_idle(signals: Signals, started: Running) -> None:
    """What wrk has asked and no longer waits for is still answered, and would slow the next server down."""
    before = 0.0
    for _ in range(int(PATIENCE / GLANCE)):
        signals.check()
        now = cpu_seconds([*started.family(), *postgresql()])
        if now - before <= TICK:
            return
        before = now
        time.sleep(GLANCE)


def postgresql() -> list[psutil.Process]:
    """All processes of the database, which were started by whoever started us."""
    parent = psutil.Process(os.getppid())
    servers = [child for child in parent.children() if child.name() == "postgres"]
    return [process for server in servers for process in (server, *server.children())]


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """Seconds of processor time that these processes and their ended children have used so far."""
    seconds = 0.0
    for process in processes:
        # PostgreSQL's parallel workers and cleaners come and go.
        with suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:4])
    return seconds

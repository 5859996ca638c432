"""Draws where the time of a request goes: flame.py, started by `make profile` beside fresh services."""

import os
import subprocess
from pathlib import Path

import load
import world as worlds
from processes import Signals, main, start, stop
from progress import Refusal, say, step
from servers import SERVERS, Running, running, wait_until_answered
from workloads import WORKLOADS, plan, write
from world import PYTHON, ROOT, STATE

ROWS = 200_000
SECONDS = 15
PICTURE = ROOT / ".local/profile.svg"


def profile(signals: Signals) -> int:
    """Serve on gunicorn, load, and look 200 times a second at what the worker is doing."""
    name = os.environ.get("WORKLOAD") or "W1"
    workload = next((each for each in WORKLOADS if each.name == name), None)
    if workload is None:
        raise Refusal(f"There is no workload {name}: choose WORKLOAD from W1, W2, W3 and W4.")
    STATE.mkdir(parents=True, exist_ok=True)
    with step(f"Filling a database with {ROWS:,} customers"):
        world = worlds.build(signals, ROWS, seed=0)
    with running(SERVERS[0], world, STATE) as started:
        asks = plan(workload, started, world)
        wait_until_answered(started, asks[0].path, asks[0].token)
        with step(f"Watching {workload.name} ({workload.title}) for {SECONDS} seconds"):
            watch(signals, started, write(asks, STATE / "profile.plan"), workload.name)
    say(f"Written: {PICTURE.relative_to(ROOT)}; open it in a browser.")
    return 0


def watch(signals: Signals, started: Running, asks: Path, workload: str) -> None:
    """Record the worker while wrk sends requests."""
    # Only who holds the interpreter lock is running; the others wait for requests, PostgreSQL or Redis.
    options = f"--pid {started.worker().pid} --duration {SECONDS} --rate 200 --gil --function --format flamegraph"
    command = [PYTHON.parent / "py-spy", "record", *options.split(), "--output", PICTURE]
    watcher = start(command, output=subprocess.PIPE)
    try:
        sent = load.run(signals, started.port, asks, "profile", SECONDS + 1)
        printed = signals.output_of(watcher)
    finally:
        stop(watcher)
    load.refuse_failures(sent, started.server.name, workload)
    if watcher.returncode:
        raise Refusal(f"py-spy could not watch the worker: {printed.strip()[-500:]}")


if __name__ == "__main__":
    main(profile)

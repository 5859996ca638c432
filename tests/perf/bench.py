"""Measures all servers side by side and writes the page: bench.py, started by `make bench` beside fresh services."""

import json
import os
import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import report
import sameness
import world as worlds
from measure import Sample, sample
from processes import Signals, main
from progress import say, step
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from servers import SERVERS, Running, Server, running, wait_until_answered
from workloads import WORKLOADS, Workload, plan, write
from world import STATE, World

ROWS = 1_000_000
WARM_UP = 0


@dataclass(frozen=True)
class Effort:
    """How long a run takes: rounds of a second or more for each server and workload, and starts of each server."""

    rounds: int
    seconds: int
    starts: int


THOROUGH, QUICK = Effort(rounds=5, seconds=3, starts=5), Effort(rounds=2, seconds=1, starts=1)


def bench(signals: Signals) -> int:
    """Prepare, compare the answers, measure, write."""
    is_quick = bool(os.environ.get("QUICK"))
    effort = QUICK if is_quick else THOROUGH
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**31))
    say(
        f"Measuring {len(SERVERS)} servers in {effort.rounds} rounds; SEED={seed} repeats the choice of rows and turns."
    )
    STATE.mkdir(parents=True, exist_ok=True)
    for old in STATE.glob("*.log"):
        old.unlink()
    with step(f"Filling a database with {ROWS:,} customers"):
        world = worlds.build(signals, ROWS, seed)
    chance = random.Random(seed)
    starts = cold_starts(signals, world, effort, chance)
    with ExitStack() as stack:
        started = [stack.enter_context(running(server, world, STATE)) for server in SERVERS]
        samples, memory = measure_all(signals, started, world, effort, chance)
    facts = report.facts(seed, effort.rounds, effort.seconds, ROWS, is_quick)
    results = {"facts": facts, "samples": [asdict(each) for each in samples], "memory": memory, "starts": starts}
    (STATE / "results.json").write_text(json.dumps(results, indent=1))
    say(f"Written: {report.write(results, published=not is_quick)}")
    return 0


def cold_starts(signals: Signals, world: World, effort: Effort, chance: random.Random) -> dict[str, list[float]]:
    """Seconds from the start of a server's processes to its first good answer, one server at a time."""
    seconds: dict[str, list[float]] = {server.name: [] for server in SERVERS}
    with step(f"Starting each server {effort.starts} times"):
        for _ in range(effort.starts):
            for server in shuffled(SERVERS, chance):
                signals.check()
                seconds[server.name].append(cold_start(server, world))
    return seconds


def cold_start(server: Server, world: World) -> float:
    with running(server, world, STATE) as started:
        asked = plan(WORKLOADS[1], started, world)[0]
        return wait_until_answered(started, asked.path, asked.token)


def measure_all(
    signals: Signals, started: Sequence[Running], world: World, effort: Effort, chance: random.Random
) -> tuple[list[Sample], dict[str, float]]:
    """Warm up and compare, then the rounds; each workload visits all servers in a new order before the next begins."""
    for each in started:
        asked = plan(WORKLOADS[1], each, world)[0]
        wait_until_answered(each, asked.path, asked.token)
    with step("Asking every server for the same rows"):
        plans = {(each.server.name, w.name): prepare(w, each, world) for w in WORKLOADS for each in started}
        compare_all(started, world)
    samples: list[Sample] = []
    turns = [(number, w) for number in range(effort.rounds + 1) for w in WORKLOADS]
    with Progress(TextColumn("{task.description:32}"), BarColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task("", total=len(turns) * len(started))
        for number, workload in turns:
            for each in shuffled(started, chance):
                signals.check()
                title = f"round {number}" if number else "warming up"
                progress.update(task, description=f"{title}: {workload.name} {each.server.name}")
                seconds = effort.seconds if number else 1
                samples.append(
                    sample(signals, each, plans[each.server.name, workload.name], workload.name, number, seconds)
                )
                progress.advance(task)
    memory = {each.server.name: each.megabytes() for each in started}
    return [each for each in samples if each.round != WARM_UP], memory


def prepare(workload: Workload, started: Running, world: World) -> Path:
    return write(plan(workload, started, world), STATE / f"{started.server.name}-{workload.name}.plan")


def compare_all(started: Sequence[Running], world: World) -> None:
    """The reads of all servers against each other, and two equal creates on each."""
    for workload in WORKLOADS:
        asked = {each.server.name: (each, plan(workload, each, world)[0]) for each in started}
        if workload.name == "W3":
            for each, wanted in asked.values():
                sameness.create_twice(each, wanted)
        else:
            sameness.compare(workload, asked)


def shuffled[T](items: Sequence[T], chance: random.Random) -> list[T]:
    """The items in another order each time, so that none always follows the same one."""
    return chance.sample(items, len(items))


if __name__ == "__main__":
    main(bench)

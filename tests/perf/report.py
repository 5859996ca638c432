"""Writes the page: tables of medians and ratios, the picture, and all that a reader needs to repeat the run."""

import os
import platform
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import goals
import plot
from figures import Figures
from load import CONNECTIONS
from servers import BASELINE, SERVERS, THREADS, Server
from workloads import WORKLOADS
from world import ROOT, STATE

PACKAGES = ("Django", "djangorestframework", "django-ninja", "fastapi", "SQLAlchemy", "litestar", "msgspec", "asyncpg")
SERVED_BY = ("gunicorn", "granian", "uvicorn")
TEMPLATE = Path(__file__).resolve().parent / "page.md"
Cell = Callable[[Server, str], str]


def facts(seed: int, rounds: int, seconds: int, rows: int, is_quick: bool) -> dict[str, Any]:
    """What has to be known to repeat this run."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "command": "make bench QUICK=1" if is_quick else "make bench",
        "seed": seed,
        "rounds": rounds,
        "seconds": seconds,
        "rows": f"{rows:,}",
        "cores": os.cpu_count(),
        "connections": CONNECTIONS,
        "threads": THREADS,
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{name} {version(name)}" for name in (*PACKAGES, *SERVED_BY)),
        "programs": ", ".join(programs()),
    }


def programs() -> Iterator[str]:
    """The servers around, as they name themselves."""
    for command, words in (("psql --version", 3), ("redis-server --version", 3), ("wrk --version", 2)):
        printed = subprocess.run(command.split(), capture_output=True, text=True)
        yield " ".join((printed.stdout + printed.stderr).split()[:words])


def write(results: Mapping[str, Any], *, published: bool) -> Path:
    """The page and its picture: in docs/ when the run was a whole one, else where nobody takes it for one."""
    folder = ROOT / "docs" if published else STATE
    figures = Figures(results)
    plot.draw(figures, folder / "benchmarks.svg")
    page = folder / "benchmarks.md"
    page.write_text(TEMPLATE.read_text().format(**results["facts"], **tables(figures)))
    return page.relative_to(ROOT)


def tables(figures: Figures) -> dict[str, str]:
    def faster(server: Server, workload: str) -> str:
        ratio = figures.faster(server.name, BASELINE, workload)
        return f"{ratio.times()} ({ratio.spread()})"

    def cheaper(server: Server, workload: str) -> str:
        return figures.cheaper(server.name, BASELINE, workload).times()

    def rate(server: Server, workload: str) -> str:
        figure = figures.figure(server.name, workload, "per_second")
        return f"{figure.middle:,.0f} ({figure.low:,.0f}–{figure.high:,.0f})"

    def times(server: Server, workload: str) -> str:
        p50, p99 = (figures.figure(server.name, workload, measure).middle for measure in ("p50", "p99"))
        return f"{p50:.1f} / {p99:.1f}"

    def cost(server: Server, workload: str) -> str:
        own, database = (figures.figure(server.name, workload, measure).middle for measure in ("cpu", "database_cpu"))
        return f"{own:,.0f} + {database:,.0f}"

    cells: dict[str, Cell] = {"faster": faster, "cheaper": cheaper, "rate": rate, "times": times, "cost": cost}
    return {
        **{name: by_workload(cell) for name, cell in cells.items()},
        "workers": workers(figures),
        "goals": table(("asked", "gunicorn: floor", "granian: goal"), list(goals.judged(figures))),
    }


def by_workload(cell: Cell) -> str:
    head = ("program", "on", *(workload.name for workload in WORKLOADS))
    rows = [(s.title, s.server, *(cell(s, workload.name) for workload in WORKLOADS)) for s in SERVERS]
    return table(head, rows)


def workers(figures: Figures) -> str:
    """Memory and start of each server, also as parts of b's."""
    memory, start = figures.memory(BASELINE), figures.start(BASELINE).middle
    rows = []
    for server in SERVERS:
        own, together = figures.memory(server.name), figures.memory(server.name, "all")
        seconds = figures.start(server.name).middle
        row = (f"{own:.0f} MB", f"{own / memory:.2f}×", f"{together:.0f} MB", f"{seconds:.2f} s")
        rows.append((server.title, server.server, *row, f"{seconds / start:.2f}×"))
    return table(("program", "on", "a worker", "of b's", "all processes", "cold start", "of b's"), rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

"""What the service is held to: a floor on gunicorn, the default server, and a goal on granian, the quicker one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from figures import Figures


@dataclass(frozen=True)
class Goal:
    """A ratio that must be reached; `is_ceiling` turns it into one that must not be passed."""

    title: str
    read: Callable[[Figures, str, str], float]
    floor: float | None
    goal: float
    is_ceiling: bool = False

    def is_reached(self, value: float, bound: float) -> bool:
        return value <= bound if self.is_ceiling else value >= bound


def faster_than(other: str, workload: str) -> Callable[[Figures, str, str], float]:
    return lambda figures, server, _: figures.faster(server, other, workload).middle


def of_reachable(workload: str) -> Callable[[Figures, str, str], float]:
    """The part of a+ on the same server."""
    return lambda figures, server, reachable: figures.faster(server, reachable, workload).middle


def memory_of_b(figures: Figures, server: str, _: str) -> float:
    return figures.memory(server) / figures.memory("b")


def start_of_b(figures: Figures, server: str, _: str) -> float:
    return figures.start(server).middle / figures.start("b").middle


GOALS = (
    Goal("W1: times b", faster_than("b", "W1"), 10, 14),
    Goal("W1: times b0", faster_than("b0", "W1"), 10, 14),
    Goal("W1: times django-ninja", faster_than("django-ninja", "W1"), 2.5, 3.5),
    Goal("W1: times FastAPI + SQLAlchemy", faster_than("fastapi", "W1"), 2, 3),
    Goal("W1: part of a+", of_reachable("W1"), None, 0.6),
    Goal("W2: times b", faster_than("b", "W2"), 3.5, 5),
    Goal("W2: times b0", faster_than("b0", "W2"), 3.5, 5),
    Goal("W2: part of a+", of_reachable("W2"), None, 0.6),
    Goal("W3: times b", faster_than("b", "W3"), 6, 8),
    Goal("W3: times b0", faster_than("b0", "W3"), 6, 8),
    Goal("W3: part of a+", of_reachable("W3"), None, 0.6),
    Goal("W4: p50 over that of W1, at most", lambda figures, server, _: figures.depth(server).middle, 1.1, 1.1, True),
    Goal("memory of a worker: part of b's, at most", memory_of_b, 0.85, 0.85, True),
    Goal("cold start: times b's, at most", start_of_b, 0.8, 0.8, True),
)


def judged(figures: Figures) -> Iterator[tuple[str, str, str]]:
    """(title, on gunicorn, on granian) of each goal: the value, what was asked, and whether it was reached."""
    for goal in GOALS:
        default = goal.read(figures, "slipway", "a+")
        quicker = goal.read(figures, "slipway-granian", "a+-granian")
        yield goal.title, sentence(goal, default, goal.floor), sentence(goal, quicker, goal.goal)


def sentence(goal: Goal, value: float, bound: float | None) -> str:
    if bound is None:
        return f"{value:.2f}"
    verdict = "reached" if goal.is_reached(value, bound) else "**not reached**"
    return f"{value:.2f} of {bound:g}: {verdict}"

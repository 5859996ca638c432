"""The arithmetic of the page: medians over rounds, their spread, and ratios between servers of one round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A median with the smallest and the largest value beside it."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        return cls(median(values), min(values), max(values))

    def times(self) -> str:
        """As a factor, `14.2×`, with two digits after the point where it is small."""
        return f"{factor(self.middle)}×"

    def spread(self) -> str:
        return f"{factor(self.low)}–{factor(self.high)}"


def factor(value: float) -> str:
    return f"{value:.1f}" if value >= 3 else f"{value:.2f}"


class Figures:
    """What was measured, by server and workload."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self.results = results
        self.samples = results["samples"]

    def values(self, server: str, workload: str, measure: str) -> dict[int, float]:
        """By round."""
        return {
            sample["round"]: sample[measure]
            for sample in self.samples
            if (sample["server"], sample["workload"]) == (server, workload)
        }

    def figure(self, server: str, workload: str, measure: str) -> Figure:
        return Figure.of(list(self.values(server, workload, measure).values()))

    def faster(self, server: str, other: str, workload: str) -> Figure:
        """How many requests a server answers in the time in which the other answers one, round by round."""
        return self.ratio(server, other, workload, "per_second")

    def cheaper(self, server: str, other: str, workload: str) -> Figure:
        """How many requests a server answers for the processor time of one of the other's, round by round."""
        return self.ratio(other, server, workload, "cpu")

    def ratio(self, server: str, other: str, workload: str, measure: str) -> Figure:
        """Only rounds of the same number are divided, because the machine's mood changes with the time."""
        above, below = self.values(server, workload, measure), self.values(other, workload, measure)
        return Figure.of([above[number] / below[number] for number in above])

    def depth(self, server: str) -> Figure:
        """The time of a page at 90 % depth over that of the first page."""
        deep, first = self.values(server, "W4", "p50"), self.values(server, "W1", "p50")
        return Figure.of([deep[number] / first[number] for number in deep])

    def start(self, server: str) -> Figure:
        """Seconds from nothing to the first answer."""
        return Figure.of(self.results["starts"][server])

    def memory(self, server: str, part: str = "worker") -> float:
        """Megabytes: what the `worker` has for itself, or what `all` processes have together."""
        return float(self.results["memory"][server][part])

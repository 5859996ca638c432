"""The arithmetic of the benchmark's page, on numbers that can be checked by hand."""

from typing import Any

import pytest
from figures import Figure, Figures
from goals import GOALS, sentence


def sample(server: str, workload: str, number: int, **measures: float) -> dict[str, Any]:
    return {"server": server, "workload": workload, "round": number, **measures}


@pytest.fixture
def figures() -> Figures:
    """Three rounds on a machine whose mood changes."""
    ours = [(1, 60.0, 100.0), (2, 80.0, 500.0), (3, 40.0, 100.0)]
    theirs = [(1, 20.0, 400.0), (2, 16.0, 3000.0), (3, 10.0, 500.0)]
    samples = [sample("ours", "W1", n, per_second=rate, cpu=cpu, p50=2.0 * n) for n, rate, cpu in ours]
    samples += [sample("theirs", "W1", n, per_second=rate, cpu=cpu, p50=1.0) for n, rate, cpu in theirs]
    samples += [sample("ours", "W4", n, p50=3.0 * n) for n in (1, 2, 3)]
    return Figures(
        {"samples": samples, "starts": {"ours": [0.9, 0.5, 0.7]}, "memory": {"ours": {"worker": 24.0, "all": 64.0}}}
    )


def test_a_median_stands_between_the_extremes(figures: Figures) -> None:
    assert figures.figure("ours", "W1", "per_second") == Figure(60.0, 40.0, 80.0)


def test_a_ratio_divides_within_a_round_and_not_medians(figures: Figures) -> None:
    ratio = figures.faster("ours", "theirs", "W1")

    # 3, 5 and 4 times; the medians of all rounds would give 3.75.
    assert ratio == Figure(4.0, 3.0, 5.0)


def test_less_processor_time_is_more_per_processor_time(figures: Figures) -> None:
    assert figures.cheaper("ours", "theirs", "W1") == Figure(5.0, 4.0, 6.0)


def test_depth_compares_the_deep_page_with_the_first(figures: Figures) -> None:
    assert figures.depth("ours").middle == 1.5


def test_a_start_is_the_median_of_its_tries(figures: Figures) -> None:
    assert figures.start("ours").middle == 0.7


def test_a_round_without_a_twin_is_no_ratio(figures: Figures) -> None:
    figures.samples.append(sample("ours", "W1", 4, per_second=1.0, cpu=1.0, p50=1.0))

    with pytest.raises(KeyError):
        figures.faster("ours", "theirs", "W1")


def test_a_ceiling_is_reached_from_below_and_a_floor_from_above() -> None:
    floor, ceiling = GOALS[0], GOALS[-1]

    assert sentence(floor, 9.99, 10) == "9.99 of 10: **not reached**"
    assert sentence(floor, 10.0, 10) == "10.00 of 10: reached"
    assert sentence(ceiling, 1.2, 1.1) == "1.20 of 1.1: **not reached**"
    assert sentence(ceiling, 1.0, 1.1) == "1.00 of 1.1: reached"

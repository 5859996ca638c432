"""The picture beside the table: how many times as many requests as b each server answers."""

from pathlib import Path

import matplotlib as mpl
from figures import Figures
from matplotlib import pyplot
from servers import BASELINE, SERVERS
from workloads import WORKLOADS

OURS, THEIRS, LIMITS = "#1b6ca8", "#b8b8b8", "#6b6b6b"


def color(style: str) -> str:
    return {"cursor": OURS, "offset": THEIRS}.get(style, LIMITS)


def draw(figures: Figures, path: Path) -> None:
    """One panel for each workload, on logarithmic scales because W4 is another world for those who count offsets."""
    # Text stays text, and equal figures make equal files.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.size": 9})
    canvas, panels = pyplot.subplots(1, len(WORKLOADS), figsize=(13, 3.6), sharey=True)
    names = [f"{server.title} ({server.server})" for server in SERVERS]
    for panel, workload in zip(panels, WORKLOADS, strict=True):
        found = [figures.faster(server.name, BASELINE, workload.name) for server in SERVERS]
        ratios = [each.middle for each in found]
        spread = [[each.middle - each.low for each in found], [each.high - each.middle for each in found]]
        bars = panel.barh(names, ratios, xerr=spread, ecolor="black", color=[color(s.style) for s in SERVERS])
        panel.bar_label(bars, [f" {ratio:.1f}×" for ratio in ratios])
        panel.set_xscale("log")
        panel.set_xlim(min(0.5, min(ratios) / 2), max(ratios) * 5)
        panel.set_title(f"{workload.name}: {workload.title}", fontsize=9)
        panel.axvline(1, color="black", linewidth=0.8)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].invert_yaxis()
    canvas.supxlabel("requests per second, as multiples of the usual Django REST framework starter", fontsize=9)
    canvas.tight_layout()
    canvas.savefig(path, format="svg", metadata={"Date": None})
    # matplotlib ends lines of paths with blanks.
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")

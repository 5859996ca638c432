"""The README's five minutes, run as they stand: each `#>` line must appear in what the commands print, in order."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import World

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_tour_of_the_readme(world: World, tmp_path: Path) -> None:
    tour = README.read_text().split("## Five minutes")[1].split("\n## ")[0]
    (script,) = re.findall(r"```sh\n(.*?)```", tour, re.DOTALL)
    (tmp_path / ".local").mkdir()
    demo = {"base_url": world.url, "organizations": world.organizations}
    (tmp_path / ".local/demo.json").write_text(json.dumps(demo))

    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert run.returncode == 0, run.stderr
    rest = run.stdout
    for expected in re.findall(r"^#> (.*)$", script, re.MULTILINE):
        assert expected in rest, f"{expected!r} is not in what is left of the output: {rest}"
        rest = rest.split(expected, 1)[1]

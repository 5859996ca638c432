"""The benchmark's own modules, and those that it borrows from the commands."""

import sys
from pathlib import Path

PERF = Path(__file__).resolve().parent
sys.path += [str(PERF), str(PERF.parents[1] / "infra/local")]

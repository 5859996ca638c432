"""Charts are rendered by the pinned Helm; nothing here needs a cluster."""

import os
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from laptop import Record, recorder
from rendering import HELM, TOOLS, Renderer
from toggles import CASES


def pytest_report_header() -> str:
    return f"charts: {len(CASES)} combinations of toggles"


def need(path: Path) -> Path:
    """A pinned tool; where it is not installed the test is skipped, except in continuous integration."""
    if not path.exists():
        sentence = f"{path.name} is not installed: make tools"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return path


@pytest.fixture(autouse=True)
def _helm() -> None:
    need(HELM)


@pytest.fixture(scope="session")
def render(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    """The objects of a chart: `render(values)`."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return Renderer(shared / "renders")


@pytest.fixture
def tool():
    """The path of a pinned tool by its place in .tools."""
    return lambda name: need(TOOLS / name)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """The calls of tools that a command of this checkout makes: `record("infra/cluster/deploy")`."""
    return recorder(tmp_path)

"""Judges that nobody here wrote look at what is rendered, without a cluster."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from rendering import CHARTS, HELM, ROOT, Renderer, ci_values, pods
from toggles import PAIRWISE

OLDEST, NEWEST = "1.34", "1.37"
SCHEMAS = (
    ".tools/schemas/k8s/{{.NormalizedKubernetesVersion}}{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json",
    "infra/tools/schemas/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json",
)
RENDERED = [
    *((values, "api") for values in PAIRWISE),
    *((values, chart) for chart in ("api", "dev-deps") for values in ci_values(chart).values()),
]
VALUES_FILES = sorted(CHARTS.glob("*/ci/*-values.yaml"))
Tool = Callable[[str], Path]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_object_is_one_that_kubernetes_knows(render: Renderer, tool: Tool, version: str) -> None:
    judge = tool("bin/kubeconform")
    tool(f"schemas/k8s/v{version}.0-strict")
    texts = {document for values, chart in RENDERED for document in render.text(values, chart).split("\n---\n")}

    locations = [argument for schema in SCHEMAS for argument in ("-schema-location", schema)]
    command = [judge, "-strict", "-summary", "-kubernetes-version", f"{version}.0", *locations]
    done = subprocess.run(command, cwd=ROOT, input="\n---\n".join(sorted(texts)), capture_output=True, text=True)

    assert not done.returncode, done.stdout
    assert "Skipped: 0" in done.stdout


def test_the_oldest_kubernetes_is_the_one_that_is_judged() -> None:
    declared = [yaml.safe_load((CHARTS / chart / "Chart.yaml").read_text()) for chart in ("api", "dev-deps")]

    assert {chart["kubeVersion"] for chart in declared} == {f">={OLDEST}.0-0"}


def test_a_cluster_that_enforces_the_restricted_standard_takes_every_pod(render: Renderer, tool: Tool) -> None:
    text = "\n---\n".join(render.text(values, chart) for values, chart in RENDERED)
    count = sum(len(pods(render(values, chart))) for values, chart in RENDERED)

    done = subprocess.run([tool("bin/psscheck"), "restricted"], input=text, capture_output=True, text=True)

    assert not done.returncode, done.stdout + done.stderr
    assert f"{count} workloads, 0 refused" in done.stdout


@pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_helm_finds_nothing_to_say(path: Path) -> None:
    command = [HELM, "lint", "--strict", "--quiet", str(path.parents[1]), "--values", str(path)]

    done = subprocess.run(command, capture_output=True, text=True)

    assert (done.returncode, done.stdout.strip()) == (0, "")

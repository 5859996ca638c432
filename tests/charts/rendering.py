"""Renders charts by Helm, and reads what came out."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHARTS = ROOT / "charts"
TOOLS = ROOT / ".tools"
HELM = TOOLS / "bin/helm"
RELEASE, NAMESPACE = "shop", "store"
Values = dict[str, Any]
Object = dict[str, Any]


class Refused(Exception):
    """Helm would not render; the message is what its user reads."""


def helm(*arguments: str, values: Values | None = None, namespace: str = NAMESPACE) -> str:
    """What Helm prints, or `Refused` with its message. Paths are relative to the repository's root."""
    given = ["--values", "-"] if values is not None else []
    command = [str(HELM), *arguments, "--namespace", namespace, *given]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(values), capture_output=True, text=True)
    if done.returncode:
        raise Refused(done.stderr)
    return done.stdout


def template(values: Values, chart: Path = CHARTS / "api", release: str = RELEASE) -> str:
    """The rendered objects as text."""
    return helm("template", release, str(chart), values=values)


def parse(text: str) -> list[Object]:
    """The objects in a rendered text."""
    return [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]


class Renderer:
    """Renders each set of values once for all processes that run tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects: dict[Path, list[Object]] = {}
        folder.mkdir(exist_ok=True)

    def text(self, values: Values, chart: str = "api") -> str:
        return self.path(values, chart).read_text()

    def __call__(self, values: Values, chart: str = "api") -> list[Object]:
        path = self.path(values, chart)
        if path not in self.objects:
            self.objects[path] = parse(path.read_text())
        return self.objects[path]

    def path(self, values: Values, chart: str) -> Path:
        name = hashlib.sha256(json.dumps([chart, values], sort_keys=True).encode()).hexdigest()
        path = self.folder / f"{name}.yaml"
        if not path.exists():
            half = path.with_suffix(f".{os.getpid()}")
            half.write_text(template(values, CHARTS / chart))
            half.rename(path)
        return path


def nested(flat: Values) -> Values:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`."""
    tree: Values = {}
    for key, value in flat.items():
        *parents, last = key.split(".")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[last] = value
    return tree


def ci_values(chart: str) -> dict[str, Values]:
    """The values that the chart is judged by, by the name of their file."""
    files = sorted((CHARTS / chart / "ci").glob("*-values.yaml"))
    return {path.name.removesuffix("-values.yaml"): yaml.safe_load(path.read_text()) for path in files}


@dataclass(frozen=True)
class Pod:
    """A pod template and the workload that it belongs to."""

    owner: Object

    @property
    def name(self) -> str:
        return f"{self.owner['kind']} {self.owner['metadata']['name']}"

    @property
    def component(self) -> str:
        return self.labels["app.kubernetes.io/component"]

    @property
    def metadata(self) -> Object:
        return self.owner["spec"]["template"]["metadata"]

    @property
    def labels(self) -> dict[str, str]:
        return self.metadata["labels"]

    @property
    def spec(self) -> Object:
        return self.owner["spec"]["template"]["spec"]

    @property
    def containers(self) -> list[Object]:
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def port_names(self) -> set[str]:
        return {port["name"] for container in self.containers for port in container.get("ports", [])}


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    """The objects of these kinds."""
    return [each for each in objects if each["kind"] in kinds]


def pods(objects: list[Object]) -> list[Pod]:
    """Every pod template."""
    return [Pod(each) for each in of_kind(objects, "Deployment", "StatefulSet", "DaemonSet", "Job")]


def hooks(each: Object) -> set[str]:
    """The events of Helm at which an object is made; none for one of the release."""
    return {*filter(None, annotation(each, "helm.sh/hook").split(","))}


def weight(each: Object) -> int:
    """Hooks of a lower weight are made before."""
    return int(annotation(each, "helm.sh/hook-weight") or 0)


def annotation(each: Object, name: str) -> str:
    """An annotation, or nothing."""
    return (each["metadata"].get("annotations") or {}).get(name, "")


def strings(value: Any) -> Iterator[str]:
    """Every string in a tree."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif value is not None:
        yield str(value)

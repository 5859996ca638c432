"""kubectl and helm, as an operator would call them."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


class Refused(Exception):
    """A command ended with an error: what it said."""


def run(*command: str | Path, stdin: str | None = None, timeout: float = 800) -> str:
    """The command's standard output. Raises `Refused` with its standard error."""
    result = subprocess.run(
        [str(part) for part in command], input=stdin, capture_output=True, text=True, timeout=timeout, cwd=ROOT
    )
    if result.returncode:
        raise Refused(f"{' '.join(map(str, command))[:300]}\n{result.stdout}\n{result.stderr}")
    return result.stdout


class Namespace:
    """One namespace of the cluster that KUBECONFIG names."""

    def __init__(self, name: str) -> None:
        self.name = name

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return run("kubectl", "--namespace", self.name, *arguments, stdin=stdin)

    def get(self, *arguments: str) -> Any:
        return json.loads(self.kubectl("get", *arguments, "--output", "json"))

    def apply(self, *objects: dict[str, Any]) -> None:
        self.kubectl(
            "apply", "--filename", "-", stdin=json.dumps({"kind": "List", "apiVersion": "v1", "items": objects})
        )

    def helm(self, *arguments: str | Path) -> str:
        return run("helm", *arguments, "--namespace", self.name)

    def pods(self, component: str, *, name: str = "api") -> list[dict[str, Any]]:
        """Pods that are not on their way out."""
        labels = f"app.kubernetes.io/name={name},app.kubernetes.io/component={component}"
        return [
            pod for pod in self.get("pods", "--selector", labels)["items"] if "deletionTimestamp" not in pod["metadata"]
        ]

    def names(self, component: str) -> set[str]:
        return {pod["metadata"]["name"] for pod in self.pods(component)}

    def is_settled(self) -> bool:
        """Whether no pod is on its way out, so that a Service leads to the latest ones only."""
        return not any("deletionTimestamp" in pod["metadata"] for pod in self.get("pods")["items"])

    def objects(self) -> set[str]:
        kinds = "deployments,services,configmaps,httproutes,ingresses,networkpolicies,jobs"
        return set(self.kubectl("get", kinds, "--output", "name").split())

    def trouble(self) -> str:
        """Its pods, and what the cluster warned of: why something is not ready."""
        warnings = self.kubectl("get", "events", "--field-selector", "type=Warning", "--sort-by", ".lastTimestamp")
        return f"{self.kubectl('get', 'pods')}\n" + "\n".join(warnings.splitlines()[-8:])

    def wait_for(self, deployment: str, seconds: int = 180) -> None:
        self.kubectl("rollout", "status", f"deployment/{deployment}", f"--timeout={seconds}s")


def eventually(is_true: Callable[[], Any], seconds: float = 60, pause: float = 0.5) -> Any:
    """The first true answer. Raises `TimeoutError` when none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := is_true():
            return answer
        time.sleep(pause)
    raise TimeoutError(f"Not so after {seconds} s.")

"""The chart sets the variables that the service reads: no other, and none is out of reach."""

import re

from rendering import ROOT, Object, Pod, Renderer, of_kind, pods
from service import variables_read
from toggles import PAIRWISE

# Variables of the documented ones that the chart sets in no case.
NOT_SET = {"PORT": "pods listen on 8000; a Service gives them any port"}
# What a test Job tells its own script.
OF_TESTS = {"SERVICE_URL", "LOGIN_EMAIL", "LOGIN_PASSWORD"}


def test_the_service_reads_every_variable_that_is_rendered(render: Renderer) -> None:
    unread = {name for name in rendered(render) if not {name, name.removesuffix("_FILE")} & variables_read()}

    assert unread == set()


def test_every_documented_variable_can_be_set(render: Renderer) -> None:
    given = rendered(render)

    missing = {name for name in documented() if not {name, f"{name}_FILE"} & given}

    assert missing == NOT_SET.keys()


def rendered(render: Renderer) -> set[str]:
    """The variables of every process in every combination."""
    return {name for values in PAIRWISE for name in variables(render(values))} - OF_TESTS


def variables(objects: list[Object]) -> set[str]:
    """The variables of every process of one release."""
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind(objects, "ConfigMap")}
    found = set()
    for pod in pods(objects):
        found |= {variable["name"] for container in pod.containers for variable in container["env"]}
        found |= {name for source in sources(pod) for name in maps[source]}
    return found


def sources(pod: Pod) -> set[str]:
    return {source["configMapRef"]["name"] for container in pod.containers for source in container["envFrom"]}


def documented() -> list[str]:
    return re.findall(r"^([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

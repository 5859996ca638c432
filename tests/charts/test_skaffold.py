"""`skaffold run` does what `make deploy` does: the same image, namespace, releases and objects."""

import re
from itertools import chain

import yaml
from laptop import TAG, Calls, Record
from rendering import ROOT, Object, helm, of_kind, parse, pods

SKAFFOLD = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
(ARTIFACT,) = SKAFFOLD["build"]["artifacts"]
HELM_DEPLOY = SKAFFOLD["deploy"]["helm"]


def test_it_is_a_configuration_of_skaffold() -> None:
    assert re.fullmatch(r"skaffold/v\d+(?:(?:alpha|beta)\d+)?", SKAFFOLD["apiVersion"])
    assert (SKAFFOLD["kind"], SKAFFOLD["metadata"]["name"]) == ("Config", "slipway")


def test_every_path_leads_somewhere() -> None:
    context = ROOT / ARTIFACT["context"]
    hooks = [hook["host"]["command"][0] for hook in HELM_DEPLOY["hooks"]["before"]]
    values = [path for release in HELM_DEPLOY["releases"] for path in release["valuesFiles"]]
    charts = [f"{release['chartPath']}/Chart.yaml" for release in HELM_DEPLOY["releases"]]

    assert (context / ARTIFACT["docker"]["dockerfile"]).is_file()
    assert [path for path in [*hooks, *values, *charts] if not (ROOT / path).is_file()] == []


def test_it_builds_the_image_that_deploy_builds(record: Record) -> None:
    (build,) = [call for call in record("infra/cluster/deploy") if call[:2] == ["docker", "build"]]

    assert build[build.index("--tag") + 1] == f"{ARTIFACT['image']}:{TAG}"
    assert build[-1] == ARTIFACT["context"]
    assert (ARTIFACT["docker"]["dockerfile"], "--file" in build) == ("Dockerfile", False)


def test_every_pod_of_the_service_runs_the_image_that_is_built() -> None:
    images = {container["image"] for pod in pods(by_skaffold()["api"]) for container in pod.containers}

    assert images == {f"{ARTIFACT['image']}:{TAG}"}


def test_it_makes_the_namespace_that_deploy_makes(record: Record) -> None:
    (hook,) = HELM_DEPLOY["hooks"]["before"]

    made = [call for call in record("infra/cluster/deploy") if call[1] in {"create", "apply", "label"}]

    assert "pod-security.kubernetes.io/enforce=restricted" in chain.from_iterable(made)
    assert sorted(record(*hook["host"]["command"])) == sorted(made)


def test_the_namespace_is_made_on_the_cluster_of_skaffold(record: Record) -> None:
    calls = record("env", "SKAFFOLD_KUBE_CONTEXT=k3d-other", "infra/cluster/namespace", "slipway")

    assert {call[1] for call in calls if call[1:3] != ["--context", "k3d-other"]} == {"create"}
    assert "--dry-run=client" in next(call for call in calls if call[1] == "create")


def test_it_installs_the_releases_that_deploy_installs(record: Record) -> None:
    by_deploy = upgrades(record)

    assert [call[:2] for call in by_deploy] == [[each["name"], each["chartPath"]] for each in HELM_DEPLOY["releases"]]
    assert [namespace(call) for call in by_deploy] == [each["namespace"] for each in HELM_DEPLOY["releases"]]
    assert ["--wait" in call for call in by_deploy] == [each["wait"] for each in HELM_DEPLOY["releases"]]


def test_they_are_made_of_the_same_objects(record: Record) -> None:
    by_deploy = {call[0]: rendered(*call, namespace=namespace(call)) for call in upgrades(record)}

    assert names(by_skaffold()) == names(by_deploy)
    assert by_skaffold() == by_deploy


def test_deploy_takes_a_tag_of_digits_alone(record: Record) -> None:
    _, api = upgrades(record, tag="123456789012")

    images = {container["image"] for pod in pods(rendered(*api)) for container in pod.containers}
    assert images == {f"{ARTIFACT['image']}:123456789012"}


def test_the_forwarded_port_is_the_address_of_the_service() -> None:
    (forward,) = SKAFFOLD["portForward"]
    service, config = (of_kind(by_skaffold()["api"], kind)[0] for kind in ("Service", "ConfigMap"))

    assert (forward["resourceType"], forward["resourceName"]) == ("service", service["metadata"]["name"])
    assert forward["namespace"] == HELM_DEPLOY["releases"][-1]["namespace"]
    assert forward["port"] in {port["port"] for port in service["spec"]["ports"]}
    assert config["data"]["PUBLIC_URL"] == f"http://localhost:{forward['localPort']}"


def upgrades(record: Record, tag: str = TAG) -> Calls:
    """What `make deploy` tells helm: release, chart and options."""
    calls = [call for call in record("infra/cluster/deploy", tag=tag) if call[0] == "helm"]
    assert all(call[:3] == ["helm", "upgrade", "--install"] for call in calls)
    return [call[3:] for call in calls]


def namespace(call: list[str]) -> str:
    return call[call.index("--namespace") + 1]


def by_skaffold() -> dict[str, list[Object]]:
    """The objects of each release, as skaffold asks helm for them."""
    return {each["name"]: rendered(*arguments(each), namespace=each["namespace"]) for each in HELM_DEPLOY["releases"]}


def arguments(release: Object) -> list[str]:
    settings = [f"{key}={expanded(value)}" for key, value in release.get("setValueTemplates", {}).items()]
    options = [*(("--values", path) for path in release["valuesFiles"]), *(("--set", each) for each in settings)]
    return [release["name"], release["chartPath"], *chain.from_iterable(options)]


def expanded(template: str) -> str:
    """Skaffold puts an underscore for each sign of an image that no name in a Go template has."""
    name = re.sub(r"[./:-]", "_", ARTIFACT["image"])
    parts = {f"IMAGE_REPO_{name}": ARTIFACT["image"], f"IMAGE_TAG_{name}": TAG}
    return re.sub(r"{{\.(\w+)}}", lambda field: parts[field[1]], template)


def rendered(*command: str, namespace: str = "slipway") -> list[Object]:
    return parse(helm("template", *command, namespace=namespace))


def names(releases: dict[str, list[Object]]) -> dict[str, list[tuple[str, str]]]:
    return {
        release: [(each["kind"], each["metadata"]["name"]) for each in objects] for release, objects in releases.items()
    }

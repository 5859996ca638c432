"""Pods are restricted, end in order, and are replaced without a gap."""

import pytest
from rendering import Object, Pod, Renderer, ci_values, nested, of_kind, pods
from toggles import EXISTING, EXISTING_TLS, OWN, PAIRWISE

MINIMAL = {**OWN, **EXISTING}
EVERY = [
    *((values, "api") for values in PAIRWISE),
    *((values, "dev-deps") for values in ci_values("dev-deps").values()),
]


@pytest.fixture(scope="session")
def every_pod(render: Renderer) -> list[Pod]:
    return [pod for values, chart in EVERY for pod in pods(render(values, chart))]


def test_every_kind_of_pod_was_looked_at(every_pod: list[Pod]) -> None:
    components = {pod.component for pod in every_pod}

    assert components == {"api", "migrate", "demo", "test", "postgresql", "redis", "s3"}


def test_pods_are_restricted(every_pod: list[Pod]) -> None:
    for pod in every_pod:
        context = pod.spec["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["runAsUser"] > 0
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.spec.keys()
        assert not any("hostPath" in volume for volume in pod.spec["volumes"])


def test_containers_are_restricted(every_pod: list[Pod]) -> None:
    for container in (container for pod in every_pod for container in pod.containers):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}


def test_containers_ask_for_what_they_may_take(every_pod: list[Pod]) -> None:
    for container in (container for pod in every_pod for container in pod.containers):
        requests, limits = (container["resources"][key] for key in ("requests", "limits"))
        assert requests.keys() == limits.keys() == {"cpu", "memory", "ephemeral-storage"}
        assert requests["memory"] == limits["memory"]
        assert requests["ephemeral-storage"] == limits["ephemeral-storage"]


def test_pods_hold_no_token_and_no_links(every_pod: list[Pod]) -> None:
    for pod in every_pod:
        assert pod.spec["automountServiceAccountToken"] is False
        assert pod.spec["enableServiceLinks"] is False


def test_the_writable_places_have_a_size(every_pod: list[Pod]) -> None:
    unbounded = [
        (pod.name, volume["name"])
        for pod in every_pod
        for volume in pod.spec["volumes"]
        if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]
    ]

    assert unbounded == []


def test_a_mounted_file_follows_its_secret(every_pod: list[Pod]) -> None:
    """A subPath mount keeps the old certificate for ever."""
    for pod in every_pod:
        volatile = {volume["name"] for volume in pod.spec["volumes"] if {"secret", "projected"} & volume.keys()}
        mounts = [mount for container in pod.containers for mount in container.get("volumeMounts", [])]
        assert [mount for mount in mounts if "subPath" in mount and mount["name"] in volatile] == []


def test_no_pod_is_taken_away_before_its_successor_is_ready(render: Renderer) -> None:
    for values in PAIRWISE:
        (deployment,) = of_kind(render(values), "Deployment")
        rollout = deployment["spec"]["strategy"]["rollingUpdate"]
        assert rollout["maxUnavailable"] == 0
        assert rollout["maxSurge"]


@pytest.mark.parametrize(("pause", "drain", "margin"), [(10, 25, 5), (0, 1, 1), (30, 120, 10)])
def test_a_pod_has_the_time_that_its_end_takes(render: Renderer, pause: int, drain: int, margin: int) -> None:
    seconds = {"preStopSeconds": pause, "drainSeconds": drain, "marginSeconds": margin}

    spec = api(render(nested({**MINIMAL, "api.shutdown": seconds})))["spec"]["template"]["spec"]

    (container,) = spec["containers"]
    variables = {each["name"]: each.get("value") for each in container["env"]}
    assert spec["terminationGracePeriodSeconds"] == pause + drain + margin
    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] == pause
    assert variables["DRAIN_SECONDS"] == str(drain)


def test_an_autoscaler_alone_says_how_many(render: Renderer) -> None:
    fixed = api(render(nested({**MINIMAL, "api.replicas": 4})))
    scaled = api(render(nested({**MINIMAL, "api.replicas": 4, "api.autoscaling.enabled": True})))

    assert fixed["spec"]["replicas"] == 4
    assert "replicas" not in scaled["spec"]


def test_liveness_asks_no_backing_service(render: Renderer) -> None:
    (container,) = api(render(nested(MINIMAL)))["spec"]["template"]["spec"]["containers"]

    paths = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    assert paths == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}


@pytest.mark.parametrize(
    ("tls", "scheme"),
    [({}, "HTTP"), ({"tls.mode": "mesh"}, "HTTP"), (EXISTING_TLS, "HTTPS")],
    ids=["none", "mesh", "own"],
)
def test_probes_speak_as_the_pods_serve(render: Renderer, tls: dict, scheme: str) -> None:
    values = nested({**MINIMAL, **tls})

    (container,) = api(render(values))["spec"]["template"]["spec"]["containers"]

    assert {container[f"{kind}Probe"]["httpGet"]["scheme"] for kind in ("startup", "liveness", "readiness")} == {scheme}


def api(objects: list[Object]) -> Object:
    (deployment,) = of_kind(objects, "Deployment")
    return deployment

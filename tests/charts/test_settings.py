"""What operators may set lands where Kubernetes reads it."""

from functools import reduce
from typing import Any

import pytest
from rendering import Object, Renderer, nested, of_kind, pods, template
from toggles import EXISTING, GATEWAY, MANAGED_TLS, MONITORS, OWN, S3

BASE = {**OWN, **EXISTING, **GATEWAY, **MONITORS, "api.autoscaling.enabled": True, "tests.enabled": True}
PROXY = [{"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}]
BALANCED = {"api.service.type": "LoadBalancer"}
RULES = [{"action": "drop", "regex": "x"}]
METRICS = [{"type": "Pods", "pods": {}}]
FILTERS = [{"type": "URLRewrite", "urlRewrite": {"hostname": "api.example.com"}}]
ALERTS = [{"alert": "Slow", "expr": "vector(1)"}]

# (what is set, the kind of object, the place in it, what stands there)
LANDS: list[tuple[dict, str, str, Any]] = [
    ({"commonLabels": {"team": "shop"}}, "Service", "metadata.labels.team", "shop"),
    ({"commonAnnotations": {"team": "shop"}}, "Service", "metadata.annotations.team", "shop"),
    ({"api.replicas": 3, "api.autoscaling.enabled": False}, "Deployment", "spec.replicas", 3),
    ({"api.revisionHistoryLimit": 1}, "Deployment", "spec.revisionHistoryLimit", 1),
    ({"api.minReadySeconds": 7}, "Deployment", "spec.minReadySeconds", 7),
    ({"api.progressDeadlineSeconds": 90}, "Deployment", "spec.progressDeadlineSeconds", 90),
    ({"api.maxSurge": "50%"}, "Deployment", "spec.strategy.rollingUpdate.maxSurge", "50%"),
    ({"api.annotations": {"a": "b"}}, "Deployment", "metadata.annotations.a", "b"),
    ({"api.podAnnotations": {"a": "b"}}, "Deployment", "spec.template.metadata.annotations.a", "b"),
    ({"api.podLabels": {"a": "b"}}, "Deployment", "spec.template.metadata.labels.a", "b"),
    ({"api.extraInitContainers": PROXY}, "Deployment", "spec.template.spec.initContainers.0", PROXY[0]),
    ({"api.extraContainers": PROXY}, "Deployment", "spec.template.spec.containers.1", PROXY[0]),
    ({"api.command": ["sleep"]}, "Deployment", "spec.template.spec.containers.0.command", ["sleep"]),
    ({"api.args": ["60"]}, "Deployment", "spec.template.spec.containers.0.args", ["60"]),
    (
        {"api.probes.liveness.failureThreshold": 9},
        "Deployment",
        "spec.template.spec.containers.0.livenessProbe.failureThreshold",
        9,
    ),
    ({"pods.dnsPolicy": "Default"}, "Deployment", "spec.template.spec.dnsPolicy", "Default"),
    ({"pods.priorityClassName": "high"}, "Deployment", "spec.template.spec.priorityClassName", "high"),
    # Text that YAML would take for a number.
    ({"pods.priorityClassName": "123"}, "Deployment", "spec.template.spec.priorityClassName", "123"),
    (
        {"secrets.existing.name": "123"},
        "Deployment",
        "spec.template.spec.volumes.1.projected.sources.0.secret.name",
        "123",
    ),
    (
        {**MANAGED_TLS, "tls.certManager.issuerGroup": "awspca.example"},
        "Certificate",
        "spec.issuerRef.group",
        "awspca.example",
    ),
    ({"pods.runtimeClassName": "gvisor"}, "Deployment", "spec.template.spec.runtimeClassName", "gvisor"),
    ({"pods.nodeSelector": {"disk": "ssd"}}, "Deployment", "spec.template.spec.nodeSelector.disk", "ssd"),
    ({"pods.tolerations": [{"key": "a"}]}, "Deployment", "spec.template.spec.tolerations", [{"key": "a"}]),
    ({"pods.affinity": {"nodeAffinity": {}}}, "Deployment", "spec.template.spec.affinity", {"nodeAffinity": {}}),
    ({"api.autoscaling.metrics": METRICS}, "HorizontalPodAutoscaler", "spec.metrics.1", METRICS[0]),
    ({"api.service.labels": {"a": "b"}}, "Service", "metadata.labels.a", "b"),
    ({"api.service.annotations": {"a": "b"}}, "Service", "metadata.annotations.a", "b"),
    ({"api.service.port": 8080}, "Service", "spec.ports.0.port", 8080),
    ({"api.service.sessionAffinity": "ClientIP"}, "Service", "spec.sessionAffinity", "ClientIP"),
    ({"api.service.internalTrafficPolicy": "Local"}, "Service", "spec.internalTrafficPolicy", "Local"),
    ({"api.service.ipFamilies": ["IPv6"]}, "Service", "spec.ipFamilies", ["IPv6"]),
    ({"api.service.type": "NodePort", "api.service.nodePort": 30080}, "Service", "spec.ports.0.nodePort", 30080),
    ({**BALANCED, "api.service.loadBalancerClass": "inner"}, "Service", "spec.loadBalancerClass", "inner"),
    (
        {**BALANCED, "api.service.loadBalancerSourceRanges": ["10.0.0.0/8"]},
        "Service",
        "spec.loadBalancerSourceRanges",
        ["10.0.0.0/8"],
    ),
    ({"gateway.filters": FILTERS}, "HTTPRoute", "spec.rules.0.filters", FILTERS),
    ({"gateway.requestTimeout": "5s"}, "HTTPRoute", "spec.rules.0.timeouts.request", "5s"),
    ({"serviceAccount.annotations": {"role": "a"}}, "ServiceAccount", "metadata.annotations.role", "a"),
    ({"metrics.serviceMonitor.scrapeTimeout": "9s"}, "ServiceMonitor", "spec.endpoints.0.scrapeTimeout", "9s"),
    ({"metrics.serviceMonitor.relabelings": RULES}, "ServiceMonitor", "spec.endpoints.0.relabelings", RULES),
    (
        {"metrics.serviceMonitor.metricRelabelings": RULES},
        "ServiceMonitor",
        "spec.endpoints.0.metricRelabelings",
        RULES,
    ),
    ({"metrics.prometheusRule.extraRules": ALERTS}, "PrometheusRule", "spec.groups.0.rules.-1", ALERTS[0]),
]


@pytest.mark.parametrize(("flat", "kind", "place", "expected"), LANDS, ids=[",".join(flat) for flat, *_ in LANDS])
def test_a_setting_lands(render: Renderer, flat: dict, kind: str, place: str, expected: object) -> None:
    for each in of_kind(render(nested({**BASE, **flat})), kind):
        assert look(each, place) == expected


def test_credentials_of_registries_add_up(render: Renderer) -> None:
    secrets = {"global.imagePullSecrets": ["mirror", "both"], "image.pullSecrets": ["both", "own"]}

    for pod in pods(render(nested({**BASE, **secrets}))):
        assert pod.spec["imagePullSecrets"] == [{"name": name} for name in ("mirror", "both", "own")]


@pytest.mark.parametrize(
    ("flat", "image"),
    [
        ({}, "slipway/api:0.1.0"),
        ({"image.tag": "2.0"}, "slipway/api:2.0"),
        ({"image.tag": "2.0", "image.digest": f"sha256:{0:064}"}, f"slipway/api@sha256:{0:064}"),
        ({"global.imageRegistry": "mirror.example:5000/a/"}, "mirror.example:5000/a/slipway/api:0.1.0"),
    ],
)
def test_every_process_runs_the_image_that_is_named(render: Renderer, flat: dict, image: str) -> None:
    images = {container["image"] for pod in pods(render(nested({**BASE, **flat}))) for container in pod.containers}

    assert images == {image}


def test_a_tag_too_long_for_a_label_is_cut(render: Renderer) -> None:
    objects = render(nested({**BASE, "image.tag": f"branch-{'x' * 54}--late"}))

    assert {each["metadata"]["labels"]["app.kubernetes.io/version"] for each in objects} == {f"branch-{'x' * 54}"}


def test_jobs_have_their_own_annotations_and_companions(render: Renderer) -> None:
    flat = {"jobs.podAnnotations": {"mesh": "off"}, "jobs.extraInitContainers": PROXY}
    made = pods(render(nested({**BASE, **S3, "environment": "development", "demo.enabled": True, **flat})))

    jobs = [pod for pod in made if pod.owner["kind"] == "Job"]

    assert {pod.component for pod in jobs} == {"migrate", "demo", "test"}
    assert all(pod.metadata["annotations"]["mesh"] == "off" for pod in jobs)
    assert all(pod.spec["initContainers"] == PROXY for pod in jobs)
    assert all("mesh" not in pod.metadata["annotations"] for pod in made if pod not in jobs)


def test_a_companion_of_the_api_is_there_before_the_gate_asks_the_database(render: Renderer) -> None:
    (deployment,) = of_kind(render(nested({**BASE, "api.extraInitContainers": PROXY})), "Deployment")

    assert [each["name"] for each in deployment["spec"]["template"]["spec"]["initContainers"]] == ["proxy", "schema"]


def test_the_platform_may_choose_the_user(render: Renderer) -> None:
    for pod in pods(render(nested({**BASE, "pods.userId": None}))):
        assert pod.spec["securityContext"]["runAsNonRoot"] is True
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & pod.spec["securityContext"].keys()


def test_a_cluster_may_have_a_domain_of_its_own(render: Renderer) -> None:
    objects = render(nested({**BASE, **MANAGED_TLS, "clusterDomain": "c.example"}))

    (certificate,) = of_kind(objects, "Certificate")
    assert "shop-api.store.svc.c.example" in certificate["spec"]["dnsNames"]
    assert "shop-api.store.svc.c.example" in allowed_hosts(objects)
    assert "cluster.local" not in str(objects)


def test_a_wildcard_of_the_gateway_is_one_that_the_service_understands(render: Renderer) -> None:
    objects = render(nested({**BASE, "gateway.hostnames": ["*.example.com"]}))

    assert ".example.com" in allowed_hosts(objects)
    assert look(of_kind(objects, "HTTPRoute")[0], "spec.hostnames") == ["*.example.com"]


def test_a_long_name_stays_within_what_kubernetes_takes() -> None:
    text = template(nested(BASE), release="r" * 53)

    assert max(len(line) for line in text.splitlines() if line.startswith("  name: ")) <= len("  name: ") + 63


def allowed_hosts(objects: list[Object]) -> list[str]:
    hosts = {each["data"]["ALLOWED_HOSTS"] for each in of_kind(objects, "ConfigMap") if "ALLOWED_HOSTS" in each["data"]}
    return hosts.pop().split(",")


def look(each: Object, place: str) -> Any:
    """What stands at `a.b.0.c`; a name may hold no dot."""
    return reduce(
        lambda tree, step: tree[int(step)] if isinstance(tree, list) else tree.get(step), place.split("."), each
    )

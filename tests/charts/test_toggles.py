"""A toggle that is off leaves nothing behind, whatever else was set for it."""

import pytest
from rendering import Object, Renderer, nested, of_kind
from toggles import EXISTING, GATEWAY, INGRESS, MONITORS, OWN, S3

PRODUCTION = {**OWN, **EXISTING}
CERTIFICATES = {"storage.s3.ca.secretName": "external-storage", "storage.s3.network.port": 9000}
OFF = {
    "storage.s3.enabled": {**S3, **CERTIFICATES},
    "gateway.enabled": {
        **GATEWAY,
        "gateway.redirect.enabled": True,
        "gateway.redirect.parentRefs": [{"name": "plain"}],
    },
    "ingress.enabled": INGRESS,
    "api.autoscaling.enabled": {"api.autoscaling.minReplicas": 4, "api.autoscaling.behavior": {"scaleUp": {}}},
    "api.pdb.enabled": {"api.pdb.minAvailable": 1, "api.pdb.maxUnavailable": ""},
    "networkPolicy.enabled": {"networkPolicy.extraEgress": [{"ports": [{"port": 25}]}]},
    "tests.enabled": {"tests.loginSecret": "external-login"},
}
KINDS = {
    "gateway.enabled": "HTTPRoute",
    "ingress.enabled": "Ingress",
    "api.autoscaling.enabled": "HorizontalPodAutoscaler",
    "api.pdb.enabled": "PodDisruptionBudget",
    "networkPolicy.enabled": "NetworkPolicy",
    "metrics.serviceMonitor.enabled": "ServiceMonitor",
    "metrics.prometheusRule.enabled": "PrometheusRule",
}


@pytest.mark.parametrize("toggle", OFF)
def test_what_is_off_leaves_no_trace_of_its_settings(render: Renderer, toggle: str) -> None:
    bare = render.text(nested({**PRODUCTION, toggle: False}))
    settled = render.text(nested({**PRODUCTION, **OFF[toggle], toggle: False}))

    assert bare == settled


@pytest.mark.parametrize("toggle", KINDS)
def test_turning_it_off_takes_its_objects_away(render: Renderer, toggle: str) -> None:
    everything = {**PRODUCTION, **MONITORS, **GATEWAY, **INGRESS, toggle: True}

    assert of_kind(render(nested(everything)), KINDS[toggle])
    assert not of_kind(render(nested({**everything, toggle: False})), KINDS[toggle])


def test_without_metrics_no_port_is_open(render: Renderer) -> None:
    def ports(objects: list[Object]) -> set[str]:
        return {port["name"] for each in of_kind(objects, "Service") for port in each["spec"]["ports"]}

    assert ports(render(nested(PRODUCTION))) == {"http", "metrics"}
    assert ports(render(nested({**PRODUCTION, "metrics.enabled": False}))) == {"http"}


def test_tests_are_there_for_what_is_on(render: Renderer) -> None:
    def names(**flat: object) -> set[str]:
        jobs = of_kind(render(nested({**PRODUCTION, **flat})), "Job")
        return {job["metadata"]["name"].partition("-test-")[2] for job in jobs} - {""}

    assert names() == {"health"}
    assert names(**{"tests.enabled": False}) == set()
    assert names(**S3) == {"health", "storage"}
    assert names(**{"tests.loginSecret": "external-login"}) == {"health", "login"}

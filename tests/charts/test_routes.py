"""What leaves the cluster: the customers' API, and its docs where they are public."""

import pytest
from rendering import Object, Renderer, nested, of_kind
from toggles import CASES, EXISTING, GATEWAY, INGRESS, OWN

ROUTED = {**OWN, **EXISTING, **GATEWAY, **INGRESS}
API = {"/api/v1", "/problems"}
DOCS = {"/api/docs", "/api/schema", "/static"}


@pytest.mark.parametrize(
    ("docs", "expected"),
    [
        ({}, API),
        ({"api.docs.enabled": True}, API),
        ({"api.docs.enabled": True, "api.docs.exposure": "public"}, API | DOCS),
    ],
    ids=["off", "internal", "public"],
)
def test_docs_are_routed_only_where_they_are_public(render: Renderer, docs: dict, expected: set[str]) -> None:
    objects = render(nested({**ROUTED, **docs}))

    assert paths(of_kind(objects, "HTTPRoute")) == expected
    assert paths(of_kind(objects, "Ingress")) == expected


def test_neither_administration_nor_probes_are_ever_routed(render: Renderer) -> None:
    for values in CASES.values():
        routed = paths(of_kind(render(values), "HTTPRoute", "Ingress"))
        assert routed <= API | DOCS
        assert [
            each for each in ("/admin/v1/users/", "/livez", "/metrics", "/") for path in routed if each.startswith(path)
        ] == []


@pytest.mark.parametrize("toggle", ["gateway.enabled", "ingress.enabled"])
def test_a_route_that_is_off_is_not_there(render: Renderer, toggle: str) -> None:
    kind = {"gateway.enabled": "HTTPRoute", "ingress.enabled": "Ingress"}[toggle]

    assert of_kind(render(nested(ROUTED)), kind)
    assert not of_kind(render(nested({**ROUTED, toggle: False})), kind)


def test_the_service_answers_to_every_routed_host(render: Renderer) -> None:
    hosts = {"gateway.hostnames": ["a.example.com"], "ingress.hosts": ["b.example.com"]}

    objects = render(nested({**ROUTED, **hosts, "config.publicUrl": "https://c.example.com:8443"}))

    (configuration,) = [each for each in of_kind(objects, "ConfigMap") if each["metadata"]["name"] == "shop-api"]
    allowed = configuration["data"]["ALLOWED_HOSTS"].split(",")
    assert {"a.example.com", "b.example.com", "c.example.com", "shop-api.store.svc"} <= {*allowed}


def paths(routes: list[Object]) -> set[str]:
    """The prefixes that lead to the service."""
    found = set()
    for rule in (rule for route in routes for rule in route["spec"]["rules"]):
        matched = [match["path"] for match in rule.get("matches", [])]
        assert matched or "http" in rule or "backendRefs" not in rule, "a rule without a path matches everything"
        found |= {path["value"] for path in matched}
        found |= {path["path"] for path in rule.get("http", {}).get("paths", [])}
    return found

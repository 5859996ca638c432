"""What a first install promises."""

import uuid

from conftest import DOMAIN, Release
from door import Door
from kubernetes import Namespace, eventually


def test_the_charts_own_tests_pass(namespace: Namespace) -> None:
    report = namespace.helm("test", "api", "--timeout", "3m")

    assert report.count("Succeeded") == 3  # health, a login, the object store


def test_the_documents_requests_pass_through_the_route(door: Door) -> None:
    page = door("GET", "/api/v1/customers?filter[status]=active&sort=-created_at")
    body = {"email": f"{uuid.uuid4()}@example.com"}
    key = str(uuid.uuid4())
    first, again = (door("POST", "/api/v1/customers", body, Idempotency_Key=key) for _ in range(2))

    assert page.status == 200
    assert page.json()["meta"]["total"] > 0
    assert first.status == again.status == 201
    assert first.body == again.body
    assert "x-ratelimit-limit" in page.headers


def test_the_ingress_answers_over_tls(release: Release, gateway_address: str, authority: str) -> None:
    ingress = Door(f"e2e-ingress.{DOMAIN}", gateway_address, authority)

    def signs_in() -> bool:
        try:
            return bool(ingress.sign_in())
        except (OSError, ValueError):
            return False

    eventually(signs_in)
    assert ingress("GET", "/api/v1/customers/").status == 200


def test_probes_and_the_admin_stay_inside(door: Door) -> None:
    for path in ("/livez", "/readyz", "/admin/v1/", "/metrics"):
        assert door("GET", path).status == 404, path


def test_every_pod_is_admitted_by_the_restricted_standard(namespace: Namespace) -> None:
    labels = namespace.get("namespace", namespace.name)["metadata"]["labels"]
    events = namespace.kubectl("get", "events", "--output", "jsonpath={.items[*].message}")

    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert "violates PodSecurity" not in events
    assert len(namespace.pods("api")) == 2

"""A value turned off takes its objects and its URLs away; turned on again, they are back."""

from conftest import Release
from door import Door
from kubernetes import Namespace

PUBLIC = ("api.docs.enabled=true", "api.docs.exposure=public")


def test_the_docs_come_and_go(release: Release, door: Door) -> None:
    seen = []
    for settings in (PUBLIC, (), PUBLIC):
        release.upgrade(*settings)
        seen.append([door("GET", path).status for path in ("/api/docs/", "/api/schema/")])

    assert seen == [[200, 200], [404, 404], [200, 200]]


def test_internal_docs_are_not_routed(release: Release, namespace: Namespace, door: Door) -> None:
    release.upgrade("api.docs.enabled=true")
    pod = min(namespace.names("api"))
    script = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/api/schema/').status)"
    # The service answers only to its own names.
    script = script.replace("r.urlopen('", "r.urlopen(r.Request('").replace(
        "/schema/')", "/schema/', headers={'Host': 'api'}))"
    )

    assert namespace.kubectl("exec", pod, "--container", "api", "--", "python", "-c", script).strip() == "200"
    assert door("GET", "/api/schema/").status == 404


def test_a_route_that_is_turned_off_is_deleted(release: Release, namespace: Namespace) -> None:
    before = namespace.objects()
    release.upgrade("ingress.enabled=false")

    assert {name for name in before - namespace.objects() if "ingress" in name} == {"ingress.networking.k8s.io/api"}

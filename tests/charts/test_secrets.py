"""Secrets reach the processes that need them, as files, and nobody else."""

import pytest
from rendering import CHARTS, NAMESPACE, RELEASE, Object, Renderer, helm, nested, of_kind, pods, strings
from toggles import CASES, INLINE, OWN, PAIRWISE, S3

HIDDEN = "hidden"
OWNER = "DATABASE_OWNER_URL"
MAY_KNOW_THE_OWNER = {("Job", "migrate"), ("Secret", "migrate"), ("ExternalSecret", "migrate")}


def test_only_migrations_know_the_owner_of_the_tables(render: Renderer) -> None:
    for values in CASES.values():
        knowing = {identity(each) for each in render(values) if mentions_owner(each)}

        expected = {"Job"} if values["migrations"]["mode"] != "off" else set()
        assert knowing <= MAY_KNOW_THE_OWNER
        assert {kind for kind, _ in knowing} >= expected


def test_no_secret_holds_both_roles(render: Renderer) -> None:
    for values in PAIRWISE:
        for secret in of_kind(render(values), "Secret"):
            assert not {"DATABASE_URL", OWNER} <= secret["stringData"].keys()


def test_secrets_lie_in_secrets_alone(render: Renderer) -> None:
    for values in PAIRWISE:
        others = [each for each in render(values) if each["kind"] != "Secret"]

        assert [text for text in strings(others) if HIDDEN in text] == []


def test_no_process_has_a_secret_in_its_environment(render: Renderer) -> None:
    for values in PAIRWISE:
        for pod in pods(render(values)):
            variables = [each for container in pod.containers for each in container["env"] if "valueFrom" in each]
            assert {each["name"] for each in variables} <= {"LOGIN_EMAIL", "LOGIN_PASSWORD"}


@pytest.mark.parametrize("docs", ["internal", "public"])
def test_the_notes_tell_no_secret(docs: str) -> None:
    flat = {**OWN, **INLINE, **S3, "secrets.provider": "inline", "environment": "development", "demo.enabled": True}
    values = nested({**flat, "api.docs.enabled": True, "api.docs.exposure": docs})

    printed = helm("install", RELEASE, str(CHARTS / "api"), "--dry-run=client", "--hide-secret", values=values)

    notes = printed.partition("NOTES:")[2]
    assert NAMESPACE in notes
    assert HIDDEN not in notes
    assert "slipway-demo" not in notes


def identity(each: Object) -> tuple[str, str]:
    return each["kind"], each["metadata"]["labels"]["app.kubernetes.io/component"]


def mentions_owner(each: Object) -> bool:
    return any(OWNER in text or "hidden-owner" in text or text == "external-owner" for text in strings(each))

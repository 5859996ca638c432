"""Every route refuses strangers and bad credentials with a 401 and a challenge."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.conf import settings
from django.utils import timezone
from rest_framework.permissions import AllowAny
from rest_framework.test import APIClient

from apps.authentication import conf
from apps.authentication.models import TokenFamily
from apps.tenants.models import ApiKey, Membership, Organization
from conftest import Member, access_token
from contract import tokens
from tests.contract.routes import LISTS, Route, all_routes, body, create, make, name

# Every route that lets strangers in is written down here; a new one fails the build until it is.
PUBLIC = {"/api/v1/auth/login/", "/api/v1/auth/refresh/", "/api/v1/auth/logout/", "/api/v1/eras/", "/api/v1/eras/{id}/"}
GUARDED = [route for route in all_routes() if route.path not in PUBLIC]


def test_lists_every_public_route() -> None:
    public = {route.path for route in all_routes() if AllowAny in route.view.permission_classes}

    assert public == PUBLIC


@pytest.mark.django_db
@pytest.mark.parametrize("route", GUARDED, ids=name)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_AUTHORIZATION": "Bearer nonsense"},
        {"HTTP_AUTHORIZATION": "Bearer"},
        {"HTTP_AUTHORIZATION": "Basic dTpw"},
        {"HTTP_AUTHORIZATION": "Api-Key pk_test_abc_def"},
        {"HTTP_X_API_KEY": "nonsense"},
    ],
    ids=["none", "bad-jwt", "empty-bearer", "basic", "bad-key", "bad-x-key"],
)
def test_refuses_without_a_good_credential(route: Route, headers: dict[str, str], anonymous: APIClient) -> None:
    for method in route.methods:
        response = anonymous.generic(method, route.at(), **headers)

        assert response.status_code == 401, (method, response.content)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.headers["Content-Type"] == "application/problem+json"


def forged(member: Member) -> dict[str, str]:
    """Tokens that a careless verifier would take."""
    good = access_token(member.user)
    claims = jwt.decode(good, options={"verify_signature": False})
    key, kid = settings.JWT_SIGNING_KEYS[0], jwt.get_unverified_header(good)["kid"]

    def sign(headers: dict[str, Any] | None = None, with_key: str = key, **changed: Any) -> str:
        return jwt.encode({**claims, **changed}, with_key, "HS256", headers={"kid": kid, **(headers or {})})

    past = int(timezone.now().timestamp()) - 10
    return {
        "none": jwt.encode(claims, "", "none", headers={"kid": kid}),
        "other-key": sign(with_key="x" * 40),
        "unknown-kid": sign({"kid": "../../dev/null"}),
        "no-kid": jwt.encode(claims, key, "HS256"),
        "hs512": jwt.encode(claims, key * 2, "HS512", headers={"kid": kid}),
        "jwk": sign({"jwk": {"kty": "oct", "k": "AAAA"}}, with_key="y" * 40),
        "expired": sign(exp=past),
        "other-issuer": sign(iss="https://elsewhere.example"),
        "other-audience": sign(aud="somebody"),
        "refresh-as-access": sign(token_use="refresh"),
        "no-session": sign(sid="nonsense"),
        "truncated": good[:-4],
        "crit": sign({"crit": ["exp"]}),
    }


def test_refuses_every_forged_token(owner: Member) -> None:
    for label, token in forged(owner).items():
        response = APIClient().get("/api/v1/customers/", HTTP_AUTHORIZATION=f"Bearer {token}")

        assert response.status_code == 401, label


def test_takes_tokens_of_a_rotated_key_until_the_key_is_gone(owner: Member, settings: Any) -> None:
    old, new = settings.JWT_SIGNING_KEYS[0], "n" * 40

    settings.JWT_SIGNING_KEYS = [new, old]
    while_rotating = owner.client.get("/api/v1/customers/").status_code
    settings.JWT_SIGNING_KEYS = [new]
    afterwards = owner.client.get("/api/v1/customers/").status_code

    assert (while_rotating, afterwards) == (200, 401)
    assert tokens.key_id(old) not in new


def test_a_verified_token_is_refused_when_its_time_is_over(owner: Member) -> None:
    now = timezone.now()
    assert owner.client.get("/api/v1/customers/").status_code == 200

    with time_machine.travel(now + conf.ACCESS_TOKEN_LIFETIME - timedelta(seconds=5)):
        shortly_before = owner.client.get("/api/v1/customers/").status_code
    with time_machine.travel(now + conf.ACCESS_TOKEN_LIFETIME + timedelta(seconds=5)):
        shortly_after = owner.client.get("/api/v1/customers/").status_code

    assert (shortly_before, shortly_after) == (200, 401)


def test_a_signature_is_checked_once_a_minute(owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    now, decoded = timezone.now(), []
    decode = jwt.decode
    monkeypatch.setattr(tokens.jwt, "decode", lambda *args, **kwargs: decoded.append(1) or decode(*args, **kwargs))

    for seconds in (0, 1, 59, 61):
        with time_machine.travel(now + timedelta(seconds=seconds)):
            owner.client.get("/api/v1/customers/")

    assert len(decoded) == 2


def revoke_session(member: Member) -> None:
    TokenFamily.objects.filter(user=member.user).update(revoked_at=timezone.now())


def disable_user(member: Member) -> None:
    member.user.is_active = False
    member.user.save()


def delete_user(member: Member) -> None:
    member.user.delete()


@pytest.mark.parametrize("end", [revoke_session, disable_user, delete_user])
def test_refuses_an_ended_credential_from_the_next_request_on(owner: Member, end: Any) -> None:
    assert owner.client.get("/api/v1/customers/").status_code == 200

    end(owner)

    assert owner.client.get("/api/v1/customers/").status_code == 401


def test_an_api_key_acts_for_its_organization(owner: Member, outsider: Member) -> None:
    client = owner.key_client("customers:read", "customers:write")

    created = client.post("/api/v1/customers/", {"email": "k@example.com"})

    assert created.status_code == 201
    assert owner.client.get(created.headers["Location"]).status_code == 200
    assert outsider.client.get(created.headers["Location"]).status_code == 404


@pytest.mark.parametrize(
    "change", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now()}], ids=["revoked", "expired"]
)
def test_refuses_an_ended_api_key(owner: Member, change: dict[str, Any]) -> None:
    client = owner.key_client("customers:read")
    assert client.get("/api/v1/customers/").status_code == 200

    ApiKey.objects.update(**change)

    assert client.get("/api/v1/customers/").status_code == 401


def test_refuses_everyone_of_a_suspended_organization(owner: Member) -> None:
    client = owner.key_client("customers:read")

    Organization.objects.update(is_active=False)

    assert client.get("/api/v1/customers/").status_code == 401
    assert owner.client.get("/api/v1/customers/").status_code == 403


def test_records_the_use_of_a_key_at_most_once_a_minute(owner: Member) -> None:
    client = owner.key_client("customers:read")
    client.get("/api/v1/customers/")
    first = ApiKey.objects.get().last_used_at

    client.get("/api/v1/customers/")

    assert first is not None
    assert ApiKey.objects.get().last_used_at == first


def test_stores_no_api_key(owner: Member) -> None:
    client = owner.key_client("customers:read")
    plain = client._credentials["HTTP_AUTHORIZATION"].removeprefix("Api-Key ")

    row = ApiKey.objects.values().get()

    assert plain.startswith("pk_test_")
    assert plain.rsplit("_", 1)[1] not in str(row)


@pytest.mark.parametrize("route", [route for route in LISTS if route.view.tenancy == "tenant"], ids=name)
def test_a_key_without_the_scope_gets_403_and_the_scope(route: Route, owner: Member) -> None:
    scope = route.view.scopes
    reader = owner.key_client(f"{scope}:read")

    assert reader.get(route.path).status_code == 200
    refused = create(reader, route, body(route, owner))
    assert refused.status_code == 403
    assert f'scope="{scope}:write"' in refused.headers["WWW-Authenticate"]
    assert owner.key_client().get(route.path).status_code == 403


@pytest.mark.parametrize("route", GUARDED, ids=name)
def test_whoever_is_identified_may_ask_for_the_methods(route: Route, owner: Member, outsider: Member) -> None:
    Membership.objects.create(user=owner.user, organization=outsider.organization, role="member")

    for client in (owner.key_client(), owner.client):
        answer = client.options(route.at())

        assert (answer.status_code, answer.content) == (204, b"")
        assert set(answer.headers["Allow"].split(", ")) >= route.methods
    assert APIClient().options(route.at()).status_code == 401


def test_keys_never_reach_what_belongs_to_a_person(owner: Member) -> None:
    client = owner.key_client("customers:read", "specimens:read", "notes:read")

    assert client.get("/api/v1/notes/").status_code == 403


def test_a_session_needs_the_csrf_token_to_write(owner: Member) -> None:
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(owner.user)

    assert browser.get("/api/v1/customers/").status_code == 200
    refused = browser.post("/api/v1/customers/", {"email": "s@example.com"})
    assert refused.status_code == 403
    assert refused.json()["code"] == "csrf-failed"
    token = "a" * 32
    browser.cookies["csrftoken"] = token
    accepted = browser.post("/api/v1/customers/", {"email": "s@example.com"}, HTTP_X_CSRFTOKEN=token)
    assert accepted.status_code == 201


def test_a_bad_bearer_is_not_saved_by_a_good_session(owner: Member) -> None:
    browser = APIClient()
    browser.force_login(owner.user)

    assert browser.get("/api/v1/customers/", HTTP_AUTHORIZATION="Bearer nonsense").status_code == 401


def test_several_organizations_need_a_name(owner: Member, outsider: Member) -> None:
    Membership.objects.create(user=owner.user, organization=outsider.organization, role="member")
    customers = next(route for route in LISTS if route.path == "/api/v1/customers/")
    make(customers, outsider, 3)

    unnamed = owner.client.get("/api/v1/customers/")
    by_slug = owner.client.get("/api/v1/customers/", HTTP_X_ORGANIZATION=outsider.organization.slug)
    by_id = owner.client.get("/api/v1/customers/", HTTP_X_ORGANIZATION=str(owner.organization.pk))

    assert (unnamed.status_code, unnamed.json()["code"]) == (400, "organization-required")
    assert by_slug.json()["meta"]["total"] == 3
    assert by_id.json()["meta"]["total"] == 0


def test_an_unknown_and_a_foreign_organization_are_refused_alike(owner: Member, outsider: Member) -> None:
    answers = [
        owner.client.get("/api/v1/customers/", HTTP_X_ORGANIZATION=wanted, HTTP_X_REQUEST_ID="same")
        for wanted in (outsider.organization.slug, str(outsider.organization.pk), "no-such", "\u00fcml")
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.content for answer in answers}) == 1


def test_a_person_without_an_organization_gets_403(owner: Member) -> None:
    Membership.objects.all().delete()

    assert owner.client.get("/api/v1/customers/").status_code == 403


def test_a_key_can_not_name_another_organization(owner: Member, outsider: Member) -> None:
    client = owner.key_client("customers:read")

    for organization, status in ((outsider.organization, 403), (owner.organization, 200)):
        for wanted in (str(organization.pk), str(organization.pk).upper(), organization.slug):
            answer = client.get("/api/v1/customers/", HTTP_X_ORGANIZATION=wanted)

            assert answer.status_code == status, wanted

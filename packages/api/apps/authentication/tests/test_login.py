"""Signing in: by either identifier, slowly for guessers, and alike for the known and the unknown."""

import time
from datetime import timedelta
from statistics import median
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from rest_framework.test import APIClient

from apps.authentication.models import LoginFailure, User
from apps.authentication.tests.factories import PASSWORD, UserFactory

LOGIN = "/api/v1/auth/login/"
ARGON2 = "django.contrib.auth.hashers.Argon2PasswordHasher"
BCRYPT = "django.contrib.auth.hashers.BCryptSHA256PasswordHasher"


@pytest.fixture
def ada(db: None) -> User:
    return UserFactory(username="Ada.L", email="ada@example.com", first_name="Ada")  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "identifier",
    [{"login": "ada.l"}, {"username": "ADA.L"}, {"email": "Ada@Example.com"}, {"login": "ada@example.com"}],
)
def test_takes_either_identifier(identifier: dict[str, str], ada: User, anonymous: APIClient) -> None:
    answer = anonymous.post(LOGIN, {**identifier, "password": PASSWORD})

    document = answer.json()
    assert answer.status_code == 200
    assert document["tokens"] == {"access": document["access"], "refresh": document["refresh"]}
    assert document["user"] == {
        "id": str(ada.pk),
        "username": "Ada.L",
        "email": "ada@example.com",
        "first_name": "Ada",
        "last_name": "",
        "role": "student",
    }


def test_the_access_token_opens_the_api(ada: User, anonymous: APIClient) -> None:
    access = anonymous.post(LOGIN, {"login": "ada.l", "password": PASSWORD}).json()["access"]

    assert anonymous.get("/api/v1/notes/", HTTP_AUTHORIZATION=f"Bearer {access}").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"login": "ada.l"},
        {"password": PASSWORD},
        {"login": "ada.l", "email": "ada@example.com", "password": PASSWORD},
        {"login": "", "password": PASSWORD},
        {"login": ["ada.l"], "password": PASSWORD},
        {"login": "ada.l", "password": 1},
        {"login": "a\x00", "password": PASSWORD},
        {"login": "ada.l", "password": PASSWORD, "admin": True},
    ],
)
def test_refuses_an_incomplete_body(body: dict[str, Any], ada: User, anonymous: APIClient) -> None:
    assert anonymous.post(LOGIN, body).status_code == 400


def test_answers_alike_for_whatever_is_wrong(ada: User, anonymous: APIClient) -> None:
    UserFactory(username="gone", is_active=False)
    wrong = [("ada.l", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("nobody@example.com", PASSWORD)]

    answers = [
        anonymous.post(LOGIN, {"login": login, "password": password}, HTTP_X_REQUEST_ID="same")
        for login, password in wrong
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


# The Kelvin sign, the long s, the dotless i and a full-width k: upper or lower case, or NFKC, make ASCII of them.
LOOK_ALIKES = ["\u212aris", "kri\u017f", "kr\u0131s", "\uff4bris", "\u212aris@example.com", "kri\u017f@example.com"]


@pytest.mark.parametrize("look_alike", LOOK_ALIKES, ids=ascii)
def test_a_look_alike_is_nobody_and_locks_nobody_out(look_alike: str, anonymous: APIClient, db: None) -> None:
    UserFactory(username="kris", email="kris@example.com")

    refused = [anonymous.post(LOGIN, {"login": look_alike, "password": PASSWORD}).status_code for _ in range(11)]
    genuine = [anonymous.post(LOGIN, {"login": login, "password": PASSWORD}) for login in ("kris", "kris@example.com")]

    assert refused == [401] * 11
    assert [answer.status_code for answer in genuine] == [200, 200]


def test_takes_like_time_for_known_and_unknown(ada: User, anonymous: APIClient, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [ARGON2]
    User.objects.update(password=make_password(PASSWORD))

    def seconds(login: str) -> float:
        LoginFailure.objects.all().delete()
        started = time.perf_counter()
        anonymous.post(LOGIN, {"login": login, "password": "wrong"})
        return time.perf_counter() - started

    known, unknown = ([seconds(login) for _ in range(7)] for login in ("ada.l", "nobody"))

    assert 0.6 < median(known) / median(unknown) < 1.7


def test_upgrades_a_bcrypt_hash_to_argon2(ada: User, anonymous: APIClient, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [BCRYPT]
    User.objects.update(password=make_password(PASSWORD))
    settings.PASSWORD_HASHERS = [ARGON2, BCRYPT]

    answer = anonymous.post(LOGIN, {"login": "ada.l", "password": PASSWORD})

    assert answer.status_code == 200
    assert User.objects.get().password.startswith("argon2")


def test_ten_failures_close_the_door_for_a_quarter_of_an_hour(ada: User, anonymous: APIClient) -> None:
    for _ in range(10):
        assert anonymous.post(LOGIN, {"login": "ada.l", "password": "wrong"}).status_code == 401

    refused = anonymous.post(LOGIN, {"login": "ADA.L", "password": PASSWORD})
    other = anonymous.post(LOGIN, {"login": "nobody", "password": PASSWORD})
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        later = anonymous.post(LOGIN, {"login": "ada.l", "password": PASSWORD})

    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-failures")
    assert 1 <= int(refused.headers["Retry-After"]) <= 901
    assert (other.status_code, later.status_code) == (401, 200)

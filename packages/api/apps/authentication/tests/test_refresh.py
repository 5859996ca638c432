"""Refresh tokens: each is good once, a race is forgiven, a theft is not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.authentication.models import TokenFamily, User
from apps.authentication.services import start_family
from apps.authentication.tests.factories import UserFactory

REFRESH = "/api/v1/auth/refresh/"
LOGOUT = "/api/v1/auth/logout/"
NOTES = "/api/v1/notes/"


@pytest.fixture
def ada(db: None) -> User:
    return UserFactory()  # type: ignore[no-any-return]


def refresh(token: str) -> Any:
    return APIClient().post(REFRESH, {"refresh": token})


def opens(access: str) -> bool:
    return APIClient().get(NOTES, HTTP_AUTHORIZATION=f"Bearer {access}").status_code == 200  # type: ignore[no-any-return]


def test_rotates(ada: User) -> None:
    first = start_family(ada, timezone.now())

    second = refresh(first.refresh)
    third = refresh(second.json()["refresh"])

    assert (second.status_code, third.status_code) == (200, 200)
    assert opens(third.json()["access"])
    assert TokenFamily.objects.count() == 1


def test_a_race_within_ten_seconds_is_forgiven(ada: User) -> None:
    first = start_family(ada, timezone.now())
    second = refresh(first.refresh)

    raced = refresh(first.refresh)

    assert (raced.status_code, raced.json()["code"]) == (409, "refresh-raced")
    assert opens(second.json()["access"])
    assert refresh(second.json()["refresh"]).status_code == 200


def test_a_late_reuse_ends_the_family(ada: User) -> None:
    first = start_family(ada, timezone.now())
    second = refresh(first.refresh)

    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        reused = refresh(first.refresh)

    assert (reused.status_code, reused.json()["code"]) == (401, "invalid-refresh-token")
    assert not opens(second.json()["access"])
    assert refresh(second.json()["refresh"]).status_code == 401


def test_an_older_token_than_the_last_is_a_theft_at_once(ada: User) -> None:
    first = start_family(ada, timezone.now())
    second = refresh(first.refresh).json()
    third = refresh(second["refresh"]).json()

    assert refresh(first.refresh).status_code == 401
    assert not opens(third["access"])


@pytest.mark.django_db(transaction=True)
def test_of_16_concurrent_refreshes_one_wins() -> None:
    token = start_family(UserFactory(), timezone.now()).refresh
    barrier = threading.Barrier(16)

    def race(_: int) -> int:
        barrier.wait()
        try:
            return refresh(token).status_code  # type: ignore[no-any-return]
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        codes = sorted(pool.map(race, range(16)))

    assert codes == [200] + [409] * 15


@pytest.mark.parametrize("change", [{"is_active": False}, None], ids=["disabled", "deleted"])
def test_a_person_who_is_gone_is_a_401(change: dict[str, bool] | None, ada: User) -> None:
    pair = start_family(ada, timezone.now())
    if change:
        User.objects.update(**change)
    else:
        ada.delete()

    assert refresh(pair.refresh).status_code == 401


@pytest.mark.parametrize("token", ["x", "a.b.c", "\u00fc"])
def test_refuses_what_is_no_refresh_token(token: str, ada: User) -> None:
    assert refresh(token).status_code == 401


def test_refuses_an_access_token_and_an_expired_one(ada: User) -> None:
    pair = start_family(ada, timezone.now())

    assert refresh(pair.access).status_code == 401
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1)):
        assert refresh(pair.refresh).status_code == 401


def test_logging_out_ends_the_session_and_can_be_repeated(ada: User) -> None:
    pair, other = start_family(ada, timezone.now()), start_family(ada, timezone.now())

    codes = [APIClient().post(LOGOUT, {"refresh": pair.refresh}).status_code for _ in range(2)]

    assert codes == [204, 204]
    assert not opens(pair.access)
    assert refresh(pair.refresh).status_code == 401
    assert opens(other.access)


def test_logging_out_by_the_access_token_alone(ada: User) -> None:
    pair = start_family(ada, timezone.now())

    assert APIClient().post(LOGOUT, {}, HTTP_AUTHORIZATION=f"Bearer {pair.access}").status_code == 204
    assert not opens(pair.access)


@pytest.mark.parametrize("garbage", ["x", "a.b.c", "\u00fc"])
def test_logging_out_with_garbage_ends_the_session_of_the_caller_at_most(garbage: str, ada: User) -> None:
    pair, other = start_family(ada, timezone.now()), start_family(ada, timezone.now())

    stranger = APIClient().post(LOGOUT, {"refresh": garbage})
    before = opens(pair.access)
    caller = APIClient().post(LOGOUT, {"refresh": garbage}, HTTP_AUTHORIZATION=f"Bearer {pair.access}")

    assert (stranger.status_code, before, caller.status_code) == (204, True, 204)
    assert not opens(pair.access)
    assert opens(other.access)


def test_logging_out_as_nobody_is_a_401(db: None) -> None:
    assert APIClient().post(LOGOUT, {}).status_code == 401


def test_an_access_token_lives_for_thirty_minutes(ada: User) -> None:
    pair = start_family(ada, timezone.now())

    with time_machine.travel(timezone.now() + timedelta(minutes=29)):
        assert opens(pair.access)
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert not opens(pair.access)

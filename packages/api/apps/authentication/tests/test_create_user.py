"""People: found by either name, unique whatever the case."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from apps.authentication.models import User

pytestmark = pytest.mark.django_db


def test_an_email_alone_gives_a_username() -> None:
    first = User.objects.create_user(email="ada@example.com", password="x", role=User.Role.INSTRUCTOR)
    second = User.objects.create_user(email="ada@example.org", password="x")

    assert first.username == "ada"
    assert first.role == "instructor"
    assert second.username.startswith("ada-")


def test_a_username_alone_is_enough_and_many_have_no_email() -> None:
    for name in ("ada", "ben"):
        assert User.objects.create_user(username=name, password="x").email is None


@pytest.mark.parametrize("email", ["x@example.com", "o'neil@example.com", "a+b@example.com"])
def test_odd_local_parts_give_good_usernames(email: str) -> None:
    user = User.objects.create_user(email=email, password="x")

    assert len(user.username) >= 3


@pytest.mark.parametrize("username", ["ab", "a" * 51, "a@b", "a b", "\u00e4da", "", "a\nb"])
def test_refuses_a_bad_username(username: str) -> None:
    with pytest.raises((ValidationError, ValueError)):
        User.objects.create_user(username=username, password="x")


def test_names_are_unique_whatever_their_case() -> None:
    User.objects.create_user(username="Ada", email="Ada@example.com", password="x")

    with pytest.raises(ValidationError):
        User.objects.create_user(username="aDA", password="x")
    with pytest.raises(ValidationError):
        User.objects.create_user(email="aDA@example.com", password="x")
    with pytest.raises(IntegrityError):
        User.objects.create(username="ADA")


def test_finds_by_either_name() -> None:
    ada = User.objects.create_user(username="Ada", email="ada@example.com", password="x")

    assert User.objects.get_by_natural_key("ADA") == User.objects.get_by_natural_key("ADA@example.com") == ada

from typing import Any

from rest_framework import serializers

from apps.authentication.models import User
from contract.serializers import ResourceSerializer, StrictCharField, StrictSerializer


class UserSerializer(ResourceSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "username", "email", "first_name", "last_name", "role"]
        read_only_fields = fields


class LoginSerializer(StrictSerializer):
    """One of `login`, `email` and `username`, and the password."""

    login = StrictCharField(max_length=255, required=False)
    email = StrictCharField(max_length=255, required=False)
    username = StrictCharField(max_length=255, required=False)
    password = StrictCharField(max_length=255)
    one_of = ("login", "email", "username")
    examples = {"login": "ada@example.com"}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = [attrs[name] for name in self.one_of if attrs.get(name)]
        if len(named) != 1:
            raise serializers.ValidationError("Send exactly one of login, email and username.", "one-identifier")
        return {"identifier": named[0], "password": attrs["password"]}


class RefreshSerializer(StrictSerializer):
    refresh = StrictCharField(max_length=2000)


class LogoutSerializer(StrictSerializer):
    refresh = StrictCharField(max_length=2000, required=False)


class TokensSerializer(StrictSerializer):
    """A short-lived access token, and the refresh token that gets the next pair."""

    access = serializers.CharField(max_length=2000, read_only=True)
    refresh = serializers.CharField(max_length=2000, read_only=True)


class SignInSerializer(TokensSerializer):
    """The tokens stand twice, flat and nested, because two kinds of clients were promised them."""

    user = UserSerializer(read_only=True)
    tokens = TokensSerializer(source="*", read_only=True)

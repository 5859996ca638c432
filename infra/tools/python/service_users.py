"""Makes two people of two organisations and prints how they sign in, in the Web Fuzzing Commons form."""

import json
import secrets
import sys

import django

django.setup()

from apps.authentication.models import User  # noqa: E402 - models can be imported only after the setup
from apps.tenants.models import Membership, Organization  # noqa: E402


def person(name: str) -> dict[str, object]:
    """The sign-in of a new owner of a new organisation."""
    password = secrets.token_urlsafe(24)
    user = User.objects.create_user(username=name, email=f"{name}@example.com", password=password)
    organization = Organization.objects.create(name=f"The organisation of {name}")
    Membership.objects.create(user=user, organization=organization, role=Membership.Role.OWNER)
    return {
        "name": name,
        "loginEndpointAuth": {
            "endpoint": "/api/v1/auth/login/",
            "verb": "POST",
            "contentType": "application/json",
            "payloadRaw": json.dumps({"login": name, "password": password}),
            "token": {
                "extractFrom": "body",
                "extractSelector": "/access",
                "sendIn": "header",
                "sendName": "Authorization",
                "sendTemplate": "Bearer {token}",
            },
        },
    }


json.dump({"schemaVersion": "0.2.0", "auth": [person("owner"), person("outsider")]}, sys.stdout)

"""Optimistic concurrency (RFC 9110 §13): an ETag on every single resource, If-Match to write, If-None-Match to read."""

import hashlib
import re
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from contract.problems import Problem
from contract.rendering import dumps

ENTITY_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
TAG = re.compile(ENTITY_TAG)
# Empty members of a list are nothing (RFC 9110 §5.6.1.2).
LIST = re.compile(rf"\*|[ \t,]*{ENTITY_TAG}(?:[ \t]*,[ \t,]*{ENTITY_TAG})*[ \t,]*")
MAX_LENGTH = 1000


class MalformedPrecondition(Problem):
    code = "malformed-precondition"
    title = "The precondition can't be read"
    default_detail = f'Send `*`, or entity tags such as "9d2f0b7c41aa53e6" in at most {MAX_LENGTH} characters.'

    def __init__(self, header: str) -> None:
        super().__init__(f"{header} can't be read. {self.default_detail}")


class PreconditionFailed(Problem):
    status_code = 412
    code = "precondition-failed"
    title = "The resource has changed"
    default_detail = "It is no longer what your If-Match names; read it again, then repeat the change."


def etag(representation: Any) -> str:
    """A strong validator: the hash of what the client sees."""
    return etag_of(dumps(representation))


def etag_of(content: bytes) -> str:
    return f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def precondition(request: Request, header: str) -> str | None:
    """The header's value, if it was sent. Raises `MalformedPrecondition` for what is no list of entity tags."""
    value = request.headers.get(header)
    if value is None:
        return None
    value = value.strip()
    if len(value) > MAX_LENGTH or not LIST.fullmatch(value):
        raise MalformedPrecondition(header)
    return value


def require_match(request: Request, representation: Any) -> None:
    """Raises `PreconditionFailed` when If-Match names another state than the present one."""
    wanted = precondition(request, "If-Match")
    if wanted is None or wanted == "*":
        return
    if etag(representation) not in TAG.findall(wanted):
        raise PreconditionFailed()


def is_unchanged(request: Request, tag: str) -> bool:
    """Whether If-None-Match names this state (weak comparison)."""
    wanted = precondition(request, "If-None-Match") or ""
    return wanted == "*" or tag in [each.removeprefix("W/") for each in TAG.findall(wanted)]


def not_modified(tag: str) -> HttpResponse:
    response = HttpResponse(status=304, headers={"ETag": tag})
    del response["Content-Type"]
    return response

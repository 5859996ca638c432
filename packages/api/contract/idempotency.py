"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): one effect for any number of retries.

One transaction holds the advisory lock, the business write and the record, so a crash leaves neither or both.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from contract import metrics, tenancy
from contract.authentication import Principal
from contract.models import IdempotencyRecord
from contract.problems import Problem

HEADER = "Idempotency-Key"
KEY = re.compile(r'"(?P<quoted>[\x20-\x21\x23-\x7e]{1,255})"|(?P<bare>[\x21\x23-\x7e][\x20-\x7e]{0,254})')
METHODS = frozenset({"POST", "PUT", "PATCH"})
KEPT = timedelta(hours=24)
STORED_PROBLEMS = frozenset({402, 404, 409, 422})
STORED_HEADERS = ("Content-Type", "Location", "ETag", "Link")


class KeyMissing(Problem):
    code = "idempotency-key-missing"
    title = "This request needs an Idempotency-Key"
    default_detail = "Send an Idempotency-Key header with a fresh UUID, and the same one when you retry."


class KeyMalformed(Problem):
    code = "idempotency-key-malformed"
    title = "The Idempotency-Key is not valid"
    default_detail = "An Idempotency-Key has 1 to 255 printable ASCII characters, bare or in double quotes."


class KeyNotApplicable(Problem):
    code = "idempotency-key-not-applicable"
    title = "This request takes no Idempotency-Key"
    default_detail = "A multipart body can't be compared with a retry's; leave the Idempotency-Key out."


class KeyReused(Problem):
    status_code = 422
    code = "idempotency-key-reused"
    title = "The Idempotency-Key belongs to another request"
    default_detail = "This key was used for a request with another method, path, query or body; use a fresh key."


class InFlight(Problem):
    status_code = 409
    code = "idempotency-key-in-flight"
    title = "The first request with this key is still running"
    default_detail = "Wait a second and retry with the same key."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


def read_key(request: Request, policy: str) -> str | None:
    """The key of this request, None where it has none or takes none. Raises the problems above."""
    if policy == "none" or request.method not in METHODS:
        return None
    header = request.headers.get(HEADER)
    if header is None:
        if policy == "required":
            raise KeyMissing(link="/api/docs/")
        return None
    if (request.content_type or "").startswith("multipart/"):
        raise KeyNotApplicable()
    if not (match := KEY.fullmatch(header)):
        raise KeyMalformed()
    return match["quoted"] or match["bare"]


def run(request: Request, key: str, execute: Callable[[], HttpResponse]) -> HttpResponse:
    """Execute once per (tenant, principal, key); give every retry the first answer.

    `execute` runs the view in a savepoint and returns a rendered response; a 5xx must be raised, not returned.
    """
    identity = _identity(request, key)
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        if not _lock(identity):
            raise InFlight()
        record = IdempotencyRecord.objects.filter(**identity).first()
        if record and record.expires_at > timezone.now():
            return _replay(record, fingerprint)
        response = execute()
        if response.status_code < 300 or response.status_code in STORED_PROBLEMS:
            _store(record, identity, fingerprint, response)
        return response


def _identity(request: Request, key: str) -> dict[str, str]:
    principal = request.auth
    label = principal.label if isinstance(principal, Principal) else "anonymous"
    return {"tenant": str(tenancy.current().tenant or ""), "principal": label, "key": key}


def _fingerprint(request: Request) -> bytes:
    django_request = request._request
    digest = hashlib.blake2b(digest_size=32)
    query = django_request.META.get("QUERY_STRING", "")
    for part in (request.method or "", django_request.path_info, query):
        digest.update(part.encode() + b"\n")
    digest.update(django_request.body)
    return digest.digest()


def _lock(identity: dict[str, str]) -> bool:
    """True when no twin is running. SQLite has one writer at a time, so a twin waits and then replays."""
    if connection.vendor != "postgresql":
        return True
    text = "\n".join(identity.values()).encode()
    number = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def _replay(record: IdempotencyRecord, fingerprint: bytes) -> HttpResponse:
    if bytes(record.fingerprint) != fingerprint:
        raise KeyReused()
    metrics.count(metrics.REPLAYS)
    response = HttpResponse(bytes(record.body), status=record.status, headers=record.headers)
    response["Idempotent-Replayed"] = "true"
    return response


def _store(expired: IdempotencyRecord | None, identity: dict[str, str], fingerprint: bytes, response: Any) -> None:
    if expired:
        expired.delete()
    IdempotencyRecord.objects.create(
        **identity,
        fingerprint=fingerprint,
        status=response.status_code,
        headers={name: response[name] for name in STORED_HEADERS if name in response},
        body=response.content,
        expires_at=timezone.now() + KEPT,
    )


def purge(now: Any = None) -> int:
    """Delete the records whose time is over, and say how many there were."""
    return IdempotencyRecord.objects.filter(expires_at__lte=now or timezone.now()).delete()[0]

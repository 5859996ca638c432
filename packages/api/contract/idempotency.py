"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): one effect for any number of retries.

One transaction holds the advisory lock, the business write and the record, so a crash leaves neither or both.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from functools import cache
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import BigIntegerField
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from contract import metrics, tenancy
from contract.authentication import Principal
from contract.inserts import NewRow, insert
from contract.models import IdempotencyRecord
from contract.parameters import Parameter, Slot
from contract.problems import Problem
from contract.statements import Statement

HEADER = "Idempotency-Key"
LOCK_AND_FIND = (
    "SELECT record.*, pg_try_advisory_xact_lock(%s) FROM (SELECT 1) AS once LEFT JOIN ({}) AS record ON TRUE"
)
FIND = "SELECT record.*, 1 FROM (SELECT 1) AS once LEFT JOIN ({}) AS record ON 1 = 1"
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


class Refused(Exception):
    """The view's own refusal: what it had written is undone, then the refusal is recorded."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


def run(request: Request, key: str, execute: Callable[[], HttpResponse]) -> HttpResponse:
    """Execute once per (tenant, principal, key); give every retry the first answer.

    `execute` returns a rendered response, or raises `Refused` with one; a 5xx must be raised as it is.
    """
    identity = _identity(request, key)
    fingerprint = _fingerprint(request)
    try:
        with transaction.atomic():
            return _find(identity, fingerprint) or _store(identity, fingerprint, execute())
    except Refused as refusal:
        with transaction.atomic():
            return _find(identity, fingerprint) or _store(identity, fingerprint, refusal.response)


def keep_with(row: NewRow, request: Request, key: str, response: HttpResponse) -> bool:
    """Insert a row and the answer about it by one statement; False, and neither, when the key or a value is taken."""
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            insert(row, _record(_identity(request, key), _fingerprint(request), response))
    except IntegrityError:
        return False
    return True


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


@cache
def _lock_and_find() -> Statement:
    """It also takes the lock that tells twins apart; SQLite lets one write at a time."""
    fields = [Parameter(name, IdempotencyRecord._meta.get_field(name)) for name in ("tenant", "principal", "key")]
    record = IdempotencyRecord.objects.filter(**{field.name: field for field in fields})
    found = record.values_list("fingerprint", "status", "headers", "body", "expires_at")
    if connection.vendor == "postgresql":
        return Statement(found, template=LOCK_AND_FIND, slots=[Slot("lock", BigIntegerField())])
    return Statement(found, template=FIND)


def _find(identity: dict[str, str], fingerprint: bytes) -> HttpResponse | None:
    """The answer that this key was given. Raises `InFlight` while a twin is running, and `KeyReused`."""
    lock = hashlib.blake2b("\n".join(identity.values()).encode(), digest_size=8).digest()
    ((*record, has_lock),) = _lock_and_find().fetch({**identity, "lock": int.from_bytes(lock, signed=True)})
    kept_fingerprint, status, headers, body, expires_at = record
    if expires_at is None or expires_at <= timezone.now():
        if not has_lock:
            raise InFlight()
        if expires_at:
            IdempotencyRecord.objects.filter(**identity).delete()
        return None
    if bytes(kept_fingerprint) != fingerprint:
        raise KeyReused()
    metrics.count(metrics.REPLAYS)
    return HttpResponse(bytes(body), status=status, headers={**headers, "Idempotent-Replayed": "true"})


def _store(identity: dict[str, str], fingerprint: bytes, response: HttpResponse) -> HttpResponse:
    """Keep a success, or a refusal that a retry would meet again. Raises `InFlight` when a twin was faster."""
    if response.status_code < 300 or response.status_code in STORED_PROBLEMS:
        try:
            insert(_record(identity, fingerprint, response))
        except IntegrityError:
            # It ended after our statement had begun to look, and before the statement had the lock.
            raise InFlight() from None
    return response


def _record(identity: dict[str, str], fingerprint: bytes, response: HttpResponse) -> NewRow:
    return NewRow.of(
        IdempotencyRecord(
            **identity,
            fingerprint=fingerprint,
            status=response.status_code,
            headers={name: response[name] for name in STORED_HEADERS if name in response},
            body=response.content,
            expires_at=timezone.now() + KEPT,
        )
    )


def purge(now: Any = None) -> int:
    """Delete the records whose time is over, and say how many there were."""
    with tenancy.system_scope("records end whichever tenant's they are"):
        return IdempotencyRecord.objects.filter(expires_at__lte=now or timezone.now()).delete()[0]

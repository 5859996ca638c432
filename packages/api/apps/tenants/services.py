"""API keys: made once, shown once, and refused from the request after their end."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import CharField, DateTimeField, Q, QuerySet, Value
from django.utils import timezone

from apps.tenants.models import ApiKey, Organization
from contract.authentication import InvalidCredentials, Principal
from contract.gate import Gate
from contract.parameters import Parameter

USE_RECORDED_EVERY = timedelta(minutes=1)


def issue_api_key(
    *, organization: Organization, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """(row, plain key): `pk_<live|test>_<prefix>_<secret>`, whose secret exists nowhere else."""
    prefix, secret = secrets.token_hex(6), secrets.token_hex(24)
    key = ApiKey.objects.create(
        organization=organization,
        name=name,
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    return key, f"pk_{_environment()}_{prefix}_{secret}"


def revoke_api_key(*, key: ApiKey) -> None:
    """End a key; the row stays, because logs name it."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


def _live_keys() -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=Parameter("now", DateTimeField())),
        prefix=Parameter("prefix", CharField()),
        secret_hash=Parameter("secret_hash", CharField()),
        revoked_at=None,
        organization__is_active=True,
    )


def _own_organization(organization: Any = None, slug: Any = None) -> QuerySet[ApiKey, tuple[Any, str]]:
    """A key acts for its own organisation, which a request may name."""
    rows = ApiKey.objects.filter(prefix=Parameter("prefix", CharField()))
    if organization is not None:
        rows = rows.filter(organization=organization)
    if slug is not None:
        rows = rows.filter(organization__slug=slug)
    return rows.values_list("organization_id", Value("api_key"))


KEYS = Gate(lambda: _live_keys().values_list("pk", "organization_id", "scopes", "last_used_at"), _own_organization)


def authenticate_api_key(text: str, wanted: str | None = None) -> Principal:
    """The machine behind a key. Raises `InvalidCredentials` for unknown, expired and revoked ones alike."""
    now = timezone.now()
    parts = text.split("_")
    if len(parts) != 4 or parts[:2] != ["pk", _environment()]:
        raise InvalidCredentials()
    passage = KEYS.open(wanted, prefix=parts[2], secret_hash=_hash(parts[3]), now=now)
    if passage is None:
        raise InvalidCredentials()
    key_id, tenant, scopes, last_used_at = passage.columns[:4]
    if last_used_at is None or last_used_at <= now - USE_RECORDED_EVERY:
        _record_use(key_id, now)
    return Principal(
        kind="api_key", id=key_id, tenant=tenant, scopes=frozenset(scopes), memberships=passage.memberships
    )


def _environment() -> str:
    """What a key says about itself, so that nobody takes a test's for a customer's."""
    return "live" if settings.IS_PRODUCTION else "test"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _record_use(key_id: str, now: datetime) -> None:
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_RECORDED_EVERY)
    ApiKey.objects.filter(stale, pk=key_id).update(last_used_at=now)

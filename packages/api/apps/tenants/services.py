"""API keys: made once, shown once, and refused from the request after their end."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps.tenants.models import ApiKey, Organization
from contract.authentication import InvalidCredentials, Principal

USE_RECORDED_EVERY = timedelta(minutes=1)


def issue_api_key(
    *, organization: Organization, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """(row, plain key): `pk_<live|test>_<prefix>_<secret>`, whose secret exists nowhere else."""
    environment = "live" if settings.IS_PRODUCTION else "test"
    prefix, secret = secrets.token_hex(6), secrets.token_hex(24)
    key = ApiKey.objects.create(
        organization=organization,
        name=name,
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    return key, f"pk_{environment}_{prefix}_{secret}"


def revoke_api_key(*, key: ApiKey) -> None:
    """End a key; the row stays, because logs name it."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


def authenticate_api_key(text: str) -> Principal:
    """The machine behind a key. Raises `InvalidCredentials` for unknown, expired and revoked ones alike."""
    now = timezone.now()
    parts = text.split("_")
    if len(parts) != 4:
        raise InvalidCredentials()
    key = ApiKey.objects.filter(prefix=parts[2], organization__is_active=True).first()
    expected = key.secret_hash if key else _hash("")
    if not hmac.compare_digest(expected, _hash(parts[3])) or key is None or not key.is_live(now):
        raise InvalidCredentials()
    _record_use(key, now)
    return Principal(kind="api_key", id=key.pk, tenant=key.organization_id, scopes=frozenset(key.scopes))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _record_use(key: ApiKey, now: datetime) -> None:
    if key.last_used_at is None or key.last_used_at <= now - USE_RECORDED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_RECORDED_EVERY)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)

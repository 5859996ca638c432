"""Signing in and out: who a token speaks for, and when it stops to."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import DateTimeField, Q, QuerySet, UUIDField
from django.db.utils import DEFAULT_DB_ALIAS
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from apps.authentication import conf
from apps.authentication.models import LoginFailure, TokenFamily, User
from contract import tokens
from contract.authentication import CHALLENGE, InvalidCredentials, Principal
from contract.gate import Gate
from contract.parameters import Parameter
from contract.problems import Problem


class WrongCredentials(InvalidCredentials):
    code = "wrong-credentials"
    title = "The identifier or the password is wrong"
    default_detail = "No active account has this identifier with this password."


class TooManyFailures(Problem):
    status_code = 429
    code = "too-many-failures"
    title = "Too many failed sign-ins"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Wait {seconds} seconds before the next try.", headers={"Retry-After": str(seconds)})


class RefreshRaced(Problem):
    status_code = 409
    code = "refresh-raced"
    title = "The refresh token was just rotated"
    default_detail = "Another request rotated this token a moment ago; use the tokens that it was given."


class RefreshRefused(InvalidCredentials):
    code = "invalid-refresh-token"
    title = "The refresh token is not valid"
    default_detail = "It is unknown, expired, revoked or used before; sign in again."


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a sign-in or a refresh answers."""

    user: User
    access: str
    refresh: str


# What an account is known by; the rest is read when somebody asks, and a password is carried nowhere.
KNOWN_BY = ["id", "role", "is_active", "is_staff"]


def _live_sessions() -> QuerySet[TokenFamily]:
    return TokenFamily.objects.filter(
        pk=Parameter("session", UUIDField()),
        user=Parameter("user", UUIDField()),
        revoked_at=None,
        expires_at__gt=Parameter("now", DateTimeField()),
        user__is_active=True,
    )


SESSIONS = Gate(lambda: _live_sessions().values_list(*(f"user__{column}" for column in KNOWN_BY)))


def authenticate_token(token: str, wanted: str | None = None) -> Principal:
    """The person behind an access token, if the sign-in that it came from still stands."""
    try:
        claims = tokens.verify(token, "access")
        passage = SESSIONS.open(wanted, session=claims["sid"], user=claims["sub"], now=timezone.now())
    except (tokens.InvalidToken, ValidationError):
        raise InvalidCredentials() from None
    if passage is None:
        raise InvalidCredentials()
    # Most requests never look at the account.
    user = SimpleLazyObject(lambda: User.from_db(DEFAULT_DB_ALIAS, KNOWN_BY, passage.columns))
    return Principal(kind="user", id=claims["sub"], user=user, session=claims["sid"], memberships=passage.memberships)


def log_in(*, identifier: str, password: str) -> TokenPair:
    """Check a password and start a token family. Raises `WrongCredentials` and `TooManyFailures`.

    Unknown and known identifiers take the same time and get the same answer.
    """
    now = timezone.now()
    if not identifier.isascii():
        # No account has such a name, but PostgreSQL would take some letters for their look-alikes.
        make_password(password)
        raise WrongCredentials()
    identifier_hash = hashlib.sha256(identifier.strip().lower().encode()).hexdigest()
    refuse_after_failures(identifier_hash, now)
    user = User.objects.filter(pk__in=_candidates(identifier)).first()
    if not _password_fits(user, password) or user is None or not user.is_active:
        LoginFailure.objects.create(identifier_hash=identifier_hash, failed_at=now)
        raise WrongCredentials()
    return start_family(user, now)


def _candidates(identifier: str) -> list[uuid.UUID]:
    field = "email" if "@" in identifier else "username"
    return list(User.objects.filter(**{f"{field}__iexact": identifier.strip()}).values_list("pk", flat=True))


def _password_fits(user: User | None, password: str) -> bool:
    if user is None:
        make_password(password)
        return False
    return user.check_password(password)


def refuse_after_failures(identifier_hash: str, now: datetime) -> None:
    """At most ten failures in fifteen minutes; there is no permanent lock that a stranger could turn."""
    recent = LoginFailure.objects.filter(identifier_hash=identifier_hash, failed_at__gt=now - conf.FAILURE_WINDOW)
    failures = list(recent.order_by("-failed_at").values_list("failed_at", flat=True)[: conf.MAX_FAILURES])
    if len(failures) == conf.MAX_FAILURES:
        wait = failures[-1] + conf.FAILURE_WINDOW - now
        raise TooManyFailures(max(1, int(wait.total_seconds()) + 1))


def start_family(user: User, now: datetime) -> TokenPair:
    """A fresh pair of tokens in a family of its own."""
    family = TokenFamily.objects.create(
        user=user, current_token=uuid.uuid4().hex, expires_at=now + conf.REFRESH_TOKEN_LIFETIME
    )
    return _pair(family)


def _pair(family: TokenFamily) -> TokenPair:
    subject, session = str(family.user_id), str(family.pk)
    access = tokens.issue("access", conf.ACCESS_TOKEN_LIFETIME, subject=subject, session=session)
    refresh = tokens.issue(
        "refresh", conf.REFRESH_TOKEN_LIFETIME, subject=subject, session=session, token_id=family.current_token
    )
    return TokenPair(family.user, access, refresh)


def refresh(*, token: str) -> TokenPair:
    """Rotate a refresh token. Exactly one of N concurrent calls wins; a late reuse ends the family."""
    now = timezone.now()
    try:
        claims = tokens.verify(token, "refresh")
    except tokens.InvalidToken:
        raise RefreshRefused() from None
    with transaction.atomic():
        pair = _rotate(claims["sid"], claims["jti"], now)
    if pair is None:
        raise RefreshRefused()
    return pair


def _rotate(session: str, token_id: str, now: datetime) -> TokenPair | None:
    """The new pair; None, with the family ended for good, when the token was used before."""
    family = TokenFamily.objects.select_for_update(of=("self",)).select_related("user").filter(pk=session).first()
    if family is None or not family.is_live(now) or not family.user.is_active:
        return None
    if token_id == family.current_token:
        family.previous_token, family.current_token = family.current_token, uuid.uuid4().hex
        family.rotated_at, family.expires_at = now, now + conf.REFRESH_TOKEN_LIFETIME
        family.save()
        return _pair(family)
    is_fresh = family.rotated_at is not None and now - family.rotated_at <= conf.REFRESH_RACE_WINDOW
    if token_id == family.previous_token and is_fresh:
        raise RefreshRaced()
    family.revoked_at = now
    family.save(update_fields=["revoked_at"])
    return None


def purge(now: datetime | None = None) -> int:
    """Delete the sign-ins that ended and the failures that no longer count, and say how many there were."""
    now = now or timezone.now()
    ended = TokenFamily.objects.filter(Q(expires_at__lte=now) | Q(revoked_at__isnull=False))
    failures = LoginFailure.objects.filter(failed_at__lte=now - conf.FAILURE_WINDOW)
    return ended.delete()[0] + failures.delete()[0]


def log_out(*, token: str | None, principal: Principal | None) -> None:
    """End the session of a refresh token, or of the caller. A second time changes nothing."""
    if token is not None:
        try:
            session = tokens.verify(token, "refresh")["sid"]
        except tokens.InvalidToken:
            session = principal.session if principal else None
    elif principal is not None and principal.session is not None:
        session = principal.session
    else:
        raise InvalidCredentials(f"Send the refresh token, or the access token as a credential ({CHALLENGE}).")
    TokenFamily.objects.filter(pk=session, revoked_at=None).update(revoked_at=timezone.now())

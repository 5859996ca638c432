"""Rate limits: exact over processes, published in headers (RFC 6585, draft-ietf-httpapi-ratelimit-headers)."""

import hashlib
import ipaddress
import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import redis
import structlog
from django.conf import settings
from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from contract import metrics
from contract.authentication import Principal
from contract.environment import RATE
from contract.logs import first_line
from contract.problems import Problem, Unavailable

PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
BREAKER_SECONDS = 5.0
STORE_TIMEOUT_SECONDS = 0.25
MOST_WINDOWS = 10_000
logger = structlog.get_logger("contract.throttling")


@dataclass(frozen=True, slots=True)
class Bucket:
    """One limit for one caller: `name` is published, `key` says whose it is."""

    name: str
    key: str
    limit: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A bucket after a hit: what is left of it and in how many seconds it starts anew."""

    bucket: Bucket
    used: int
    reset_seconds: float
    refused: bool = False

    @property
    def remaining(self) -> int:
        return max(0, self.bucket.limit - self.used)


class RateLimited(Problem):
    status_code = 429
    code = "rate-limited"
    title = "Too many requests"

    def __init__(self, reading: Reading) -> None:
        wait = max(1, math.ceil(reading.reset_seconds))
        detail = f"The limit {reading.bucket.name} is used up; wait {wait} seconds."
        super().__init__(detail, headers={"Retry-After": str(wait), **headers(reading)})


class Store(Protocol):
    def hit(self, buckets: Sequence[Bucket]) -> list[Reading]:
        """Count one request in all buckets, or in none when one of them is full."""


class LocalStore:
    """Fixed windows in this process: exact while there is one process, and the fallback when Redis is down."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.windows: dict[str, tuple[int, float]] = {}
        self.sweep_at = 0

    def hit(self, buckets: Sequence[Bucket]) -> list[Reading]:
        now = time.time()
        with self.lock:
            if len(self.windows) > self.sweep_at:
                self.windows = {key: window for key, window in self.windows.items() if window[1] > now}
                # Or each hit would look at all of them while none has ended.
                self.sweep_at = max(MOST_WINDOWS, 2 * len(self.windows))
            windows = [self.window(bucket, now) for bucket in buckets]
            full = [used >= bucket.limit for bucket, (used, _) in zip(buckets, windows, strict=True)]
            cost = 0 if any(full) else 1
            for bucket, (used, ends) in zip(buckets, windows, strict=True):
                self.windows[bucket.key] = (used + cost, ends)
        rows = zip(buckets, windows, full, strict=True)
        return [Reading(bucket, used + cost, ends - now, is_full) for bucket, (used, ends), is_full in rows]

    def window(self, bucket: Bucket, now: float) -> tuple[int, float]:
        used, ends = self.windows.get(bucket.key, (0, 0.0))
        return (used, ends) if ends > now else (0, now + bucket.seconds)


class RedisStore:
    """The same fixed windows in Redis, in one atomic round trip for all buckets of a request."""

    SCRIPT = """
    local full = false
    local answer = {}
    for i, key in ipairs(KEYS) do
        local used = tonumber(redis.call('GET', key) or '0')
        local left = redis.call('PTTL', key)
        local is_full = used >= tonumber(ARGV[2 * i - 1])
        full = full or is_full
        answer[i] = {used, left, is_full and 1 or 0}
    end
    if full then return answer end
    for i, key in ipairs(KEYS) do
        answer[i][1] = redis.call('INCR', key)
        if answer[i][2] < 0 then
            answer[i][2] = tonumber(ARGV[2 * i])
            redis.call('PEXPIRE', key, answer[i][2])
        end
    end
    return answer
    """

    DIGEST = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        patience = {"socket_timeout": STORE_TIMEOUT_SECONDS, "socket_connect_timeout": STORE_TIMEOUT_SECONDS}
        self.pool = redis.ConnectionPool.from_url(url, retry=None, **patience, **options)
        self.thread = threading.local()

    def hit(self, buckets: Sequence[Bucket]) -> list[Reading]:
        arguments = [number for bucket in buckets for number in (bucket.limit, bucket.seconds * 1000)]
        answer = self.run(len(buckets), *(f"throttle:{bucket.key}" for bucket in buckets), *arguments)
        rows = zip(buckets, answer, strict=True)
        return [Reading(bucket, used, left / 1000, bool(refused)) for bucket, (used, left, refused) in rows]

    def run(self, *arguments: str | int) -> Any:
        """The script's answer, by a bare connection: the client around it takes longer than the round trip."""
        if not hasattr(self.thread, "connection"):
            # The pool would count it for good, and refuse to make more once a hundred threads have come and gone.
            self.thread.connection = self.pool.connection_class(**self.pool.connection_kwargs)
        try:
            return self.ask(self.thread.connection, *arguments)
        except (redis.ConnectionError, redis.exceptions.ReadOnlyError):
            # Closed since the last request, or a primary no more; if Redis is gone, the second try says so.
            self.thread.connection.disconnect()
            return self.ask(self.thread.connection, *arguments)

    def ask(self, connection: Any, *arguments: str | int) -> Any:
        try:
            connection.send_command("EVALSHA", self.DIGEST, *arguments)
            return connection.read_response()
        except redis.exceptions.NoScriptError:
            connection.send_command("EVAL", self.SCRIPT, *arguments)
            return connection.read_response()


class GuardedStore:
    """Redis behind a breaker: while it is down, admin is refused and everything else counts in this process."""

    def __init__(self, remote: Store, local: Store) -> None:
        self.remote, self.local = remote, local
        self.open_until = 0.0
        self.failures = 0

    def hit(self, buckets: Sequence[Bucket]) -> list[Reading]:
        if time.monotonic() >= self.open_until:
            try:
                return self.remote.hit(buckets)
            except redis.RedisError as error:
                self.trip(error)
        if any(bucket.name == "admin" for bucket in buckets):
            raise Unavailable("The rate-limit store does not answer, and the admin API is closed without it.")
        return self.local.hit(buckets)

    def trip(self, error: redis.RedisError) -> None:
        self.failures += 1
        metrics.count(metrics.STORE_FAILURES)
        self.open_until = time.monotonic() + BREAKER_SECONDS
        # A command that Redis does not know is repeated with its arguments: a password, or who signs in.
        reason = first_line(error).partition(", with args")[0]
        logger.warning(
            "rate-limit store unreachable", error=type(error).__name__, reason=reason, failures=self.failures
        )


@cache
def store() -> Store:
    """The process's store: Redis where `REDIS_URL` is set, else this process's memory."""
    return (
        GuardedStore(RedisStore(settings.REDIS_URL, settings.REDIS_OPTIONS), LocalStore())
        if settings.REDIS_URL
        else LocalStore()
    )


@cache
def parse_rate(rate: str) -> tuple[int, int] | None:
    """(requests, seconds) of a rate such as `5/min`; None for `off`."""
    match = RATE.fullmatch(rate)
    return (int(match["count"]), PERIODS[match["period"][0]]) if match else None


def bucket(name: str, whose: str) -> Bucket | None:
    """The bucket `name` of one caller, None where its rate is `off`."""
    rate = parse_rate(settings.THROTTLE_RATES[name])
    return Bucket(name, f"{name}:{whose}", *rate) if rate else None


def charge(request: HttpRequest, *buckets: Bucket | None) -> None:
    """Count this request. Raises `RateLimited` when a bucket is full; the tightest one is published."""
    named = [each for each in buckets if each]
    if not named:
        return
    readings = store().hit(named)
    tightest = min(readings, key=lambda reading: (not reading.refused, reading.remaining, -reading.reset_seconds))
    seen: Reading | None = getattr(request, "rate_limit", None)
    if seen is None or tightest.refused or tightest.remaining < seen.remaining:
        request.rate_limit = tightest  # type: ignore[attr-defined]
    if tightest.refused:
        metrics.count(metrics.RATE_LIMITED, tightest.bucket.name)
        raise RateLimited(tightest)


def headers(reading: Reading) -> dict[str, str]:
    """Both header families for one bucket; `X-RateLimit-Reset` is in UTC epoch seconds, `t` in seconds from now."""
    name, limit = reading.bucket.name, reading.bucket.limit
    wait = math.ceil(reading.reset_seconds)
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(reading.remaining),
        "X-RateLimit-Reset": str(math.ceil(time.time() + reading.reset_seconds)),
        "RateLimit": f'"{name}";r={reading.remaining};t={wait}',
        "RateLimit-Policy": f'"{name}";q={limit};w={reading.bucket.seconds}',
    }


def client_address(request: HttpRequest) -> str:
    """The address behind `TRUSTED_PROXY_COUNT` proxies; the rest of X-Forwarded-For is the client's own claim."""
    hops = [*request.META.get("HTTP_X_FORWARDED_FOR", "").split(","), request.META.get("REMOTE_ADDR", "")]
    trusted = hops[max(0, len(hops) - 1 - settings.TRUSTED_PROXY_COUNT)].strip()
    try:
        address = ipaddress.ip_address(trusted)
    except ValueError:
        return str(request.META.get("REMOTE_ADDR", ""))
    address = getattr(address, "ipv4_mapped", None) or address
    # One IPv6 customer holds a whole /64.
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


class BucketThrottle(BaseThrottle):
    """Picks the bucket by who calls: a person spends from `user`, a machine from its tenant, a stranger from `anon`."""

    def allow_request(self, request: Request, view: Any) -> bool:
        charge(request._request, self.bucket_of(request, view.throttle_scope))
        return True

    def bucket_of(self, request: Request, scope: str | None) -> Bucket | None:
        principal = request.auth
        if not isinstance(principal, Principal):
            return bucket(scope or "anon", client_address(request._request))
        if scope:
            return bucket(scope, principal.label)
        if principal.kind == "user":
            return bucket("user", principal.id)
        return bucket("tenant-read" if request.method in SAFE_METHODS else "tenant-write", str(principal.tenant))

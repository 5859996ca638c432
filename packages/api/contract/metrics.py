"""Prometheus metrics: what is counted and timed in every process."""

import time

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Gauge, Histogram

from contract.types import Handler

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("http_requests_total", "Requests answered.", ["method", "route", "status"])
DURATION = Histogram(
    "http_request_duration_seconds", "Seconds from request to response.", ["method", "route"], buckets=SECONDS
)
IN_PROGRESS = Gauge("http_requests_in_progress", "Requests being answered now.", multiprocess_mode="livesum")
STORE_FAILURES = Counter("rate_limit_store_failures_total", "Times that the store of rate limits did not answer.")
RATE_LIMITED = Counter("rate_limited_total", "Requests refused by a rate limit.", ["scope"])
REPLAYS = Counter("idempotent_replays_total", "Answers given again for an Idempotency-Key.")
DATABASE_UNREACHABLE = Counter("database_unreachable_total", "Readiness probes that found no database.")


def count(counter: Counter, *labels: str) -> None:
    """Add one, where metrics are served at all."""
    if settings.METRICS_PORT:
        (counter.labels(*labels) if labels else counter).inc()


class MetricsMiddleware:
    """Counts and times requests by route pattern: a path or a method of the client's own making is no label."""

    def __init__(self, get_response: Handler) -> None:
        if not settings.METRICS_PORT:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        IN_PROGRESS.inc()
        started = time.perf_counter()
        try:
            response = self.get_response(request)
        finally:
            IN_PROGRESS.dec()
        match = request.resolver_match
        route = f"/{match.route}" if match else "unmatched"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, route, response.status_code).inc()
        DURATION.labels(method, route).observe(time.perf_counter() - started)
        return response

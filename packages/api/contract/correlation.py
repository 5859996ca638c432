"""A request id in every response, problem and log line (X-Request-ID), and one log line for every request."""

import re
import time
import uuid
from contextvars import ContextVar

import structlog
from django.http import HttpRequest, HttpResponse

from contract.types import Handler

HEADER = "X-Request-ID"
ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,128}")

request_id: ContextVar[str] = ContextVar("request_id", default="")
logger = structlog.get_logger("contract.requests")


class CorrelationMiddleware:
    """Takes the caller's request id when it is well-formed, makes one otherwise, and logs the outcome."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        identifier = request.headers.get(HEADER, "")
        if not ACCEPTABLE.fullmatch(identifier):
            identifier = uuid.uuid4().hex
        request_id.set(identifier)
        bound = structlog.contextvars.bind_contextvars(request_id=identifier)
        try:
            started = time.perf_counter()
            response = self.get_response(request)
            _log(request, response, time.perf_counter() - started)
        finally:
            structlog.contextvars.reset_contextvars(**bound)
        response[HEADER] = identifier
        return response


def _log(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    if request.path_info in ("/livez", "/readyz") and response.status_code < 400:
        return
    # The query string stays out: cursors and filters can hold personal data.
    logger.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        duration_ms=round(seconds * 1000, 1),
        principal=getattr(request, "principal_label", None),
    )

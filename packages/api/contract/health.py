"""`/livez` and `/readyz`, answered before Host checks because the kubelet calls pods by their address."""

import structlog
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from contract import metrics
from contract.logs import first_line
from contract.types import Handler

logger = structlog.get_logger("contract.health")


class HealthMiddleware:
    """Liveness touches nothing but this process; readiness asks the database."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match request.path_info.rstrip("/"):
            case "/livez":
                return JsonResponse({"status": "ok"})
            case "/readyz":
                return readiness()
        return self.get_response(request)


def readiness() -> HttpResponse:
    """200 when the database answers, else 503, so that no traffic is routed here until it does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        metrics.count(metrics.DATABASE_UNREACHABLE)
        logger.warning("database unreachable", error=type(error).__name__, reason=first_line(error))
        connection.close()
        return JsonResponse({"status": "unavailable", "reason": "The database does not answer."}, status=503)
    return JsonResponse({"status": "ok"})

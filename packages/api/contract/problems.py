"""Problem documents (RFC 9457): the one shape of every 4xx and 5xx answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.core.signals import got_request_exception
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.fields import get_error_detail
from rest_framework.response import Response

from contract import constraints, correlation
from contract.logs import first_line

MEDIA_TYPE = "application/problem+json"
# Whoever makes more mistakes at once mends these first.
MAX_ERRORS = 100
logger = structlog.get_logger("contract.problems")


class Problem(exceptions.APIException):
    """A refusal. Subclasses stand beside their rule and say its `status_code`, `code`, `title` and default detail.

    `errors` holds rows of `{pointer | parameter, code, detail}`; other keywords become members of the document.
    """

    status_code = 400
    code = "bad-request"
    title = "The request is not valid"
    default_detail = "The request can't be understood as it is; see the API reference."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail or self.default_detail, self.code)
        self.errors = errors
        self.headers = dict(headers or {})
        self.members = members


class MalformedRequest(Problem):
    code = "malformed-request"
    title = "The body can't be read"


class InvalidQuery(Problem):
    code = "invalid-query"
    title = "A query parameter is not valid"
    default_detail = "Some query parameters are unknown, repeated or have a bad value; `errors` names them."

    def __init__(
        self, parameter: str, detail: str, code: str = "invalid", others: Sequence[dict[str, str]] = ()
    ) -> None:
        first = {"parameter": parameter, "code": code, "detail": detail}
        super().__init__(self.default_detail if others else detail, errors=[first, *others])


def gather(*reads: Callable[[], Any]) -> list[Any]:
    """What each read returns. Raises one `InvalidQuery` that names every parameter which a read refuses, once."""
    values, refused = [], dict[str, dict[str, str]]()
    for read in reads:
        try:
            values.append(read())
        except InvalidQuery as refusal:
            for row in refusal.errors or ():
                refused.setdefault(row["parameter"], row)
    if refused:
        first, *others = islice(refused.values(), MAX_ERRORS)
        raise InvalidQuery(**first, others=others)
    return values


class BodyTooLarge(Problem):
    status_code = 413
    code = "body-too-large"
    title = "The body is too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body may have at most {limit} bytes; send less.", limit=limit)


class InUse(Problem):
    status_code = 409
    code = "in-use"
    title = "Other rows refer to this one"
    default_detail = "It can't be deleted while other rows refer to it; archive it instead."


class Unavailable(Problem):
    status_code = 503
    code = "unavailable"
    title = "A service behind this endpoint does not answer"
    default_detail = "Try again in a few seconds; nothing was changed."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


# What frameworks raise, as (status, code, title).
TITLES = {
    400: ("bad-request", "The request is not valid"),
    401: ("not-authenticated", "Credentials are missing or not valid"),
    403: ("forbidden", "This principal may not do this"),
    404: ("not-found", "There is nothing here"),
    405: ("method-not-allowed", "This method is not served here"),
    409: ("conflict", "The request conflicts with the present state"),
    413: ("body-too-large", "The body is too large"),
    415: ("unsupported-media-type", "The body's media type is not supported"),
    429: ("rate-limited", "Too many requests"),
    500: ("server-error", "The service failed"),
    503: ("unavailable", "A service behind this endpoint does not answer"),
}
DETAILS = {
    404: "No resource of yours has this address.",
    500: "The request failed on our side and changed nothing; the logs hold the reason under this request id.",
}


def document(status: int, code: str, title: str, detail: str, instance: str, **members: Any) -> dict[str, Any]:
    """The members that every problem has, in a fixed order, then its own."""
    return {
        "type": f"{settings.PUBLIC_URL}/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "request_id": correlation.request_id.get(),
        **members,
    }


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's hook: translate anything that a view raised into a problem, without losing a header."""
    problem = translate(error)
    request = context["request"]
    body = document(
        problem.status_code, problem.code, problem.title, str(problem.detail), request.path, **_members(problem)
    )
    if problem.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, Problem):
        logger.error("view failed", exc_info=error)
        got_request_exception.send(sender=None, request=getattr(request, "_request", request))
    headers = dict(problem.headers)
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    return Response(body, problem.status_code, headers=headers, content_type=MEDIA_TYPE)


def _members(problem: Problem) -> dict[str, Any]:
    return problem.members if problem.errors is None else {**problem.members, "errors": problem.errors}


def translate(error: Exception) -> Problem:
    """The problem that stands for an exception of Django, DRF or the database."""
    match error:
        case Problem():
            return error
        case exceptions.ValidationError():
            return _invalid(error)
        case ModelValidationError():
            return _invalid(exceptions.ValidationError(get_error_detail(error)))
        case RequestDataTooBig():
            return BodyTooLarge(settings.MAX_BODY_BYTES)
        case SuspiciousOperation():
            return Problem()
        case ProtectedError():
            return InUse()
        case IntegrityError():
            return _violation(error)
        case OperationalError() | InterfaceError():
            return Unavailable("The database does not answer; try again in a few seconds. Nothing was changed.")
        case Http404():
            return _plain(404, DETAILS[404])
        case PermissionDenied():
            return _plain(403, str(error) or "This principal may not do this.")
        case exceptions.APIException():
            return _plain(error.status_code, DETAILS.get(error.status_code, str(error.detail)))
    return _plain(500, DETAILS[500])


def _plain(status: int, detail: str) -> Problem:
    problem = Problem(detail)
    problem.status_code = status
    problem.code, problem.title = TITLES.get(status, TITLES[400])
    return problem


class Invalid(Problem):
    code = "validation-failed"
    title = "Some fields are not valid"
    default_detail = "Correct the fields named in `errors` and send the request again."


def _invalid(error: exceptions.ValidationError) -> Invalid:
    return Invalid(errors=list(islice(pointers(error.get_full_details()), MAX_ERRORS)))


def _violation(error: DatabaseError) -> Problem:
    constraint = constraints.violated(error)
    if constraint is None:
        return _plain(409, "Another request changed the same rows at the same moment; read them again and retry.")
    pointer, code, detail = constraint
    return Invalid(errors=[{"pointer": pointer, "code": code, "detail": detail}])


def pointers(details: Any, path: str = "#") -> Iterator[dict[str, str]]:
    """Flatten DRF's nested error details into rows with RFC 6901 pointers, row 0 included."""
    if isinstance(details, Mapping) and {"message", "code"} == set(details):
        yield {"pointer": path, "code": str(details["code"]).replace("_", "-"), "detail": str(details["message"])}
    elif isinstance(details, Mapping):
        for name, inner in details.items():
            yield from pointers(inner, path if name == "non_field_errors" else f"{path}/{_escaped(name)}")
    else:
        leaves = all(isinstance(item, Mapping) and {"message", "code"} == set(item) for item in details)
        for index, inner in enumerate(details):
            yield from pointers(inner, path if leaves else f"{path}/{index}")


def _escaped(name: Any) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def plain_response(request: HttpRequest, status: int, detail: str, code: str | None = None) -> HttpResponse:
    """A problem outside of DRF: unknown URLs, bad hosts, crashes, refusals of a middleware."""
    known_code, title = TITLES[status]
    body = document(status, code or known_code, title, detail, request.path)
    return HttpResponse(orjson.dumps(body), status=status, content_type=MEDIA_TYPE)


def refusal(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A declared problem outside of DRF."""
    body = document(problem.status_code, problem.code, problem.title, str(problem.detail), request.path)
    return HttpResponse(orjson.dumps(body), status=problem.status_code, content_type=MEDIA_TYPE)


def types(base: type[Problem] = Problem) -> dict[str, type[Problem]]:
    """Every declared kind of problem, by its code."""
    found = {base.code: base}
    for kind in base.__subclasses__():
        found |= types(kind)
    return found


def explain(request: HttpRequest, code: str) -> HttpResponse:
    """The page that a problem's `type` points to."""
    if kind := types().get(code):
        row = {"code": code, "title": kind.title, "status": kind.status_code, "detail": str(kind.default_detail)}
        return JsonResponse(row)
    for status, (known, title) in TITLES.items():
        if known == code:
            return JsonResponse({"code": code, "title": title, "status": status, "detail": DETAILS.get(status, title)})
    return not_found(request, Http404())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return plain_response(request, 413, f"The body may have at most {settings.MAX_BODY_BYTES} bytes; send less.")
    # The client's fault has no traceback worth reading, and is as long as the client likes.
    logger.warning("request refused", error=type(exception).__name__, reason=first_line(exception)[:200])
    return plain_response(request, 400, "The request can't be understood: check its Host header, path and encoding.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain_response(request, 403, "This principal may not do this.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain_response(request, 404, "No endpoint has this address; the API reference lists them all.")


def server_error(request: HttpRequest) -> HttpResponse:
    logger.error("request failed", exc_info=True)  # noqa: LOG014  (Django calls this while it handles the error)
    return plain_response(request, 500, DETAILS[500])


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return plain_response(request, 403, f"The CSRF check failed: {reason}", code="csrf-failed")

"""The base of every view: who, how often, whether, and once. A view below it only says what."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any, ClassVar, cast

from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contract import filtering, idempotency, problems, tenancy, throttling
from contract.authentication import InvalidCredentials
from contract.memberships import Membership
from contract.permissions import IsIdentified

View = Callable[..., Response]
SERVER_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR


class Endpoint(APIView):
    """One request through the contract.

    `tenancy` is `tenant`, `owner` or `public`; `scopes` names the right that machines need (`customers` for
    `customers:read|write`); `idempotency` is `required`, `optional` or `none`; `throttle_scope` names a bucket of
    its own; `query_parameters` lists what the endpoint reads from the URL; `atomic` is False where a refusal itself
    leaves a trace (a failed sign-in), so that its service opens the transactions.
    """

    tenancy: ClassVar[str] = "tenant"
    scopes: ClassVar[str | None] = None
    idempotency: ClassVar[str] = "optional"
    throttle_scope: ClassVar[str | None] = None
    max_body_bytes: ClassVar[int] = settings.MAX_BODY_BYTES
    query_parameters: ClassVar[Sequence[str]] = ()
    atomic: ClassVar[bool] = True
    format_kwarg = None
    membership: Membership

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """DRF's dispatch, with the write and its recorded answer in one transaction."""
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        response: HttpResponseBase
        try:
            self.initial(self.request, *args, **kwargs)
            response = self.execute(self.request)
        except Exception as error:
            response = self.answer(self.handle_exception(error))
        self.publish_limit(response)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Everything that is decided before the body is read."""
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.perform_authentication(request)
        self.check_throttles(request)
        self.check_permissions(request)
        self.check_method(request)
        self.check_query(request)

    def perform_authentication(self, request: Request) -> None:
        """A failed authentication counts against the address, so that keys can't be guessed at leisure."""
        try:
            super().perform_authentication(request)
        except (AuthenticationFailed, InvalidCredentials):
            address = throttling.client_address(request._request)
            throttling.charge(request._request, throttling.bucket("anon", address))
            raise

    def check_permissions(self, request: Request) -> None:
        """OPTIONS tells methods and no more, so whoever is identified may ask, with any scopes and organizations."""
        if request.method != "OPTIONS":
            super().check_permissions(request)
        elif IsIdentified in self.permission_classes:
            IsIdentified().has_permission(request, self)

    def check_method(self, request: Request) -> None:
        """A method that is not served is refused before its parameters and its key are looked at."""
        method = (request.method or "").lower()
        if method not in self.http_method_names or not hasattr(self, method):
            raise MethodNotAllowed(method.upper())

    def check_query(self, request: Request) -> None:
        filtering.check_parameters(request.query_params, self.allowed_parameters())

    def allowed_parameters(self) -> Sequence[str]:
        return self.query_parameters

    def idempotency_policy(self) -> str:
        """`required`, `optional` or `none`, for this request."""
        return self.idempotency

    def execute(self, request: Request) -> HttpResponseBase:
        """Run the handler: a read as it is, a write in a transaction, a write with a key once."""
        if request.method in SAFE_METHODS:
            return self.answer(self.handle())
        tenancy.apply_scope()
        key = idempotency.read_key(request, self.idempotency_policy())
        if key is None:
            with transaction.atomic() if self.atomic else nullcontext():
                return self.answer(self.handle())
        return self.at_once(request, key) or idempotency.run(request, key, self.handle_once)

    def at_once(self, request: Request, key: str) -> HttpResponse | None:
        """The answer of a write that one statement can do and keep, None where it takes more."""
        return None

    def handle(self) -> Response:
        handler: View = getattr(self, (self.request.method or "").lower())
        return handler(self.request, *self.args, **self.kwargs)

    def handle_once(self) -> HttpResponse:
        """The view's answer; its refusals are raised as such, and a failure of ours as it is."""
        try:
            return self.answer(self.handle())
        except Exception as error:
            # A lost race in the database is not the view's own refusal: a retry may well succeed.
            if isinstance(error, DatabaseError) or problems.translate(error).status_code >= SERVER_ERROR:
                raise
            raise idempotency.Refused(self.answer(self.handle_exception(error))) from error

    def answer(self, response: HttpResponse) -> HttpResponse:
        """The response with its headers and its bytes, so that it can be recorded."""
        final = self.finalize_response(self.request, cast(Response, response), *self.args, **self.kwargs)
        return cast(HttpResponse, final.render() if isinstance(final, Response) else final)

    def publish_limit(self, response: HttpResponseBase) -> None:
        if reading := getattr(self.request._request, "rate_limit", None):
            for name, value in throttling.headers(reading).items():
                response.headers[name] = value

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """The methods, in the Allow header, and nothing else."""
        return Response(status=HTTPStatus.NO_CONTENT)

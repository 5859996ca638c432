from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.authentication import services
from apps.authentication.serializers import LoginSerializer, LogoutSerializer, RefreshSerializer, SignInSerializer
from contract import throttling
from contract.authentication import OptionalDispatcher, Principal
from contract.endpoints import Endpoint


class TokenEndpoint(Endpoint):
    """An endpoint that answers with tokens: open to strangers, counted by address, never kept."""

    authentication_classes = []
    permission_classes = [AllowAny]
    tenancy = "public"
    idempotency = "none"
    atomic = False
    throttle_scope = "auth-address"


class LoginView(TokenEndpoint):
    @extend_schema(operation_id="auth_login", request=LoginSerializer, responses=SignInSerializer)
    def post(self, request: Request) -> Response:
        """Sign in with an e-mail address or a username, and a password."""
        serializer = LoginSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        identifier = serializer.validated_data["identifier"]
        throttling.charge(request._request, throttling.bucket("auth", identifier.strip().lower()))
        pair = services.log_in(**serializer.validated_data)
        return Response(SignInSerializer(pair).data)


class RefreshView(TokenEndpoint):
    @extend_schema(operation_id="auth_refresh", request=RefreshSerializer, responses=SignInSerializer)
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for a new pair; the old one is spent."""
        serializer = RefreshSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        pair = services.refresh(token=serializer.validated_data["refresh"])
        return Response(SignInSerializer(pair).data)


class LogoutView(TokenEndpoint):
    authentication_classes = [OptionalDispatcher]

    @extend_schema(operation_id="auth_logout", request=LogoutSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """End the session that a refresh token, or the credential of this request, belongs to."""
        serializer = LogoutSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        principal = request.auth if isinstance(request.auth, Principal) else None
        services.log_out(token=serializer.validated_data.get("refresh"), principal=principal)
        return Response(status=status.HTTP_204_NO_CONTENT)

"""Client certificates: who may speak to this process at all, asked for in the handshake and judged here."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from contract.problems import Problem, refusal
from contract.types import Handler

# As `ssl.SSLSocket.getpeercert` returns it; gunicorn verified it in the handshake, or there is none.
Certificate = Mapping[str, Any]


class ClientCertificateRequired(Problem):
    status_code = 403
    code = "client-certificate-required"
    title = "The connection shows no certificate that is allowed here"
    default_detail = "Connect with a client certificate that this service's authority has issued to an allowed name."


class CertificateMiddleware:
    """Stands behind the probes, because a kubelet can show no certificate, and before everything else."""

    def __init__(self, get_response: Handler) -> None:
        if settings.TLS_CLIENT_AUTH == "none":
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.is_required = settings.TLS_CLIENT_AUTH == "require"
        self.allowed = {name.lower() for name in settings.TLS_CLIENT_NAMES}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request) if self.admits(certificate_of(request)) else refuse(request)

    def admits(self, certificate: Certificate | None) -> bool:
        if not certificate:
            return not self.is_required
        return not self.allowed or not self.allowed.isdisjoint(names(certificate))


def certificate_of(request: HttpRequest) -> Certificate | None:
    """The certificate that the client showed on this connection; never what a header claims."""
    connection: Any = request.META.get("gunicorn.socket")
    return connection.getpeercert() if hasattr(connection, "getpeercert") else None


def names(certificate: Certificate) -> set[str]:
    """The DNS names and the common names of a certificate, in small letters."""
    alternatives = {value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"}
    subject = (pair for part in certificate.get("subject", ()) for pair in part)
    return {name.lower() for name in alternatives | {value for kind, value in subject if kind == "commonName"}}


def refuse(request: HttpRequest) -> HttpResponse:
    return refusal(request, ClientCertificateRequired())

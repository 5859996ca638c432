"""Security headers on every answer, and no caching of anything behind a credential."""

from django.http import HttpRequest, HttpResponse

from contract.types import Handler

STRICT_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HEADERS = {
    "Content-Security-Policy": STRICT_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}


class HeadersMiddleware:
    """Sets what a view did not set itself (the docs pages carry a policy of their own)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path_info.startswith(("/api/v", "/admin/")):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

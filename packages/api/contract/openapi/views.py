"""The schema as JSON or YAML, and two pages that show it with assets of our own."""

import secrets
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpResponse
from django.template import Context, Engine
from django.templatetags.static import static
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from contract.endpoints import Endpoint
from contract.problems import InvalidQuery

PAGES = Path(__file__).parent / "pages"
FORMATS = {
    "json": (OpenApiJsonRenderer, "application/vnd.oai.openapi+json"),
    "yaml": (OpenApiYamlRenderer, "application/vnd.oai.openapi"),
}


class DocsEndpoint(Endpoint):
    """Open to everyone, and no part of the schema."""

    schema = None
    authentication_classes = []
    permission_classes = [AllowAny]
    tenancy = "public"
    idempotency = "none"
    atomic = False
    http_method_names = ["get", "head", "options"]


class SchemaView(DocsEndpoint):
    """The OpenAPI document; JSON unless `format` or Accept ask for YAML."""

    query_parameters = ("format",)

    def get(self, request: Request) -> HttpResponse:
        name = request.query_params.get("format") or ("yaml" if prefers_yaml(request) else "json")
        if name not in FORMATS:
            raise InvalidQuery("format", f"The schema comes as {' or '.join(FORMATS)}.")
        return HttpResponse(
            rendered(name),
            content_type=FORMATS[name][1],
            headers={"Content-Disposition": f'inline; filename="openapi.{name}"', "Vary": "Accept"},
        )


def prefers_yaml(request: Request) -> bool:
    accepted = request.headers.get("Accept", "")
    return "yaml" in accepted or accepted.strip() == FORMATS["yaml"][1]


@cache
def rendered(name: str) -> bytes:
    """The document never changes while the process runs, and takes a second to make."""
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    body = FORMATS[name][0]().render(document, renderer_context={})
    return body.encode() if isinstance(body, str) else body


class PageView(DocsEndpoint):
    """A page that loads only what this host serves, and runs only the scripts that the page names."""

    template: ClassVar[str]
    assets: ClassVar[dict[str, str]]
    # Hashes of the style elements that the page's script makes without a nonce.
    style_hashes: ClassVar[tuple[str, ...]] = ()

    def get(self, request: Request) -> HttpResponse:
        nonce = secrets.token_urlsafe(16)
        assets = {name: static(f"drf_spectacular_sidecar/{path}") for name, path in self.assets.items()}
        context = {"nonce": nonce, "title": settings.CONTRACT["API_TITLE"], "schema": reverse("schema"), **assets}
        page = _engine().get_template(self.template).render(Context(context))
        headers = {"Content-Security-Policy": policy(nonce, self.style_hashes), "Cache-Control": "no-store"}
        return HttpResponse(page, headers=headers)


class RedocView(PageView):
    template = "redoc.html"
    style_hashes = (
        "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
        "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
    )
    assets = {"script": "redoc/bundles/redoc.standalone.js", "icon": "swagger-ui-dist/favicon-32x32.png"}


class SwaggerView(PageView):
    template = "swagger.html"
    assets = {
        "script": "swagger-ui-dist/swagger-ui-bundle.js",
        "style": "swagger-ui-dist/swagger-ui.css",
        "icon": "swagger-ui-dist/favicon-32x32.png",
    }


def policy(nonce: str, style_hashes: tuple[str, ...]) -> str:
    """ReDoc searches in a worker made of a blob, and both draw with `data:` images."""
    rules = {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}'",
        "style-src": " ".join(("'self'", f"'nonce-{nonce}'", *style_hashes)),
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "blob:",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


@cache
def _engine() -> Any:
    return Engine(dirs=[str(PAGES)])

"""One URL tree: slash forms and unversioned aliases are rewritten before routing, never redirected."""

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver, include, path
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from contract.types import Handler

Route = URLPattern | URLResolver
CURRENT_VERSION = "v1"
UNVERSIONED = re.compile(r"^/(api|admin)/(?!v\d+/|schema/|docs/)")
DOCS_ALIAS = re.compile(rf"^/(api|admin)/{CURRENT_VERSION}/(schema|docs)/")

LIST_ACTIONS = {"get": "list", "post": "create"}
DETAIL_ACTIONS = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}


class RoutingMiddleware:
    """`/api/x` is `/api/v1/x/`, for every method; the schema documents the slash form of the version."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(("/api/", "/admin/")):
            request.path_info = canonical(request.path_info)
        return self.get_response(request)


def canonical(path_info: str) -> str:
    """The one path that names the resource: versioned, with a trailing slash."""
    if not path_info.endswith("/"):
        path_info += "/"
    path_info = DOCS_ALIAS.sub(r"/\1/\2/", path_info)
    return UNVERSIONED.sub(rf"/\1/{CURRENT_VERSION}/", path_info)


def resource(prefix: str, view: type[GenericViewSet]) -> URLResolver:  # type: ignore[type-arg]
    """The list and detail routes of a resource, named `<prefix>-list` and `<prefix>-detail`."""
    name = prefix.replace("/", "-")
    patterns = [
        path("", view.as_view(_bound(view, LIST_ACTIONS)), name=f"{name}-list"),
        path("<str:id>/", view.as_view(_bound(view, DETAIL_ACTIONS)), name=f"{name}-detail"),
    ]
    return path(f"{prefix}/", include(patterns))


def nested(prefix: str, view: type[GenericViewSet]) -> URLPattern:  # type: ignore[type-arg]
    """The list of a resource below its parent: `customers/<parent_id>/invoices` for `customers/invoices`."""
    parent, _, child = prefix.partition("/")
    return path(
        f"{parent}/<str:parent_id>/{child}/", view.as_view(_bound(view, LIST_ACTIONS)), name=f"{parent}-{child}"
    )


def command(prefix: str, view: type[APIView]) -> URLPattern:
    """A command on one row: `invoices/<id>/pay` for `invoices/pay`."""
    parent, _, verb = prefix.partition("/")
    return path(f"{parent}/<str:id>/{verb}/", view.as_view(), name=f"{parent}-{verb}")


def _bound(view: type[GenericViewSet], actions: dict[str, str]) -> dict[str, Any]:  # type: ignore[type-arg]
    allowed = view.http_method_names
    return {method: action for method, action in actions.items() if method in allowed and hasattr(view, action)}


def collect(domains: Sequence[str], name: str) -> list[Route]:
    """The routes (`routes` or `admin_routes`) that each domain's `urls.py` declares, in the domains' order."""
    routes: list[Route] = []
    for domain in domains:
        if find_spec(f"{domain}.urls"):
            routes += getattr(import_module(f"{domain}.urls"), name, [])
    return routes


def lists(below: URLResolver | None = None, prefix: str = "/") -> Iterator[tuple[str, type[GenericViewSet]]]:  # type: ignore[type-arg]
    """(path, view) of every resource's list, nested ones included."""
    for route in (below or get_resolver()).url_patterns:
        address = f"{prefix}{route.pattern}"
        if isinstance(route, URLResolver):
            yield from lists(route, address)
        elif "list" in getattr(route.callback, "actions", {}).values():
            yield address, cast(Any, route.callback).cls

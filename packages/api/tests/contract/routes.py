"""Every route that the resolver knows under /api and /admin, with the resources among them."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.db.models import Model
from django.urls import URLResolver, get_resolver
from rest_framework.test import APIClient

from conftest import Member
from contract.resources import Resource


@dataclass(frozen=True)
class Route:
    """One URL pattern: its path with `{id}` placeholders, and the view behind it."""

    path: str
    view: Any
    methods: frozenset[str]

    @property
    def is_resource(self) -> bool:
        return issubclass(self.view, Resource)

    @property
    def is_list(self) -> bool:
        return self.is_resource and "{" not in self.path

    @property
    def is_nested(self) -> bool:
        return self.is_resource and "{parent_id}" in self.path

    def at(self, identifier: object = "missing") -> str:
        return self.path.replace("{id}", str(identifier)).replace("{parent_id}", str(identifier))


def walk(resolver: URLResolver, prefix: str = "/") -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern).replace("<str:id>", "{id}").replace("<str:parent_id>", "{parent_id}")
        if isinstance(pattern, URLResolver):
            yield from walk(pattern, path)
        elif path.startswith(("/api/v", "/admin/v")):
            view = getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)
            actions = getattr(pattern.callback, "actions", None)
            names = actions or [name for name in view.http_method_names if hasattr(view, name)]
            yield Route(path, view, frozenset(name.upper() for name in names) - {"OPTIONS", "HEAD"})


def all_routes() -> list[Route]:
    return list(walk(get_resolver()))


LISTS = [route for route in all_routes() if route.is_list]
DETAILS = [route for route in all_routes() if route.is_resource and not route.is_list and not route.is_nested]
NESTED = [route for route in all_routes() if route.is_nested]
WALLED = [route for route in LISTS if route.view.tenancy in ("tenant", "owner")]
CREATABLE = [route for route in LISTS if "POST" in route.methods]


def name(route: Route) -> str:
    return route.path


def model_of(route: Route) -> type[Model]:
    return route.view.queryset.model  # type: ignore[no-any-return]


def factory_of(route: Route) -> Any:
    model = model_of(route)
    package = model.__module__.removesuffix(".models").split(".models.")[0]
    return getattr(import_module(f"{package}.tests.factories"), f"{model.__name__}Factory")


def make(route: Route, member: Member, count: int = 1, **fields: Any) -> list[Any]:
    """Rows that this member may see."""
    if route.view.tenancy == "owner":
        fields.setdefault(route.view.owner_field, member.user)
    with member.rows():
        return list(factory_of(route).create_batch(count, **fields))


def body(route: Route, member: Member) -> dict[str, Any]:
    """A body that creates one more row: the factory's own, or a built row without its read-only fields."""
    if request_body := getattr(factory_of(route), "request_body", None):
        with member.rows():
            return request_body()  # type: ignore[no-any-return]
    fields = {route.view.owner_field: member.user} if route.view.tenancy == "owner" else {}
    with member.rows():
        row = factory_of(route).build(**fields)
        data = route.view.serializer_class(row).data
    writable = [each for each, field in route.view.serializer_class().fields.items() if not field.read_only]
    return {each: data[each] for each in writable}


def input_fields(route: Route) -> dict[str, Any]:
    """The writable fields of the body that creates a row."""
    serializer = route.view.input_serializers.get("create", route.view.serializer_class)()
    return {field_name: field for field_name, field in serializer.fields.items() if not field.read_only}


def create(client: APIClient, route: Route, sent: dict[str, Any], **headers: str) -> Any:
    """POST, with a fresh key where the resource requires one."""
    return client.post(route.path, sent, **{"HTTP_IDEMPOTENCY_KEY": uuid.uuid4().hex, **headers})


def walk_pages(client: APIClient, path: str, **query: Any) -> list[list[dict[str, Any]]]:
    """All pages from the first to `next: null`."""
    pages = []
    cursor: dict[str, str] = {}
    while True:
        response = client.get(path, {**query, **cursor})
        assert response.status_code == 200, response.content
        pages.append(response.json()["data"])
        if response.json()["meta"]["next"] is None:
            return pages
        cursor = {"cursor": response.json()["meta"]["next"]}

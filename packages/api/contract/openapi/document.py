"""The last pass over the document: shared components, tags, closed bodies, examples."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings

from contract.openapi import components, examples, links, security, traits, wording
from contract.openapi.components import Schema

PREFIX = "#/components/"


def complete(result: Schema, generator: Any, request: Any, public: bool) -> Schema:
    """drf-spectacular's hook."""
    shared = components.build(settings.PUBLIC_URL)
    for kind, named in shared.items():
        result["components"].setdefault(kind, {}).update(named)
    result["components"]["securitySchemes"] = security.SCHEMES
    result["tags"] = tags(result)
    close_bodies(result)
    bound_answers(result)
    for operation in operations(result):
        examples.illustrate(operation, result["components"])
    links.connect(result["paths"], result["components"])
    prune(result)
    return result


def operations(result: Schema) -> Iterator[Schema]:
    for item in result["paths"].values():
        yield from item.values()


def tags(result: Schema) -> list[Schema]:
    """One for each domain that has an operation, in the order of the domains."""
    used = {tag for operation in operations(result) for tag in operation["tags"]}
    return [
        {"name": str(config.verbose_name), "description": wording.domain_description(config)}
        for config in apps.get_app_configs()
        if str(config.verbose_name) in used
    ]


def close_bodies(result: Schema) -> None:
    """Unknown fields of a body are refused; those of an answer may be added any day."""
    bodies = [operation["requestBody"] for operation in operations(result) if "requestBody" in operation]
    for schema in reached(bodies, result["components"]):
        if schema.get("type") == "object" and "properties" in schema:
            schema["additionalProperties"] = False


def bound_answers(result: Schema) -> None:
    bodies = [operation["requestBody"] for operation in operations(result) if "requestBody" in operation]
    closed = {id(schema) for schema in reached(bodies, result["components"])}
    answers = [operation["responses"] for operation in operations(result)]
    for schema in reached(answers, result["components"]):
        if id(schema) not in closed:
            traits.open_bounds(schema)


def reached(node: Any, shared: Schema, seen: set[str] | None = None) -> Iterator[Schema]:
    """Every object below a node, references followed once."""
    seen = set() if seen is None else seen
    if isinstance(node, list):
        for item in node:
            yield from reached(item, shared, seen)
    elif isinstance(node, dict):
        yield node
        for name, inner in node.items():
            if name == "$ref":
                if inner not in seen:
                    seen.add(inner)
                    yield from reached(target(inner, shared), shared, seen)
            elif name not in ("example", "examples", "default", "enum"):
                yield from reached(inner, shared, seen)


def target(reference: str, shared: Schema) -> Any:
    kind, _, name = reference.removeprefix(PREFIX).partition("/")
    return shared[kind][name]


def prune(result: Schema) -> None:
    """Leave out what no operation refers to."""
    used: set[str] = set()
    for _ in reached(result["paths"], result["components"], used):
        pass
    for kind, named in result["components"].items():
        for name in list(named):
            if kind != "securitySchemes" and f"{PREFIX}{kind}/{name}" not in used:
                del named[name]

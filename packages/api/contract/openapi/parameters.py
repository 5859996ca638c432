"""What an operation reads from its path, its query and its headers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import Direction

from contract import filtering
from contract.commands import Command
from contract.filtering import MAX_IN_LENGTH, MAX_IN_VALUES, MAX_SEARCH_LENGTH, MAX_SORT_KEYS, Declaration
from contract.idempotency import METHODS
from contract.openapi import traits
from contract.openapi.components import Schema, parameter, ref, text
from contract.resources import Resource

if TYPE_CHECKING:
    from contract.openapi.schema import ContractSchema

REQUEST: Direction = "request"
OPERATORS = {
    "exact": "is this value",
    "gt": "is greater than this value",
    "gte": "is this value or greater",
    "lt": "is less than this value",
    "lte": "is this value or less",
    "in": f"is one of these values, at most {MAX_IN_VALUES}, parted by commas",
}


def of(schema: ContractSchema) -> Iterator[Schema]:
    """Everything but the path's parameters, shared ones by reference."""
    view, method = schema.view, schema.method
    if schema.is_list:
        yield from of_list(schema, view)
    if view.tenancy == "tenant":
        yield ref("parameters", "Organization")
    policy = view.idempotency_policy()
    if method in METHODS and policy != "none":
        yield ref("parameters", "RequiredIdempotencyKey" if policy == "required" else "IdempotencyKey")
    if schema.is_single and method == "GET":
        yield ref("parameters", "IfNoneMatch")
    elif schema.is_single:
        yield ref("parameters", "IfMatch")


def of_list(schema: ContractSchema, view: Resource[Any]) -> Iterator[Schema]:
    declaration = view.declaration
    yield ref("parameters", "Cursor")
    yield ref("parameters", "Limit")
    yield sort(declaration, view.default_sort)
    if declaration.search_fields:
        yield search(declaration)
    for name, (field, operator) in declaration.filter_parameters.items():
        yield filter_parameter(schema, declaration, name, field, operator)


def sort(declaration: Declaration, default: str) -> Schema:
    """A pattern that admits one to three different fields, and a sentence that lists them."""
    names = list(declaration.sort_fields)
    one = f"-?(?:{'|'.join(names)})"
    others = f"(?:,{one}){{0,{min(len(names), MAX_SORT_KEYS) - 1}}}"
    twice = "".join(rf"(?!.*\b{name}\b.*\b{name}\b)" for name in names) if len(names) > 1 else ""
    longest = sum(sorted(len(name) + 2 for name in names)[-MAX_SORT_KEYS:])
    listed = ", ".join(f"`{name}`" for name in names)
    return parameter(
        "query",
        "sort",
        f"One to {MAX_SORT_KEYS} different fields of {listed}, parted by commas; `-` in front of a field turns its "
        f"order around. `{default}` by default.",
        text(rf"^{twice}{one}{others}$", longest),
        example=default,
    )


def search(declaration: Declaration) -> Schema:
    listed = " or ".join(declaration.search_fields)
    return parameter(
        "query",
        "q",
        f"Text that stands in {listed}, whatever its case.",
        text(traits.WITHOUT_NUL, MAX_SEARCH_LENGTH, minLength=1),
        example="ada",
    )


def filter_parameter(schema: ContractSchema, declaration: Declaration, name: str, field: str, operator: str) -> Schema:
    description = f"Only rows whose `{field}` {OPERATORS[operator]}."
    values = value_schema(schema, declaration, field)
    if operator != "in":
        return parameter("query", name, description, values)
    if values.get("pattern") == traits.WITHOUT_NUL:
        # An array says nothing of the values' length together, which a request line bounds.
        one = f"[^\\u0000,]{{1,{values.get('maxLength', MAX_IN_LENGTH)}}}"
        pattern = f"^{one}(?:,{one}){{0,{MAX_IN_VALUES - 1}}}$"
        return parameter("query", name, description, text(pattern, MAX_IN_LENGTH))
    listed = {"type": "array", "minItems": 1, "maxItems": MAX_IN_VALUES, "items": values}
    return parameter("query", name, description, listed, style="form", explode=False)


def value_schema(schema: ContractSchema, declaration: Declaration, field: str) -> Schema:
    """What one value of a filter looks like: what its parser takes, other spellings included."""
    parser = filtering.parser(declaration.model, field)
    values = schema.map_field(parser, REQUEST, declaration.model._meta.get_field(field))
    if "enum" in values:
        values["enum"] = [*values["enum"], *declaration.filter_values.get(field, {})]
    elif traits.is_text(parser):
        values["minLength"] = 1
    return values


def path_columns(view: Any, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The primary keys that the path's parameters name."""
    resource = view.resource if isinstance(view, Command) else view
    model = getattr(getattr(resource, "queryset", None), "model", None)
    for name in names:
        if model is not None and name == getattr(view, "parent_url_kwarg", None):
            yield name, model._meta.get_field(resource.parent_field).related_model._meta.pk
        else:
            yield name, model._meta.pk if model is not None else None

"""Bounds of a field that serializers don't state but the service keeps: by column, and by the strict fields."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from rest_framework import serializers

from contract.fields import PrefixedIdField
from contract.openapi.components import ANY_TEXT, MAX_INT32, MAX_INT64, UNBOUNDED, Schema
from contract.serializers import TEXT_PATTERN, StrictCharField

# JSON and ECMA 262 know \u0000, not \x00.
PRINTABLE = TEXT_PATTERN.replace(r"\x", r"\u00")
WITHOUT_NUL = r"^[^\u0000]*$"
LENGTHS = {"uuid": 36, "date-time": 35, "date": 10, "time": 21, "uri": 2000}
RANGES: dict[type[Any], tuple[int, int]] = {
    models.PositiveBigIntegerField: (0, MAX_INT64),
    models.PositiveSmallIntegerField: (0, 32767),
    models.PositiveIntegerField: (0, MAX_INT32),
    models.SmallIntegerField: (-32768, 32767),
    models.BigIntegerField: (-MAX_INT64 - 1, MAX_INT64),
    models.IntegerField: (-MAX_INT32 - 1, MAX_INT32),
}


def complete(field: Any, schema: Schema, column: Any = None) -> None:
    """Say what is known about a field's values. `column` is where they are stored."""
    column = _target(column) or column_of(field)
    # Written for a pass that would turn enums into components.
    schema.pop("x-spec-enum-id", None)
    match schema.get("type"):
        case "string" if "enum" not in schema:
            _complete_string(field, schema, column)
        case "integer":
            _complete_integer(schema, column)
        case "array" if isinstance(schema.get("items"), dict):
            _complete_array(field, schema, column)


def column_of(field: Any) -> Any:
    """The column behind a serializer's field, through foreign keys; None where there is none."""
    model = getattr(getattr(getattr(field, "parent", None), "Meta", None), "model", None)
    if model is None:
        return None
    try:
        return _target(model._meta.get_field(field.source))
    except FieldDoesNotExist:
        return None


def _target(column: Any) -> Any:
    return column.target_field if getattr(column, "is_relation", False) and column.concrete else column


def _complete_string(field: Any, schema: Schema, column: Any) -> None:
    if isinstance(column, PrefixedIdField):
        example = f"{column.prefix}_0123456789abcdefghijkl"
        schema.update(pattern=column.pattern, maxLength=column.max_length, example=example)
    if isinstance(column, models.UUIDField):
        schema["format"] = "uuid"
    if "format" in schema:
        length = getattr(field, "max_digits", None)
        schema.setdefault("maxLength", length + 3 if length else LENGTHS.get(schema["format"], 2000))
    elif "pattern" not in schema:
        schema["pattern"] = PRINTABLE if isinstance(field, StrictCharField) else WITHOUT_NUL
    if column is not None and column.max_length:
        schema.setdefault("maxLength", column.max_length)


def _complete_integer(schema: Schema, column: Any) -> None:
    low, high = next((bounds for kind, bounds in RANGES.items() if isinstance(column, kind)), (None, None))
    for name, bound, tighter in (("minimum", low, max), ("maximum", high, min)):
        if bound is not None:
            schema[name] = tighter(schema.get(name, bound), bound)
    is_small = schema.get("minimum", -MAX_INT64) >= -MAX_INT32 - 1 and schema.get("maximum", MAX_INT64) <= MAX_INT32
    schema["format"] = "int32" if is_small else "int64"


def _complete_array(field: Any, schema: Schema, column: Any) -> None:
    complete(getattr(field, "child_relation", None) or getattr(field, "child", None), schema["items"], column)
    limit = getattr(field, "max_length", None)
    if limit:
        schema.setdefault("maxItems", limit)
    if least := getattr(field, "min_length", None):
        schema.setdefault("minItems", least)


def open_bounds(schema: Schema) -> None:
    """For answers only: a client's generator wants a bound where the service has none."""
    match schema.get("type"):
        case "string" if "enum" not in schema:
            schema.setdefault("maxLength", UNBOUNDED)
            if "format" not in schema:
                schema.setdefault("pattern", ANY_TEXT)
        case "integer":
            schema.setdefault("format", "int64")
            schema.setdefault("minimum", -MAX_INT64 - 1)
            schema.setdefault("maximum", MAX_INT64)
        case "array":
            schema.setdefault("maxItems", UNBOUNDED)


def is_text(parser: Any) -> bool:
    """Whether a filter takes any text."""
    return isinstance(parser, serializers.CharField) and not isinstance(parser, serializers.RegexField)

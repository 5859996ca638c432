"""Columns: the fields of a serializer that are stored values, as SQL selects them and JSON shows them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import models
from django.db.models import F
from django.db.models.functions import Cast
from rest_framework import ISO_8601, serializers
from rest_framework.settings import api_settings

from contract.serializers import MetadataField, ResourceSerializer

# Column types whose value is the same in a bare row and on a model instance.
STORED = (
    models.CharField, models.TextField, models.IntegerField, models.FloatField, models.BooleanField, models.DateField,
    models.TimeField, models.UUIDField, models.DecimalField, models.DurationField, models.JSONField,
)  # fmt: skip
# What a serializer field does to these types of columns, the renderer does as well.
RENDERED: Mapping[Any, tuple[type[Any], ...]] = {
    serializers.CharField.to_representation: (models.CharField, models.TextField),
    serializers.ChoiceField.to_representation: (models.CharField, models.TextField),
    serializers.IntegerField.to_representation: (models.IntegerField,),
    serializers.FloatField.to_representation: (models.FloatField,),
    serializers.BooleanField.to_representation: (models.BooleanField,),
    serializers.DateField.to_representation: (models.DateField,),
    serializers.DateTimeField.to_representation: (models.DateTimeField,),
    serializers.UUIDField.to_representation: (models.UUIDField,),
    serializers.PrimaryKeyRelatedField.to_representation: STORED,
}
JSON = (serializers.JSONField.to_representation, MetadataField.to_representation)


class NotCompilable(Exception):
    """A declaration that the ORM and the serializer have to read; the text says why."""


@dataclass(frozen=True, slots=True)
class Column:
    """One member of the JSON object: what is selected for it, and what is left to do with its value."""

    name: str
    expression: Any
    represent: Callable[[Any], Any] | None


def columns(model: type[models.Model], serializer: Any) -> list[Column]:
    """The readable fields of a serializer. Raises `NotCompilable` when one is more than a column."""
    name = type(serializer).__name__
    if not isinstance(serializer, ResourceSerializer):
        raise NotCompilable(f"{name} is no ResourceSerializer")
    # Whatever asks who calls would be asked once, while there is no request.
    for hook in ("__init__", "get_fields", "to_representation"):
        if getattr(type(serializer), hook) is not getattr(ResourceSerializer, hook):
            raise NotCompilable(f"{name} has a `{hook}` of its own")
    fields = serializer.fields.items()
    return [_column(model, name, field) for name, field in fields if not field.write_only]


def _column(model: type[models.Model], name: str, field: Any) -> Column:
    stored = _stored(model, field)
    if stored is None:
        raise NotCompilable(f"`{name}` is computed, nested or not stored as it is shown")
    kind = target(stored)
    represent = type(field).to_representation
    if not represent.__module__.startswith(("rest_framework.", "contract.")):
        raise NotCompilable(f"`{name}` is shown in a way of its own")
    if isinstance(kind, models.JSONField):
        if represent not in JSON or field.binary or kind.decoder:
            raise NotCompilable(f"`{name}` is JSON with an encoding of its own")
        # As text, because the column's own converter would be slower than this one.
        return Column(name, Cast(F(stored.attname), models.TextField()), orjson.loads)
    is_rendered = isinstance(kind, RENDERED.get(represent, ())) and _has_default_format(field)
    return Column(name, stored.attname, None if is_rendered else field.to_representation)


def _stored(model: type[models.Model], field: Any) -> Any:
    """The column that holds exactly what the field shows, None when there is none."""
    source = model._meta.pk.name if field.source == "pk" and model._meta.pk else field.source
    is_reference = isinstance(field, serializers.PrimaryKeyRelatedField)
    if not is_reference and type(field).get_attribute is not serializers.Field.get_attribute:
        return None
    for column in model._meta.concrete_fields:
        named = column.name if is_reference or not column.is_relation else column.attname
        if source == named and isinstance(target(column), STORED):
            return column if getattr(field, "pk_field", None) is None else None
    return None


def target(column: Any) -> Any:
    """The column itself, or the one that a foreign key's values come from."""
    while column.is_relation:
        column = column.target_field
    return column


def _has_default_format(field: Any) -> bool:
    if isinstance(field, serializers.DateTimeField):
        return getattr(field, "format", api_settings.DATETIME_FORMAT) == ISO_8601 and not hasattr(field, "timezone")
    if isinstance(field, serializers.DateField):
        return getattr(field, "format", api_settings.DATE_FORMAT) == ISO_8601
    return getattr(field, "uuid_format", "hex_verbose") == "hex_verbose"

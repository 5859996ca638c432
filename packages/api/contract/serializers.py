"""The wire shape: a ModelSerializer that takes JSON at its word and refuses what it does not know."""

import re
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from itertools import islice
from typing import Any

from django.db import models
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

# More unknown names than this are not listed one by one.
MAX_UNKNOWN = 20
MAX_METADATA_KEYS = 50
MAX_METADATA_KEY_LENGTH = 40
MAX_METADATA_VALUE_LENGTH = 500
# Every JSON reader keeps integers exact up to here (RFC 8259 §6); PostgreSQL gives 1e30 back as 31 digits.
MAX_METADATA_NUMBER = 2**53
# What `EmailField` accepts, published in the schema word for word. At most 254 characters (RFC 5321 §4.5.3.1).
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
EMAIL_PATTERN = rf"^[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@{_LABEL}(\.{_LABEL})*\.[A-Za-z]{{2,24}}$"
# Printable text: no control characters, so that no stored name breaks a log line, a header or a page.
TEXT_PATTERN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class StrictCharField(serializers.CharField):
    """A JSON string; numbers are not taken for text."""

    default_error_messages = {"control": "Control characters are not allowed."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if CONTROL.search(data):
            self.fail("control")
        return super().to_internal_value(data)


class StrictEmailField(serializers.RegexField):
    """An e-mail address in the plain ASCII form that every mail server takes."""

    default_error_messages = {"invalid": "Enter a valid e-mail address, such as ada@example.com."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs["max_length"] = min(kwargs.get("max_length") or 254, 254)
        super().__init__(EMAIL_PATTERN, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer; `"1"`, `1.0` and `true` are not."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    """`true` or `false`."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictChoiceField(serializers.ChoiceField):
    """One of the listed strings."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class MetadataField(serializers.JSONField):
    """A flat object of the client's own: at most 50 names of 1 to 40 characters, each with a scalar value."""

    default_error_messages = {
        "type": "Metadata is an object of names and plain values.",
        "size": f"Metadata has at most {MAX_METADATA_KEYS} names.",
        "name": f"A name has 1 to {MAX_METADATA_KEY_LENGTH} characters.",
        "value": f"A value is a string of at most {MAX_METADATA_VALUE_LENGTH} characters, a number, a boolean or null.",
        "number": f"A number lies between -{MAX_METADATA_NUMBER} and {MAX_METADATA_NUMBER}.",
        "control": "Control characters are not allowed.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("type")
        if len(data) > MAX_METADATA_KEYS:
            self.fail("size")
        for name, value in data.items():
            self.check(name, value)
        return {name: data[name] for name in sorted(data, key=_as_kept)}

    def check(self, name: str, value: Any) -> None:
        if not 1 <= len(name) <= MAX_METADATA_KEY_LENGTH:
            self.fail("name")
        if not isinstance(value, str | int | float | bool | None):
            self.fail("value")
        if isinstance(value, str) and len(value) > MAX_METADATA_VALUE_LENGTH:
            self.fail("value")
        if isinstance(value, int | float) and abs(value) > MAX_METADATA_NUMBER:
            self.fail("number")
        if "\x00" in name or (isinstance(value, str) and "\x00" in value):
            self.fail("control")

    def to_representation(self, value: Any) -> Any:
        return value


def _as_kept(name: str) -> tuple[int, bytes]:
    """PostgreSQL's order of names, so that an answer is the same before and after it was stored."""
    text = name.encode()
    return len(text), text


class BoundedListField(serializers.ListField):
    """A list whose length is looked at before its items are."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            raise ValidationError(f"The list has at most {self.max_length} items.", "max_length")
        return super().to_internal_value(data)


class StrictMixin(serializers.Serializer[Any]):
    """Unknown fields are 400; read-only ones are ignored, so that what was read can be put back."""

    def get_fields(self) -> dict[str, Any]:
        """The fields of the class, made once; each serializer binds copies of its own."""
        return {name: _copied(field) for name, field in _prototypes(type(self)).items()}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError({"non_field_errors": [ErrorDetail("The body must be a JSON object.", "invalid")]})
        unknown = list(islice((name for name in data if name not in self.fields), MAX_UNKNOWN))
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                error.detail.update(self.unknown(unknown))
            raise
        if unknown:
            raise ValidationError(self.unknown(unknown))
        return values

    def unknown(self, names: list[str]) -> dict[str, Any]:
        return {name: [ErrorDetail("This field does not exist.", "unknown-field")] for name in names}


@cache
def _prototypes(serializer_class: type[StrictMixin]) -> dict[str, Any]:
    return super(StrictMixin, serializer_class()).get_fields()


def _copied(field: Any) -> Any:
    # Whatever has a child has bound it to itself.
    has_child = (
        isinstance(field, serializers.BaseSerializer) or hasattr(field, "child") or hasattr(field, "child_relation")
    )
    if has_child:
        return deepcopy(field)
    # As `copy.copy`, which takes three times as long on its way through pickle's protocol.
    twin = object.__new__(type(field))
    vars(twin).update(vars(field))
    return twin


class StrictSerializer(StrictMixin, serializers.Serializer[Any]):
    """The body of a command."""


class ResourceSerializer[M: models.Model](StrictMixin, serializers.ModelSerializer[M]):
    """The wire shape of a model; column types choose the strict fields."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: StrictCharField,
        models.TextField: StrictCharField,
        models.EmailField: StrictEmailField,
        models.IntegerField: StrictIntegerField,
        models.BigIntegerField: StrictIntegerField,
        models.PositiveIntegerField: StrictIntegerField,
        models.PositiveBigIntegerField: StrictIntegerField,
        models.BooleanField: StrictBooleanField,
        models.JSONField: MetadataField,
    }
    serializer_choice_field = StrictChoiceField

    def get_unique_together_validators(self) -> list[Any]:
        """None: the database holds uniqueness, and `contract.constraints` turns its refusal into the field's error."""
        return []

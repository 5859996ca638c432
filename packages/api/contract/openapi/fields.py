"""How the contract's own serializer fields look in the schema."""

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema

from contract.openapi.components import ANY_TEXT, Schema
from contract.serializers import (
    EMAIL_PATTERN,
    MAX_METADATA_KEY_LENGTH,
    MAX_METADATA_KEYS,
    MAX_METADATA_NUMBER,
    MAX_METADATA_VALUE_LENGTH,
)

SCALARS = [
    {"type": "string", "nullable": True, "maxLength": MAX_METADATA_VALUE_LENGTH, "pattern": r"^[^\u0000]*$"},
    {"type": "number", "minimum": -MAX_METADATA_NUMBER, "maximum": MAX_METADATA_NUMBER},
    {"type": "boolean"},
]


class MetadataFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "contract.serializers.MetadataField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Schema:
        """The bound on names stands in words, and as an extension: OpenAPI 3.0 has no `propertyNames`."""
        return {
            "type": "object",
            "description": f"Names and plain values of your own: at most {MAX_METADATA_KEYS} names of 1 to "
            f"{MAX_METADATA_KEY_LENGTH} characters, each with a string of at most {MAX_METADATA_VALUE_LENGTH} "
            "characters, a number, a boolean or null.",
            "maxProperties": MAX_METADATA_KEYS,
            "allOf": [{"additionalProperties": {"anyOf": SCALARS}}],
            "x-property-names": {"minLength": 1, "maxLength": MAX_METADATA_KEY_LENGTH, "pattern": r"^[^\u0000]*$"},
            "example": {"plan": "gold", "seats": 12},
        }


class EmailFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "contract.serializers.StrictEmailField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Schema:
        length = self.target.max_length
        if direction == "request":
            return {"type": "string", "pattern": EMAIL_PATTERN, "maxLength": length, "example": "ada@example.com"}
        return {"type": "string", "pattern": ANY_TEXT, "maxLength": length, "example": "ada@example.com"}

"""An example for every body and answer, made from its schema; a serializer's `examples` say better values."""

import re
from typing import Any

from contract.openapi.components import Schema

PREFIX = "#/components/"
BY_FORMAT = {
    "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "date-time": "2026-01-31T09:30:00Z",
    "date": "2026-01-31",
    "time": "09:30:00",
    "uri": "https://www.example.com/",
    "decimal": "99.99",
}
BY_NAME = {
    "name": "Ada Lovelace",
    "username": "ada",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "currency": "EUR",
    "email": "ada@example.com",
    "sku": "CHAIR-01",
    "slug": "acme",
    "number": "INV-000042",
}
BY_TYPE = {"integer": 1, "number": 1.5, "boolean": True, "object": {}}
WORDS = ("example", "ABC", "abc", "example.text", "A-1")


def illustrate(operation: Schema, shared: Schema) -> None:
    """Fill in what has no example yet."""
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    for body in (*bodies, *operation["responses"].values()):
        for media in body.get("content", {}).values():
            if "example" not in media and "examples" not in media:
                media["example"] = example(media["schema"], shared)
    for parameter in operation.get("parameters", []):
        if "$ref" not in parameter and "example" not in parameter:
            # The field in `filter[field.operator]`.
            name = re.split(r"[\[\].]", f"{parameter['name']}[")[1 if "[" in parameter["name"] else 0]
            parameter["example"] = example(parameter["schema"], shared, name)


def example(schema: Schema, shared: Schema, name: str = "") -> Any:
    """A value that the schema admits. Raises `ValueError` where only the author can know one."""
    if "$ref" in schema:
        kind, _, component = schema["$ref"].removeprefix(PREFIX).partition("/")
        return example(shared[kind][component], shared, name)
    if "example" in schema:
        return schema["example"]
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    if "oneOf" in schema and "properties" in schema:
        others = {name for each in schema["oneOf"][1:] for name in each["required"]}
        return {each: value for each, value in plain(schema, shared, name).items() if each not in others}
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return example(schema[choice][0], shared, name)
    if "allOf" in schema and "properties" not in schema:
        return example(schema["allOf"][0], shared, name)
    return plain(schema, shared, name)


def plain(schema: Schema, shared: Schema, name: str) -> Any:
    match schema.get("type"):
        case "object":
            return {each: example(inner, shared, each) for each, inner in schema.get("properties", {}).items()}
        case "array":
            return [example(schema["items"], shared, name)]
        case "string":
            return word(schema, name)
        case "integer" | "number" as kind:
            return max(schema.get("minimum", 0), min(BY_TYPE[kind], schema.get("maximum", 1)))
    return BY_TYPE.get(str(schema.get("type")))


def word(schema: Schema, name: str) -> str:
    """A fitting text."""
    longest = schema.get("maxLength", 100)
    wishes = (BY_NAME.get(name), BY_FORMAT.get(schema.get("format", "")), *WORDS)
    for wish in wishes:
        if wish and len(wish) <= longest and re.search(schema.get("pattern", ""), wish):
            return wish
    raise ValueError(f"No example is known for {name!r}: give its serializer `examples = {{{name!r}: …}}`.")

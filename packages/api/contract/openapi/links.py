"""Where an answer leads: the operations that take the id of the row that was made, or of a row that is listed."""

from collections.abc import Iterator

from contract.openapi.components import Schema

# Method → (the answer that holds an id, where it stands in it).
SOURCES = {"post": ("201", "$response.body#/id"), "get": ("200", "$response.body#/data/0/id")}


def connect(paths: dict[str, Schema], shared: Schema) -> None:
    """Add OpenAPI links from each list and create to what can be done with a row."""
    for path, item in paths.items():
        for operation in item.values():
            if "{" in path:
                prefix, _, rest = path.partition("{")
                collection = prefix.rstrip("/").rpartition("/")[2]
                add(paths, collection, operation, "parameters", rest.partition("}")[0])
            for name in references(operation, shared):
                add(paths, f"{name.removesuffix('_id')}s", operation, "requestBody", name)


def add(paths: dict[str, Schema], collection: str, operation: Schema, place: str, name: str) -> None:
    """Links to the operation from the answers that hold an id of the collection."""
    for response, expression in answers(paths, collection):
        link = response.setdefault("links", {}).setdefault(
            operation["operationId"], {"operationId": operation["operationId"]}
        )
        link.setdefault(place, {})[name] = expression


def answers(paths: dict[str, Schema], collection: str) -> Iterator[tuple[Schema, str]]:
    """The answers that hold an id of the collection, and the place of the id."""
    for path, item in paths.items():
        if not path.endswith(f"/{collection}/"):
            continue
        for method, (status, expression) in SOURCES.items():
            if status in item.get(method, {}).get("responses", {}):
                yield item[method]["responses"][status], expression


def references(operation: Schema, shared: Schema) -> list[str]:
    """The body's fields that name other rows."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        name = media["schema"].get("$ref", "").rpartition("/")[2]
        return [field for field in shared["schemas"].get(name, {}).get("properties", {}) if field.endswith("_id")]
    return []

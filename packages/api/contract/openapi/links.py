"""Where an answer leads: the operations that take the id of the row that was made."""

from collections.abc import Iterator

from contract.openapi.components import Schema

ID = "$response.body#/id"


def connect(paths: dict[str, Schema], shared: Schema) -> None:
    """Add OpenAPI links from each create to what can be done with a row."""
    for path, item in paths.items():
        for operation in item.values():
            if "{" in path:
                prefix, _, rest = path.partition("{")
                collection = prefix.rstrip("/").rpartition("/")[2]
                add(paths, collection, operation, "parameters", rest.partition("}")[0])
            for name in references(operation, shared):
                add(paths, f"{name.removesuffix('_id')}s", operation, "requestBody", name)


def add(paths: dict[str, Schema], collection: str, operation: Schema, place: str, name: str) -> None:
    """Links to the operation from the answers that hold a new row of the collection."""
    for response in answers(paths, collection):
        link = response.setdefault("links", {}).setdefault(
            operation["operationId"], {"operationId": operation["operationId"]}
        )
        link.setdefault(place, {})[name] = ID


def answers(paths: dict[str, Schema], collection: str) -> Iterator[Schema]:
    """What the collection's lists answer to a POST."""
    for path, item in paths.items():
        if path.endswith(f"/{collection}/") and "201" in item.get("post", {}).get("responses", {}):
            yield item["post"]["responses"]["201"]


def references(operation: Schema, shared: Schema) -> list[str]:
    """The body's fields that name other rows."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        name = media["schema"].get("$ref", "").rpartition("/")[2]
        return [field for field in shared["schemas"].get(name, {}).get("properties", {}) if field.endswith("_id")]
    return []

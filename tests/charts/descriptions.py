"""The values of a chart as its users read them: `values.yaml` with its comments, and the schema."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml
from rendering import CHARTS, Object

KEY = re.compile(r"(?P<indent> *)(?P<name>\w+):")
COMMENT = re.compile(r" *# -- (?P<text>.+)")


def values(chart: str) -> Object:
    return yaml.safe_load((CHARTS / chart / "values.yaml").read_text())


def schema(chart: str) -> Object:
    return json.loads((CHARTS / chart / "values.schema.json").read_text())


def comments(chart: str) -> dict[str, str]:
    """{dotted key: the `# --` comment above it}."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    text = ""
    for line in (CHARTS / chart / "values.yaml").read_text().splitlines():
        if comment := COMMENT.fullmatch(line):
            text = comment["text"]
        elif key := KEY.match(line):
            depth = len(key["indent"])
            above = [entry for entry in above if entry[0] < depth] + [(depth, key["name"])]
            if text:
                found[".".join(name for _, name in above)] = text
            text = ""
    return found


def described(node: Object, prefix: str = "") -> Iterator[tuple[str, Object]]:
    """Every key of the schema with what it says, by its dotted name."""
    for name, inner in node.get("properties", {}).items():
        key = f"{prefix}{name}"
        yield key, inner
        yield from described(inner, f"{key}.")


def leaves(tree: Any, prefix: str = "") -> Iterator[str]:
    """Dotted names of what is no object, or an empty one."""
    for name, inner in tree.items():
        if isinstance(inner, dict) and inner:
            yield from leaves(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"

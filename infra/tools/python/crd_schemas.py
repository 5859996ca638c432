"""Turns custom resource definitions into strict JSON schemas for kubeconform, one file for each kind.

Usage: crd_schemas.py FOLDER FILE... writes FOLDER/<group>/<kind>_<version>.json for each definition in the files.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]

TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
METADATA: Schema = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "namespace": {"type": "string"},
        "labels": TEXTS,
        "annotations": TEXTS,
    },
}


class Loader(yaml.SafeLoader):
    """Reads the plain scalar `=`, which stands for itself in several definitions."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)


def strict(schema: Schema) -> Schema:
    """The same schema in JSON Schema's own words, refusing every field that it does not name."""
    if schema.get("x-kubernetes-int-or-string"):
        text = {key: schema[key] for key in ("pattern", "maxLength") if key in schema}
        return {"oneOf": [{"type": "string", **text}, {"type": "integer"}]}
    kept = {
        key: nested(key, value) for key, value in schema.items() if key != "description" and not key.startswith("x-")
    }
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if "properties" in schema and not is_open:
        kept["additionalProperties"] = False
    return kept


def nested(key: str, value: Any) -> Any:
    """Schemas stand inside a schema under few keywords; everything else is a plain value."""
    if key == "properties":
        return {name: strict(child) for name, child in value.items()}
    if key in ("items", "additionalProperties") and isinstance(value, dict):
        return strict(value)
    # Alternatives name fields that are declared beside them, so only the outer schema is closed.
    return value


def stored(definition: Schema) -> tuple[str, Schema]:
    """The path and the schema of the one version that clusters store: older ones are served, but not to be written."""
    group, kind = definition["spec"]["group"], definition["spec"]["names"]["kind"]
    version = next(version for version in definition["spec"]["versions"] if version["storage"])
    schema = strict(version["schema"]["openAPIV3Schema"])
    # A chart never writes a status.
    schema["properties"].pop("status", None)
    schema["properties"] |= {
        "apiVersion": {"enum": [f"{group}/{version['name']}"]},
        "kind": {"enum": [kind]},
        "metadata": METADATA,
    }
    schema["required"] = sorted({"apiVersion", "kind", "metadata", *schema.get("required", [])})
    return f"{group}/{kind.lower()}_{version['name']}.json", schema


def main(folder: str, *sources: str) -> None:
    """Writes the schemas of every definition in the sources."""
    for source in sources:
        for definition in yaml.load_all(Path(source).read_text(encoding="utf-8"), Loader):
            name, schema = stored(definition)
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            sys.stdout.write(f"ok  {name}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

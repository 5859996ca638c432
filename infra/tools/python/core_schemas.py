"""Writes the strict schemas of Kubernetes' own kinds where kubeconform finds them without a network.

Usage: core_schemas.py FOLDER VERSION... takes them from kubernetes-validate, which is pinned with the judges.
"""

import json
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def write_version(source: Traversable, target: Path) -> int:
    """Makes every reference relative, as kubeconform resolves none to the package's own address."""
    target.mkdir(parents=True, exist_ok=True)
    schemas = [entry for entry in source.iterdir() if entry.name.endswith(".json")]
    for entry in schemas:
        text = entry.read_text(encoding="utf-8").replace("/api/_definitions.json", "_definitions.json")
        schema = json.loads(text)
        schema.pop("$id", None)
        (target / entry.name).write_text(json.dumps(schema), encoding="utf-8")
    return len(schemas)


def main(folder: str, *versions: str) -> None:
    """Writes FOLDER/vX.Y.0-strict for each version X.Y."""
    packaged = files("kubernetes_validate") / "kubernetes-json-schema"
    for version in versions:
        source = packaged / f"v{version}.0-local-strict"
        if not source.is_dir():
            sys.exit(f"kubernetes-validate holds no schemas of Kubernetes {version}: choose another, or a newer pin.")
        count = write_version(source, Path(folder) / f"v{version}.0-strict")
        sys.stdout.write(f"ok  Kubernetes {version}: {count} schemas\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The service's own code, as files and as syntax trees."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

API = Path(__file__).resolve().parents[2]
ROOT = API.parents[1]


def files(*folders: str, tests: bool = False) -> list[Path]:
    """Python files below these folders of packages/api; generated migrations never, tests on request."""
    found = [path for folder in folders for path in sorted((API / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts and (tests or "tests" not in path.parts)]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, relative ones in full."""
    own = path.relative_to(API).with_suffix("").parts
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = [*own[: -node.level], *filter(None, [node.module])] if node.level else [str(node.module)]
            yield from (".".join([*origin, alias.name]) for alias in node.names)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of every function."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or 0) - node.lineno + 1


def mentions(path: Path, *names: str) -> bool:
    """Whether a file uses one of these names, under whatever other name it imports it."""
    nodes = list(ast.walk(tree(path)))
    imported = {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    used = {getattr(node, "attr", getattr(node, "id", None)) for node in nodes}
    return not (imported | used).isdisjoint(names)

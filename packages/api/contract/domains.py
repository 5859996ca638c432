"""The list of domains is complete: what one of them imports stands in it too."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

TAG = "domains"
OTHER_ROOMS = {"tests", "migrations"}


@register(TAG)
def needed_domains_are_listed(**_: Any) -> list[CheckMessage]:
    """Which domain needs one that was taken out of the list, and where."""
    return [
        Error(
            f"{domain} needs {needed}, which is not in the list of domains: see {', '.join(sorted(rooms))}.",
            f"Bring {needed} back with its folder and its line in config/domains.py, or remove what uses it.",
            id="contract.E002",
        )
        for domain in settings.DOMAINS
        for needed, rooms in sorted(neighbours(domain).items())
        if needed not in settings.DOMAINS
    ]


def neighbours(domain: str) -> dict[str, set[str]]:
    """The domains beside this one that it imports, and in which files."""
    folder: Path = settings.BASE_DIR / domain.replace(".", "/")
    package = domain.rpartition(".")[0]
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*.py"):
        room = path.relative_to(folder)
        if OTHER_ROOMS.isdisjoint(room.parts):
            for name in imported(path.read_text(), package):
                found.setdefault(name, set()).add(str(room))
    return found


def imported(code: str, package: str) -> Iterator[str]:
    """What code imports from a package, read as text: to import it is what would fail."""
    for direct, among in re.findall(rf"^\s*(?:from|import) {package}(?:\.(\w+)| import (\w+))", code, re.MULTILINE):
        yield f"{package}.{direct or among}"

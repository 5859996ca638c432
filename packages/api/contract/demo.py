"""The demo world: each domain's `management/demo.py` adds its part, in the domains' order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from random import Random
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings

SEED = 20_261_121
NO_ID = UUID(int=0)


@dataclass(slots=True)
class DemoOrganization:
    """One tenant of the demo world, with what a visitor needs to get in."""

    slug: str
    name: str
    users: list[dict[str, str]] = field(default_factory=list)
    id: UUID = NO_ID
    api_key: str = ""

    def document(self) -> dict[str, Any]:
        return {"id": str(self.id), "slug": self.slug, "users": self.users, "api_key": self.api_key}


@dataclass(slots=True)
class World:
    """What the domains build on: the same seed gives the same names, amounts and dates."""

    now: datetime
    report: Callable[[str], None]
    random: Random = field(default_factory=partial(Random, SEED))
    admin: dict[str, str] = field(default_factory=dict)
    organizations: list[DemoOrganization] = field(default_factory=list)

    def document(self, base_url: str) -> dict[str, Any]:
        organizations = [organization.document() for organization in self.organizations]
        return {"base_url": base_url, "admin": self.admin, "organizations": organizations}


class Seeder(Protocol):
    """A domain's `management/demo.py`: adds what is missing, and nothing twice."""

    def seed(self, world: World) -> None: ...


def populate(world: World) -> None:
    """Let every domain add its part."""
    for domain in settings.DOMAINS:
        if find_spec(f"{domain}.management") and find_spec(f"{domain}.management.demo"):
            seeder: Seeder = import_module(f"{domain}.management.demo")
            seeder.seed(world)

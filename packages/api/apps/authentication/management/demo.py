"""The demo world's people: two in each organisation, the first of whom owns it, and an administrator."""

from typing import Any

from apps.authentication.models import User
from contract.demo import DemoOrganization, World

# Published on purpose: the demo world is refused in production.
PHRASE = "slipway-demo"
PEOPLE = {"acme": ["ada", "ben"], "globex": ["gil", "hana"]}


def seed(world: World) -> None:
    world.report("Seeding people …")
    world.admin = _person("admin@slipway.example", is_staff=True, is_superuser=True)
    for slug, names in PEOPLE.items():
        organization = DemoOrganization(slug=slug, name=slug.title())
        for role, name in zip(["owner", "member"], names, strict=True):
            organization.users.append({**_person(f"{name}@{slug}.example"), "role": role})
        world.organizations.append(organization)


def _person(email: str, **fields: Any) -> dict[str, str]:
    if not User.objects.filter(email=email).exists():
        User.objects.create_user(email=email, password=PHRASE, **fields)
    return {"email": email, "password": PHRASE}

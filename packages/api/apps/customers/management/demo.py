"""The demo world's customers: all statuses, with ties in `created_at` and in names."""

from datetime import timedelta

from apps.customers.models import Customer
from contract.demo import World
from contract.tenancy import tenant_scope

COUNT = 240
FIRST = [
    "Ada",
    "Grace",
    "Alan",
    "Edsger",
    "Barbara",
    "Donald",
    "Radia",
    "Katherine",
    "Linus",
    "Margaret",
    "Zoë",
    "Søren",
]
LAST = ["Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Perlman", "Johnson", "Núñez", "Hamilton"]
STATUSES = [Customer.Status.ACTIVE] * 6 + [Customer.Status.INACTIVE] * 3 + [Customer.Status.ARCHIVED]


def seed(world: World) -> None:
    for organization in world.organizations:
        with tenant_scope(organization.id):
            if Customer.objects.exists():
                continue
            world.report(f"Seeding {COUNT} customers of {organization.name} …")
            Customer.objects.bulk_create([_customer(world, organization.slug, number) for number in range(COUNT)])


def _customer(world: World, slug: str, number: int) -> Customer:
    name = f"{world.random.choice(FIRST)} {world.random.choice(LAST)}"
    return Customer(
        email=f"customer-{number:03}@{slug}-customers.example",
        name=name,
        status=world.random.choice(STATUSES),
        metadata={"segment": world.random.choice(["retail", "wholesale"]), "number": number},
        # Four customers share each minute: lists must page through ties.
        created_at=world.now - timedelta(days=30, minutes=number // 4),
    )

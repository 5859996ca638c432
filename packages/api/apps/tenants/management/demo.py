"""The demo world's organisations, memberships and one API key each."""

from typing import Any

from apps.tenants.models import ApiKey, Membership, Organization
from apps.tenants.services import issue_api_key, revoke_api_key
from contract.demo import DemoOrganization, World

KEY_NAME = "demo"
SCOPES = ["customers:read", "customers:write", "invoices:read", "invoices:write"]


def seed(world: World) -> None:
    world.report("Seeding organizations …")
    for demo in world.organizations:
        organization, _ = Organization.objects.get_or_create(slug=demo.slug, defaults={"name": demo.name})
        _join(organization, demo)
        demo.id = organization.pk
        # A key is shown once, so each start replaces the last one.
        for key in ApiKey.objects.filter(organization=organization, name=KEY_NAME, revoked_at=None):
            revoke_api_key(key=key)
        _, demo.api_key = issue_api_key(organization=organization, name=KEY_NAME, scopes=SCOPES)


def _join(organization: Organization, demo: DemoOrganization) -> None:
    user_model: Any = Membership._meta.get_field("user").related_model
    for person in demo.users:
        user = user_model.objects.get(email=person["email"])
        Membership.objects.get_or_create(organization=organization, user=user, defaults={"role": person["role"]})

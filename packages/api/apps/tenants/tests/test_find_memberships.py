"""Which organization a person acts for."""

import pytest

from apps.authentication.tests.factories import UserFactory
from apps.tenants.models import Organization
from apps.tenants.selectors import find_memberships
from apps.tenants.tests.factories import MembershipFactory, OrganizationFactory

pytestmark = pytest.mark.django_db


def test_finds_all_memberships_or_the_one_that_is_named() -> None:
    user, (acme, globex) = UserFactory(), OrganizationFactory.create_batch(2)
    MembershipFactory(user=user, organization=acme, role="owner")
    MembershipFactory(user=user, organization=globex, role="member")
    OrganizationFactory(slug="foreign")

    assert list(find_memberships(user)) == [(acme.pk, "owner"), (globex.pk, "member")]
    assert list(find_memberships(user, slug=globex.slug)) == [(globex.pk, "member")]
    assert list(find_memberships(user, organization=acme.pk)) == [(acme.pk, "owner")]
    assert list(find_memberships(user, slug="foreign")) == []


def test_passes_over_a_suspended_organization() -> None:
    membership = MembershipFactory(user=UserFactory(), organization=OrganizationFactory(is_active=False))

    assert list(find_memberships(membership.user)) == []


def test_slugs_of_namesakes_differ() -> None:
    slugs = [Organization.objects.create(name="Ac me").slug for _ in range(3)]

    assert slugs == ["ac-me", "ac-me-2", "ac-me-3"]

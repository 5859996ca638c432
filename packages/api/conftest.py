"""PostgreSQL as in production (the owner builds, a walled role serves) and the cast of every test."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases
from rest_framework.test import APIClient

from apps.authentication import services
from apps.authentication.models import User
from apps.authentication.tests.factories import UserFactory
from apps.tenants.models import Organization
from apps.tenants.services import issue_api_key
from apps.tenants.tests.factories import MembershipFactory, OrganizationFactory
from contract import tenancy
from contract.isolation import as_owner


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_modify_db_settings: None, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    with django_db_blocker.unblock(), as_owner():
        databases = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
    yield
    with django_db_blocker.unblock(), as_owner():
        teardown_databases(databases, verbosity=0)


@pytest.fixture(scope="session", autouse=True)
def empty_tables_as_owner() -> None:
    """The runtime role may not TRUNCATE, so transactional tests are cleaned up by the owner."""
    flush = TransactionTestCase._fixture_teardown

    def flush_as_owner(case: TransactionTestCase) -> None:
        with as_owner():
            flush(case)

    TransactionTestCase._fixture_teardown = flush_as_owner  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def nobody_in_scope() -> Iterator[None]:
    """Each test starts and ends with no tenant."""
    token = tenancy._scope.set(tenancy.NOBODY)
    yield
    tenancy._scope.reset(token)


@dataclass
class Member:
    """One of the cast: a person, the organisation, and a client that acts for both."""

    user: User
    organization: Organization
    client: APIClient

    def rows(self) -> Any:
        """Look at the organisation's rows as it sees them."""
        return tenancy.tenant_scope(self.organization.pk)

    def key_client(self, *scopes: str) -> APIClient:
        _, key = issue_api_key(organization=self.organization, name="test", scopes=scopes)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Api-Key {key}")
        return client


def member_of(organization: Organization, role: str) -> Member:
    user = UserFactory()
    MembershipFactory(user=user, organization=organization, role=role)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access_token(user)}")
    return Member(user, organization, client)


def access_token(user: User) -> str:
    from django.utils import timezone

    return services.start_family(user, timezone.now()).access


@pytest.fixture
def owner(db: None) -> Member:
    return member_of(OrganizationFactory(name="Acme"), "owner")


@pytest.fixture
def teammate(owner: Member) -> Member:
    return member_of(owner.organization, "member")


@pytest.fixture
def outsider(db: None) -> Member:
    return member_of(OrganizationFactory(name="Globex"), "owner")


@pytest.fixture
def anonymous() -> APIClient:
    return APIClient()

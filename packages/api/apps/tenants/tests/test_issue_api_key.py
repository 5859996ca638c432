"""API keys: shown once, stored as a hash, ended for good."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.tenants.models import ApiKey
from apps.tenants.services import authenticate_api_key, issue_api_key, revoke_api_key
from apps.tenants.tests.factories import OrganizationFactory
from contract.authentication import InvalidCredentials

pytestmark = pytest.mark.django_db


def test_the_plain_key_speaks_for_the_organization() -> None:
    organization = OrganizationFactory()

    row, plain = issue_api_key(organization=organization, name="ci", scopes=["b:write", "a:read"])
    principal = authenticate_api_key(plain)

    assert plain.startswith(f"pk_test_{row.prefix}_")
    assert (principal.kind, principal.id, principal.tenant) == ("api_key", row.pk, organization.pk)
    assert principal.scopes == {"a:read", "b:write"}


def test_a_live_key_says_so(settings: pytest.FixtureRequest) -> None:
    settings.IS_PRODUCTION = True  # type: ignore[attr-defined]

    _, plain = issue_api_key(organization=OrganizationFactory(), name="ci", scopes=[])

    assert plain.startswith("pk_live_")


def test_two_keys_live_while_rotating() -> None:
    organization = OrganizationFactory()
    (old, old_plain), (_, new_plain) = (
        issue_api_key(organization=organization, name=name, scopes=[]) for name in ("old", "new")
    )
    assert authenticate_api_key(old_plain)
    assert authenticate_api_key(new_plain)

    revoke_api_key(key=old)

    with pytest.raises(InvalidCredentials):
        authenticate_api_key(old_plain)
    assert authenticate_api_key(new_plain)
    assert ApiKey.objects.get(pk=old.pk).revoked_at is not None


@pytest.mark.parametrize("change", [0, 1, 5, -1])
def test_one_wrong_character_is_a_wrong_key(change: int) -> None:
    _, plain = issue_api_key(organization=OrganizationFactory(), name="ci", scopes=[])
    characters = list(plain.rsplit("_", 1)[1])
    characters[change] = "0" if characters[change] != "0" else "1"

    with pytest.raises(InvalidCredentials):
        authenticate_api_key(f"{plain.rsplit('_', 1)[0]}_{''.join(characters)}")


@pytest.mark.parametrize("prefix", ["pk_live", "sk_test", "PK_test", "_", "pk_"])
def test_a_key_with_a_forged_prefix_is_a_wrong_key(prefix: str) -> None:
    _, plain = issue_api_key(organization=OrganizationFactory(), name="ci", scopes=[])

    with pytest.raises(InvalidCredentials):
        authenticate_api_key(plain.replace("pk_test", prefix, 1))


def test_an_expired_key_is_refused() -> None:
    expiry = timezone.now() - timedelta(seconds=1)
    _, plain = issue_api_key(organization=OrganizationFactory(), name="ci", scopes=[], expires_at=expiry)

    with pytest.raises(InvalidCredentials):
        authenticate_api_key(plain)

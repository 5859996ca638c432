"""What is over is deleted; what still opens or closes a door stays."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.authentication import conf, services
from apps.authentication.models import LoginFailure, TokenFamily
from apps.authentication.services import RefreshRefused
from apps.authentication.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_deletes_what_is_over_and_nothing_else(capsys: Any) -> None:
    user, now = UserFactory(), timezone.now()
    services.start_family(user, now)
    kept = TokenFamily.objects.get()
    services.start_family(user, now - conf.REFRESH_TOKEN_LIFETIME)
    revoked = services.start_family(user, now)
    services.log_out(token=revoked.refresh, principal=None)
    for age in (timedelta(), conf.FAILURE_WINDOW):
        LoginFailure.objects.create(identifier_hash="a", failed_at=now - age)

    call_command("purge_tokens")

    assert capsys.readouterr().out == "Deleted 3 sign-ins and failed sign-ins.\n"
    assert TokenFamily.objects.get() == kept
    assert LoginFailure.objects.get().failed_at == now
    with pytest.raises(RefreshRefused):
        services.refresh(token=revoked.refresh)

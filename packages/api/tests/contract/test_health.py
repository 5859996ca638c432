"""Probes answer before Host checks; liveness touches no backing service."""

import json
import secrets
from typing import Any

import pytest
from django.db import OperationalError, connection
from rest_framework.test import APIClient

from contract import health
from contract.postgresql.base import DatabaseWrapper


@pytest.mark.parametrize("path", ["/livez", "/livez/"])
def test_liveness_asks_nobody(path: str, anonymous: APIClient) -> None:
    # Without the db mark, any query would fail this test.
    answer = anonymous.get(path, HTTP_HOST="10.1.2.3:8000")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readiness_asks_the_database(anonymous: APIClient) -> None:
    assert anonymous.get("/readyz", HTTP_HOST="10.1.2.3:8000").status_code == 200


@pytest.mark.django_db
def test_readiness_is_a_503_while_the_database_is_lost(anonymous: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", lost)
    monkeypatch.setattr(connection, "close", lambda: None)

    assert anonymous.get("/readyz").status_code == 503


@pytest.mark.django_db
def test_the_log_says_why_the_database_is_lost_without_its_password(
    anonymous: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: Any, capfd: Any
) -> None:
    password = secrets.token_hex(16)
    refused = DatabaseWrapper({**connection.settings_dict, "PASSWORD": password}, "default")
    monkeypatch.setattr(health, "connection", refused)
    caplog.set_level("WARNING")

    assert anonymous.get("/readyz").status_code == 503

    written = capfd.readouterr().out
    line = next(json.loads(line) for line in written.splitlines() if "database unreachable" in line)
    assert "password authentication failed" in line["reason"]
    assert password not in written


@pytest.mark.django_db
def test_probes_meet_no_limit(anonymous: APIClient, settings: Any) -> None:
    settings.THROTTLE_RATES = dict.fromkeys(settings.THROTTLE_RATES, "1/min")

    assert {anonymous.get("/livez").status_code for _ in range(5)} == {200}

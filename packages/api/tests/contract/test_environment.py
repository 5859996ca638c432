"""Settings: all that is missing or bad is said at once, in sentences; production has no soft spots."""

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from contract import checks, isolation

API = Path(__file__).resolve().parents[2]
GOOD = {
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://api.slipway.example",
    "ALLOWED_HOSTS": "api.slipway.example",
    "DATABASE_URL": "postgres://app@127.0.0.1:1/slipway",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def manage(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    keys = {"SECRET_KEY": secrets.token_urlsafe(48), "JWT_SIGNING_KEY": secrets.token_urlsafe(48)}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=API,
        env={"PATH": os.environ["PATH"], **GOOD, **keys, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_names_every_missing_variable_at_once() -> None:
    bare = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=API,
        env={"PATH": os.environ["PATH"], "ENVIRONMENT": "production"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert bare.returncode == 1
    assert "Traceback" not in bare.stderr
    for name in ("SECRET_KEY", "JWT_SIGNING_KEY", "PUBLIC_URL", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"):
        assert f"  {name}: " in bare.stderr


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ENVIRONMENT", "prod", "Must be one of"),
        ("JWT_SIGNING_KEY", "short", "at least 32 bytes"),
        ("DATABASE_URL", "mysql://x/y", "must begin with postgres://"),
        ("DATABASE_URL", "nonsense", "must begin with postgres://"),
        ("DATABASE_URL", "sqlite:///x.sqlite3", "must begin with postgres://"),
        ("TRUSTED_PROXY_COUNT", "many", "integer"),
        ("API_DOCS_ENABLED", "perhaps", "boolean"),
        ("THROTTLE_ANON", "off", "not a rate"),
        ("THROTTLE_USER", "10/fortnight", "not a rate"),
        ("THROTTLE_AUTH", "0/min", "not a rate"),
    ],
)
def test_says_what_is_wrong_with_a_value(name: str, value: str, reason: str) -> None:
    refused = manage("check", **{name: value})

    assert refused.returncode != 0
    assert f"  {name}: " in refused.stderr
    assert reason in refused.stderr


def test_a_secret_can_be_a_mounted_file(tmp_path: Path) -> None:
    mounted = tmp_path / "database-url"
    mounted.write_text("mysql://from-the-file\n")

    refused = manage("check", DATABASE_URL="", DATABASE_URL_FILE=str(mounted))

    assert "  DATABASE_URL: " in refused.stderr


def test_a_password_that_breaks_the_url_is_not_repeated() -> None:
    refused = manage("check", DATABASE_URL="postgres://app:half/other@127.0.0.1/slipway")

    assert "  DATABASE_URL: It is no URL: write special signs of its user and password as %2F" in refused.stderr
    assert "half" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_production_settings_pass_the_deployment_check() -> None:
    checked = manage("check", "--deploy", "--fail-level", "WARNING")

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_migrating_an_unreachable_database_ends_with_one_sentence(arguments: list[str]) -> None:
    refused = manage("migrate", *arguments)

    assert refused.returncode == 1
    assert "PostgreSQL does not let us in: connection failed" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1, refused.stderr


def test_the_demo_world_is_refused_in_production(tmp_path: Path) -> None:
    refused = manage("seed_demo", "--write", str(tmp_path / "demo.json"))

    assert refused.returncode != 0
    assert "refused where ENVIRONMENT=production" in refused.stderr


@pytest.mark.django_db
def test_refuses_a_runtime_role_that_stands_above_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "IS_PRODUCTION", True)
    good = checks.runtime_role_is_walled(databases=["default"])
    found: list[Any] = []
    for role in ("slipway_owner", "postgres"):
        monkeypatch.setattr(isolation, "runtime_role", lambda role=role: role)
        found += checks.runtime_role_is_walled(databases=["default"])

    assert good == []
    assert [error.id for error in found] == ["contract.E001", "contract.E001"]
    assert "owns" in found[0].msg
    assert "bypasses" in found[1].msg


def test_a_mounted_secret_ends_before_its_newline(tmp_path: Path) -> None:
    mounted = tmp_path / "key"
    mounted.write_text("k" * 31 + "\n")

    refused = manage("check", JWT_SIGNING_KEY="", JWT_SIGNING_KEY_FILE=str(mounted))

    assert "  JWT_SIGNING_KEY: Each key must have at least 32 bytes" in refused.stderr

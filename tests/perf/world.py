"""Where everything is, and the database that all servers read: migrated by the service, filled by one statement."""

import json
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processes import Signals, start
from progress import Refusal

PERF = Path(__file__).resolve().parent
ROOT = PERF.parents[1]
SERVICE = ROOT / "packages/api"
STATE = ROOT / ".local/perf"
PYTHON = Path(sys.executable)
SERVICE_PYTHON = PERF / ".venv-service/bin/python"
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
# Counted for every request, never reached.
RATE = "1000000000/hour"
RATES = ("ANON", "USER", "TENANT_READ", "TENANT_WRITE", "AUTH", "AUTH_ADDRESS")


@dataclass(frozen=True)
class World:
    """What `seed.py` made, and the variables that servers are started with."""

    rows: int
    made: dict[str, Any]
    service_environment: dict[str, str]

    def token(self, person: dict[str, str], is_service: bool) -> str:
        return person["service" if is_service else "peer"]

    def peer_environment(self, behind_wall: bool) -> dict[str, str]:
        """The service's variables; a peer opens the database as its tables' owner, unless it keeps the wall."""
        url = self.service_environment["DATABASE_URL" if behind_wall else "DATABASE_OWNER_URL"]
        return {**self.service_environment, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "starter.settings"}


def service_environment() -> dict[str, str]:
    """Production's settings, with limits that are counted and never reached."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {
        **inherited,
        "ENVIRONMENT": "production",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_SIGNING_KEY": secrets.token_urlsafe(48),
        "ACCESS_TOKEN_SECONDS": str(3 * 3600),
        "PUBLIC_URL": "http://127.0.0.1",
        "ALLOWED_HOSTS": "127.0.0.1",
        **{f"THROTTLE_{name}": RATE for name in RATES},
    }


def build(signals: Signals, rows: int, seed: int) -> World:
    """Migrate and fill the database that the environment names."""
    environment = service_environment()
    run(signals, environment, SERVICE / "manage.py", "migrate", "--verbosity", "0")
    printed = run(signals, {**environment, "PYTHONPATH": str(SERVICE)}, PERF / "seed.py", str(rows), str(seed))
    return World(rows, json.loads(printed), environment)


def run(signals: Signals, environment: dict[str, str], *arguments: str | Path) -> str:
    """What the service's Python prints; its failure becomes a sentence."""
    child = start([SERVICE_PYTHON, *arguments], environment=environment, folder=SERVICE, output=subprocess.PIPE)
    printed = signals.output_of(child)
    if child.returncode:
        raise Refusal(f"The database could not be prepared:\n{printed[-2000:]}")
    return printed

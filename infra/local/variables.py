"""The environment variables that the service gets on a developer's machine; what the person has set wins."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from ports import chosen_port, refuse_unreachable

ROOT = Path(__file__).resolve().parents[2]
SERVICE = ROOT / "packages/api"
STATE = ROOT / ".local"
SECRETS = STATE / "secrets.env"
SECRET_NAMES = ("SECRET_KEY", "JWT_SIGNING_KEY")
SQLITE = STATE / "slipway.sqlite3"


def for_service() -> dict[str, str]:
    """Everything that manage.py and the server are started with."""
    given = {name: value for name, value in os.environ.items() if value}
    defaults = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": f"sqlite:///{quote(str(SQLITE))}",
        "PUBLIC_URL": f"http://127.0.0.1:{chosen_port()}",
        "API_DOCS_ENABLED": "true",
        # At a terminal Ctrl-C should end what still runs.
        "DRAIN_SECONDS": "3",
        **kept_secrets(),
    }
    unset = {name: value for name, value in defaults.items() if f"{name}_FILE" not in given}
    return {**unset, **given, "DJANGO_SETTINGS_MODULE": "config.settings"}


def kept_secrets() -> dict[str, str]:
    """Secrets made once for this checkout, so that sessions and tokens outlive a restart."""
    kept = dict(line.split("=", 1) for line in stored_lines() if "=" in line)
    fresh = {name: secrets.token_urlsafe(48) for name in SECRET_NAMES if not kept.get(name)}
    if fresh:
        STATE.mkdir(exist_ok=True)
        write_private(SECRETS, "".join(f"{name}={value}\n" for name, value in {**kept, **fresh}.items()))
    return {**kept, **fresh}


def stored_lines() -> list[str]:
    """What was kept; nothing at the first start."""
    return SECRETS.read_text().splitlines() if SECRETS.exists() else []


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody but its owner may read at any moment, whole or not at all."""
    draft = path.with_suffix(f".{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def refuse_missing_servers(variables: Mapping[str, str]) -> None:
    """Raise a sentence when a database or Redis that the variables name does not answer."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        if not variables.get(name, "sqlite:").startswith("sqlite:"):
            refuse_unreachable(name, variables[name])


def shares_state(variables: Mapping[str, str]) -> bool:
    """Whether several processes can serve: rows in a database server, limits and locks in Redis."""
    database = variables.get("DATABASE_URL_FILE") or variables["DATABASE_URL"]
    cache = variables.get("REDIS_URL_FILE") or variables.get("REDIS_URL")
    return not database.startswith("sqlite:") and bool(cache)

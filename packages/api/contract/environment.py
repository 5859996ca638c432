"""One typed reader for environment variables: `NAME`, or `NAME_FILE` with the path of a mounted secret."""

import re
from collections.abc import Mapping
from typing import Any, cast

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from environs import EnvValidationError, FileAwareEnv, ValidationError

# PostgreSQL that does not answer is waited for this long, because the thread can do nothing else.
CONNECT_SECONDS = 5
RATE = re.compile(r"(?P<count>[1-9][0-9]*)/(?P<period>s|sec|second|min|minute|h|hour|d|day)")


class Environment(FileAwareEnv):
    """Reads lazily and reports every missing or bad value together in `verify()`."""

    def __init__(self) -> None:
        # Whoever writes a secret into a file ends the line.
        super().__init__(eager=False, strip_whitespace=True)

    @property
    def names(self) -> frozenset[str]:
        """Every variable that was asked for so far."""
        return frozenset(self._fields)

    def given(self, name: str) -> Any:
        """The value of a variable that was read, None when it is missing or bad."""
        return self._values.get(name)

    def refuse(self, name: str, sentence: str) -> None:
        """Add a fault that only shows beside other variables."""
        self._errors[name].append(sentence)

    def require(self, *names: str, why: str) -> None:
        """Refuse those of these variables that were read and are empty."""
        for name in names:
            if not self.given(name) and name not in self._errors:
                self.refuse(name, f"It must be set {why}.")

    def verify(self) -> None:
        """Raise `ImproperlyConfigured` with one sentence for each missing or bad variable."""
        try:
            self.seal()
        except EnvValidationError as error:
            # Django imports settings again to report the failure, so reading must be possible once more.
            Environment.__init__(self)
            raise ImproperlyConfigured(_sentences(error)) from None


def _sentences(error: EnvValidationError) -> str:
    lines = ["The environment is not complete. Set these variables (or NAME_FILE for a mounted secret):"]
    for name, messages in sorted(cast(Mapping[str, list[str]], error.error_messages).items()):
        lines += [f"  {name}: {message}" for message in messages]
    return "\n".join(lines)


def rate_or_off(value: str) -> None:
    """A validator for `1000/hour`, `5/min`, `10/s` or `off`, for tests and laptops."""
    if value != "off":
        rate(value)


def rate(value: str) -> None:
    """A validator for `1000/hour`, `5/min` or `10/s`: in production no limit is off."""
    if not RATE.fullmatch(value):
        raise ValidationError(f"{value!r} is not a rate: write 1000/hour, 5/min or 10/s.")


def is_database_url(value: str) -> None:
    """A validator for the URL of a PostgreSQL or SQLite database."""
    if not value.startswith(("postgres://", "postgresql://", "sqlite:///")):
        raise ValidationError("It must begin with postgres:// or sqlite:///, for example postgres://app@db/slipway.")
    try:
        dj_database_url.parse(value)
    except ValueError:
        # What the parser says may hold a part of the password.
        raise ValidationError(
            "It is no URL: write special signs of its user and password as %2F and the like."
        ) from None


def is_postgresql_url(value: str) -> None:
    """A validator for production, where only PostgreSQL holds the tenant wall."""
    if not value.startswith(("postgres://", "postgresql://")):
        raise ValidationError("It must begin with postgres://, because only PostgreSQL holds the tenant wall.")
    is_database_url(value)


def database(url: str | None, options: Mapping[str, str]) -> dict[str, Any]:
    """Django's settings for a database; a stand-in for a bad URL, which `verify()` is about to refuse.

    `options` are libpq's and are for PostgreSQL only.
    """
    try:
        is_database_url(url or "")
    except ValidationError:
        url = "sqlite:///:memory:"
    settings: dict[str, Any] = dict(dj_database_url.parse(str(url), conn_max_age=None, conn_health_checks=True))
    if settings["ENGINE"].endswith("sqlite3"):
        # IMMEDIATE, or a read that turns into a write fails at once with "database is locked".
        settings["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
    else:
        settings["ENGINE"] = "contract.postgresql"
        settings["OPTIONS"] = {"connect_timeout": CONNECT_SECONDS, **settings.get("OPTIONS", {}), **options}
    return settings


def is_signing_key(keys: list[str]) -> None:
    """A validator for a list of HMAC keys: the first signs, all verify (RFC 7518 §3.2 asks for 32 bytes)."""
    if not keys or any(len(key.encode()) < 32 for key in keys):
        raise ValidationError("Each key must have at least 32 bytes; separate several by commas.")


env = Environment()

"""One typed reader for environment variables: `NAME`, or `NAME_FILE` with the path of a mounted secret."""

import re
from collections.abc import Mapping
from typing import cast

from django.core.exceptions import ImproperlyConfigured
from environs import EnvValidationError, FileAwareEnv, ValidationError

RATE = re.compile(r"(?P<count>[1-9][0-9]*)/(?P<period>s|sec|second|min|minute|h|hour|d|day)")


class Environment(FileAwareEnv):
    """Reads lazily and reports every missing or bad value together in `verify()`."""

    def __init__(self) -> None:
        super().__init__(eager=False)

    @property
    def names(self) -> frozenset[str]:
        """Every variable that was asked for so far."""
        return frozenset(self._fields)

    def verify(self) -> None:
        """Raise `ImproperlyConfigured` with one sentence for each missing or bad variable."""
        try:
            self.seal()
        except EnvValidationError as error:
            raise ImproperlyConfigured(_sentences(error)) from None


def _sentences(error: EnvValidationError) -> str:
    lines = ["The environment is not complete. Set these variables (or NAME_FILE for a mounted secret):"]
    for name, messages in sorted(cast(Mapping[str, list[str]], error.error_messages).items()):
        lines += [f"  {name}: {message}" for message in messages]
    return "\n".join(lines)


def is_rate(value: str) -> None:
    """A validator for `1000/hour`, `5/min`, `10/s` or `off`."""
    if value != "off" and not RATE.fullmatch(value):
        raise ValidationError(f"{value!r} is not a rate: write 1000/hour, 5/min, 10/s, or off.")


def is_signing_key(keys: list[str]) -> None:
    """A validator for a list of HMAC keys: the first signs, all verify (RFC 7518 §3.2 asks for 32 bytes)."""
    if not keys or any(len(key.encode()) < 32 for key in keys):
        raise ValidationError("Each key must have at least 32 bytes; separate several by commas.")


env = Environment()

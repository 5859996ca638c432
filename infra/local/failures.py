"""Turns what a failed program printed into one sentence that says what to do."""

import re

KNOWN = (
    (
        r"No space left on device|database or disk is full|Disk quota exceeded",
        "the disk is full; free some space.",
    ),
    (r"readonly database|unable to open database file|Read-only file", "this checkout cannot be written to."),
    (r"database is locked", "another program holds the database; stop it, then try again."),
    (r"(?s)ImproperlyConfigured: (.+)", r"\1"),
    (r"OperationalError: (.+)", r"the database refused: \1"),
    (
        r"(?i)failed to fetch|could not connect|connection error|dns error",
        "the package index does not answer.",
    ),
)


def last_line(output: str) -> str:
    """The last line that says something."""
    return next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "no output")


def known_sentence(output: str) -> str | None:
    """The sentence for a failure that has nothing to do with the code, None for any other."""
    for pattern, answer in KNOWN:
        if found := re.search(pattern, output):
            return found.expand(answer).strip()
    return None


def sentence(output: str) -> str:
    """The sentence for a known failure, else the last line of the output."""
    return known_sentence(output) or last_line(output)

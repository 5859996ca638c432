"""Before anything is measured: every server gives the same rows, and creates one row for two equal requests."""

from datetime import UTC, datetime
from typing import Any

import orjson
from progress import Refusal
from servers import Running
from workloads import Ask, Workload, ask

FIELDS = {"id", "email", "name", "status", "metadata", "created_at", "updated_at"}
ENVELOPES = ("data", "results", "items")


def rows(body: bytes) -> list[dict[str, Any]]:
    """The customers in an answer, whatever they are wrapped in, with times as instants."""
    answer = orjson.loads(body)
    found = next((answer[name] for name in ENVELOPES if name in answer), [answer])
    return [{name: instant(name, value) for name, value in row.items()} for row in found]


def instant(name: str, value: Any) -> Any:
    """django-ninja writes milliseconds where others write microseconds; both are the same column."""
    if not name.endswith("_at"):
        return value
    return datetime.fromisoformat(value).astimezone(UTC).isoformat(timespec="milliseconds")


def compare(workload: Workload, asked: dict[str, tuple[Running, Ask]]) -> None:
    """Raise a sentence unless all servers answer one request of a workload with the same rows and fields."""
    answers = {name: rows(ask(started, wanted)) for name, (started, wanted) in asked.items()}
    first, expected = next(iter(answers.items()))
    if any(set(row) != FIELDS for row in expected) or len(expected) != (1 if workload.name == "W2" else 50):
        raise Refusal(f"{workload.name} of {first} has other rows than it should: {expected[:1]}")
    for name, answer in answers.items():
        if answer != expected:
            raise Refusal(f"{workload.name} of {name} differs from {first}: {answer[:1]} is not {expected[:1]}")


def create_twice(started: Running, wanted: Ask) -> None:
    """Raise a sentence unless the second of two equal creates gets the first one's row."""
    key = f"twin-{started.server.name.replace('+', '-')}"
    body = orjson.dumps({"email": f"{key}@example.com", "name": "Twin", "metadata": {"plan": "pro"}})
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    first, second = (rows(ask(started, wanted, body, headers)) for _ in range(2))
    if first != second or set(first[0]) != FIELDS:
        raise Refusal(f"{started.server.name} created twice for one key: {first}, then {second}")

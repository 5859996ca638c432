"""The four kinds of request, written down once for each server and sent in turn."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from progress import Refusal
from servers import Running
from world import World

LIST = "/api/v1/customers/"
LIMIT = 50
DEEP_TENANTS = 4
walked: dict[tuple[str, int], str] = {}


@dataclass(frozen=True)
class Workload:
    name: str
    title: str


WORKLOADS = (
    Workload("W1", "list of 50, newest first"),
    Workload("W2", "one customer"),
    Workload("W3", "create with Idempotency-Key"),
    Workload("W4", "list of 50 at 90 % depth"),
)


@dataclass(frozen=True)
class Ask:
    """One request: `method` is GET or POST."""

    method: str
    path: str
    token: str

    def line(self) -> str:
        return f"{self.method}\t{self.path}\t{self.token}\n"


def plan(workload: Workload, started: Running, world: World) -> list[Ask]:
    """The requests of a workload in the form that this server wants."""
    is_service = started.server.is_service
    readers = world.made["readers"]
    tokens = {reader["organization"]: world.token(reader, is_service) for reader in readers}
    first_page = f"{LIST}?limit={LIMIT}"
    match workload.name:
        case "W1":
            return [Ask("GET", first_page, token) for token in tokens.values()]
        case "W2":
            return [Ask("GET", f"{LIST}{row}/", tokens[owner]) for row, owner in world.made["details"]]
        case "W3":
            return [Ask("POST", LIST, world.token(world.made["writer"], is_service))]
    places = zip(tokens.values(), world.made["deep"], strict=True)
    return [Ask("GET", deep_page(started, token, place), token) for token, place in list(places)[:DEEP_TENANTS]]


def deep_page(started: Running, token: str, place: dict[str, Any]) -> str:
    """The address of the page at 90 % depth; the service gives its cursors only to whoever walks there."""
    first_page = f"{LIST}?limit={LIMIT}"
    match started.server.style:
        case "offset":
            return f"{first_page}&offset={place['offset']}"
        case "keyset":
            return f"{first_page}&before={quote(place['created_at'])}&id={place['id']}"
    return f"{first_page}&cursor={quote(walk(started, token, place['offset']))}"


def walk(started: Running, token: str, offset: int) -> str:
    """The cursor behind `offset` rows, by pages of 200; all processes of the service take it."""
    if (token, offset) in walked:
        return walked[token, offset]
    cursor = None
    rest = offset
    while rest:
        step = min(200, rest)
        path = f"{LIST}?limit={step}" + (f"&cursor={quote(cursor)}" if cursor else "")
        cursor = orjson.loads(ask(started, Ask("GET", path, token)))["meta"]["next"]
        rest -= step
    return walked.setdefault((token, offset), str(cursor))


def ask(started: Running, wanted: Ask, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
    """The body of a good answer; anything else ends the run."""
    sent = {"Authorization": f"Bearer {wanted.token}", **(headers or {})}
    with closing(HTTPConnection("127.0.0.1", started.port, timeout=60)) as connection:
        connection.request(wanted.method, wanted.path, body, sent)
        response = connection.getresponse()
        answer = response.read()
    if response.status // 100 != 2:
        name = started.server.name
        raise Refusal(f"{name} answered {wanted.method} {wanted.path} with {response.status}: {answer[:500]!r}")
    return answer


def write(asks: list[Ask], path: Path) -> Path:
    """The plan as the load generator reads it."""
    path.write_text("".join(asked.line() for asked in asks))
    return path

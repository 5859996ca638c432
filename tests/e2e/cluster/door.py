"""The way in from outside: HTTP over TLS through the cluster's gateway, and a load that counts what fails."""

import http.client
import json
import logging
import socket
import ssl
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any] | None
# Figures, shown while the tests run.
report = logging.getLogger("e2e").info


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    def json(self) -> Any:
        return json.loads(self.body)


class _Connection(http.client.HTTPSConnection):
    """Speaks to an address under another name, as `curl --connect-to` does."""

    def __init__(self, host: str, address: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__(host, timeout=60, context=context)
        self.address, self.context = (address, port), context

    def connect(self) -> None:
        plain = socket.create_connection(self.address, timeout=60)
        self.sock = self.context.wrap_socket(plain, server_hostname=self.host)


class Door:
    """One host behind one address."""

    def __init__(self, host: str, address: str, authority: str, port: int = 443) -> None:
        self.host, self.address, self.port = host, address, port
        self.context = ssl.create_default_context(cadata=authority)
        # An authority made by plain openssl has no key usage.
        self.context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        self.authorization: dict[str, str] = {}

    def connection(self) -> http.client.HTTPSConnection:
        return _Connection(self.host, self.address, self.port, self.context)

    def __call__(self, method: str, path: str, body: Body = None, connection: Any = None, **headers: str) -> Answer:
        """One request; on a connection of its own unless one is given."""
        own = connection or self.connection()
        sent = {**self.authorization, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            sent["Content-Type"] = "application/json"
        own.request(method, path, None if body is None else json.dumps(body), sent)
        answer = own.getresponse()
        result = Answer(answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()})
        if connection is None:
            own.close()
        return result

    def login(self, connection: Any = None) -> str:
        """A new access token of somebody in the demo world, whose password is published."""
        credentials = {"email": "ada@acme.example", "password": "slipway-demo"}
        answer = self("POST", "/api/v1/auth/login/", credentials, connection=connection)
        if answer.status != 200:
            raise ValueError(f"login was answered with {answer}")
        return str(answer.json()["access"])

    def sign_in(self) -> "Door":
        self.authorization = {"Authorization": f"Bearer {self.login()}"}
        return self

    def slow_login(self, seconds: float) -> int:
        """A request whose body takes its time: it is in flight while pods come and go."""
        body = json.dumps({"email": f"{uuid.uuid4()}@acme.example", "password": "x" * 20}).encode()
        with self.context.wrap_socket(
            socket.create_connection((self.address, self.port), 60), server_hostname=self.host
        ) as raw:
            head = f"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n"
            raw.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            for byte in body:
                time.sleep(seconds / len(body))
                raw.sendall(bytes([byte]))
            return int(raw.makefile("rb").readline().split()[1])


@dataclass
class Load:
    """Requests in threads until it is left; each answer is counted, each failure kept."""

    requests: Callable[[http.client.HTTPSConnection, int], Answer | int]
    door: Door
    threads: int = 4
    expected: frozenset[int] = frozenset({200, 201})
    pause: float = 0.02
    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __enter__(self) -> "Load":
        self.stopped = threading.Event()
        self.running = [threading.Thread(target=self._work, args=(number,)) for number in range(self.threads)]
        for thread in self.running:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.running:
            thread.join()

    @property
    def count(self) -> int:
        return sum(self.statuses.values())

    def _work(self, number: int) -> None:
        connection = self.door.connection()
        while not self.stopped.wait(self.pause):
            started = time.time()
            try:
                answer = self.requests(connection, number)
            except (OSError, http.client.HTTPException, ValueError, IndexError) as error:
                self._count(type(error).__name__, f"{started:.1f}: {error!r}")
                connection.close()
                connection = self.door.connection()
                continue
            status = answer if isinstance(answer, int) else answer.status
            detail = "" if isinstance(answer, int) else answer.body[:200].decode(errors="replace")
            self._count(str(status), "" if status in self.expected else f"{started:.1f}: {status} {detail}")
        connection.close()

    def _count(self, outcome: str, failure: str) -> None:
        self.statuses[outcome] += 1
        if failure:
            self.failures.append(failure)

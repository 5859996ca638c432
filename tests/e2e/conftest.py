"""A running Slipway, seen from outside: by its address and the file of its demo logins, and nothing else.

Set DEMO_FILE to judge a service that runs already; otherwise one is started on SQLite and one on PostgreSQL and Redis.
"""

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
DATABASES = ["given"] if "DEMO_FILE" in os.environ else ["sqlite", "postgresql"]
LIMITS = ("ANON", "USER", "TENANT_READ", "TENANT_WRITE", "AUTH", "AUTH_ADDRESS")
# The tests of a cluster have a command of their own: `make e2e`.
collect_ignore = ["cluster"]
RATES = {f"THROTTLE_{name}": "100000/min" for name in LIMITS}


class World:
    """The demo world and the ways into it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.url: str = document["base_url"]
        self.organizations: list[dict[str, Any]] = document["organizations"]

    def token(self, organization: int, person: int = 0) -> str:
        user = self.organizations[organization]["users"][person]
        body = {"email": user["email"], "password": user["password"]}
        answer = requests.post(f"{self.url}/api/v1/auth/login/", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access"])

    def client(self, organization: int, *, key: bool = False) -> "Client":
        if key:
            return Client(self.url, f"Api-Key {self.organizations[organization]['api_key']}")
        return self.bearer(self.token(organization))

    def bearer(self, token: str) -> "Client":
        return Client(self.url, f"Bearer {token}")


class Client:
    """An HTTP client that is one principal."""

    def __init__(self, url: str, credential: str) -> None:
        self.url, self.credential = url, credential

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": self.credential, **options.pop("headers", {})}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=60, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self("POST", path, **options)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All in one process: the demo world on PostgreSQL is one for the whole run."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.fixture(scope="session", params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if request.param == "given":
        yield World(json.loads(Path(os.environ["DEMO_FILE"]).read_text()))
        return
    with served(request.param, tmp_path_factory.mktemp(request.param)) as found:
        yield found


@contextmanager
def served(database: str, folder: Path, **environment: str) -> Iterator[World]:
    """The service of this checkout with its demo world, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    folder.mkdir(parents=True, exist_ok=True)
    demo = folder / "demo.json"
    command = [sys.executable, ROOT / "infra/local/serve.py", "--bind", address, "--base-url", f"http://{address}"]
    process = subprocess.Popen(
        [*command, "--demo", demo],
        cwd=ROOT / "packages/api",
        env=settings(database, folder, environment),
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(process, f"http://{address}/readyz")
        yield World(json.loads(demo.read_text()))
    finally:
        process.terminate()
        process.wait(20)


def settings(database: str, folder: Path, given: dict[str, str]) -> dict[str, str]:
    """What the service is started with: one process on SQLite, which counts limits inside, otherwise two."""
    fixed = {"ENVIRONMENT": "development", "DJANGO_SETTINGS_MODULE": "config.settings", "DRAIN_SECONDS": "3"}
    chosen = {**os.environ, **RATES, "API_DOCS_ENABLED": "true", **given, **fixed}
    if database == "sqlite":
        chosen.pop("DATABASE_OWNER_URL", None)
        return {
            **chosen,
            "DATABASE_URL": f"sqlite:///{folder}/slipway.sqlite3",
            "REDIS_URL": "",
            "WEB_CONCURRENCY": "1",
        }
    return {**chosen, **({} if "DATABASE_URL" in given else own_database()), "WEB_CONCURRENCY": "2"}


def own_database() -> dict[str, str]:
    """A fresh database beside the others of this run, as URLs of the owner and of the serving role."""
    name = f"e2e_{uuid.uuid4().hex[:8]}"
    urls = {variable: urlsplit(os.environ[variable]) for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    with psycopg.connect(urls["DATABASE_OWNER_URL"].geturl(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return {variable: parts._replace(path=f"/{name}").geturl() for variable, parts in urls.items()}


def wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "The service ended before it was ready."
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise TimeoutError(url)


@pytest.fixture
def serve() -> Callable[..., AbstractContextManager[World]]:
    """`served`, for tests that start a service of their own."""
    if DATABASES == ["given"]:
        pytest.skip("The service that is judged was started by somebody else.")
    return served


@pytest.fixture
def fresh_database() -> Callable[[], dict[str, str]]:
    """`own_database`, for tests that need another one."""
    return own_database

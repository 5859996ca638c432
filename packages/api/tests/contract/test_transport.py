"""What this process demands of the servers that it calls: their authority, and their name."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from contract.environment import Environment
from contract.throttling import Bucket, RedisStore
from contract.transport import to_postgresql, to_redis
from tests.contract.authorities import Authority
from tests.contract.servers import API

BUCKET = [Bucket("test", "test:somebody", 5, 60)]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours")


@pytest.fixture
def port(authority: Authority, tmp_path: Path) -> Iterator[int]:
    """A Redis that speaks TLS only, as `localhost`."""
    cert, key = authority.issue("redis", dns=("localhost",)).files
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    files = ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", str(authority.file)]
    command = [str(shutil.which("redis-server")), "--port", "0", "--bind", "127.0.0.1", "--tls-port", str(free), *files]
    options = ["--tls-auth-clients", "no", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    try:
        wait_for(free)
        yield free
    finally:
        server.terminate()
        server.wait(10)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(port)


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Environment:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    env = Environment()
    env.str("REDIS_URL", "")
    return env


def test_redis_is_reached_where_its_authority_and_its_name_are_right(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, port: int
) -> None:
    url = f"rediss://localhost:{port}"
    env = read(monkeypatch, REDIS_URL=url, REDIS_CA_FILE=str(authority.file))

    readings = RedisStore(url, to_redis(env)).hit(BUCKET)

    assert [reading.used for reading in readings] == [1]


def test_redis_under_another_name_or_authority_is_refused(authority: Authority, port: int, tmp_path: Path) -> None:
    other = Authority(tmp_path / "theirs")

    # The first is another way to write 127.0.0.1, which the certificate does not name.
    for host, trusted in (("127.1", authority), ("localhost", other)):
        with pytest.raises(redis.ConnectionError, match="certificate verify failed"):
            RedisStore(f"rediss://{host}:{port}", {"ssl_ca_certs": str(trusted.file)}).hit(BUCKET)


def test_postgresql_is_verified_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    env = read(monkeypatch, DATABASE_CA_FILE="ca", DATABASE_CERT_FILE="cert", DATABASE_KEY_FILE="key")

    assert to_postgresql(env) == {"sslmode": "verify-full", "sslrootcert": "ca", "sslcert": "cert", "sslkey": "key"}


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"REDIS_CA_FILE": "ca"}, "REDIS_URL: It must begin with rediss:// where REDIS_CA_FILE"),
        ({"DATABASE_CERT_FILE": "cert"}, "DATABASE_KEY_FILE: It must be set where the other one is."),
        ({"STORAGE_S3_ENABLED": "true"}, "STORAGE_S3_BUCKET: It must be set where STORAGE_S3_ENABLED is true."),
        (
            {"STORAGE_S3_ENABLED": "true", "STORAGE_S3_ACCESS_KEY_ID": "one"},
            "STORAGE_S3_SECRET_ACCESS_KEY: It must be set where the other one is.",
        ),
    ],
)
def test_settings_that_do_not_fit_are_named(variables: dict[str, str], sentence: str) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "REDIS_URL": "redis://localhost",
        **variables,
    }
    refused = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=API, env=environment, capture_output=True, text=True, timeout=60
    )

    assert refused.returncode == 1
    assert sentence in refused.stderr

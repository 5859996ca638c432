"""What this process demands of the servers that it calls: their authority, and their name."""

import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from contract.environment import Environment, database
from contract.throttling import Bucket, RedisStore
from contract.transport import to_postgresql, to_redis
from tests.contract.authorities import Authority
from tests.contract.encrypted import postgresql
from tests.contract.servers import API, free_port, wait_for

BUCKET = [Bucket("test", "test:somebody", 5, 60)]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours")


@pytest.fixture
def port(authority: Authority, tmp_path: Path) -> Iterator[int]:
    """A Redis that speaks TLS only, as `localhost`."""
    cert, key = authority.issue("redis", dns=("localhost",)).files
    free = free_port()
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


def ask(port: int, host: str = "localhost") -> tuple[bool, str]:
    """Whether PostgreSQL was reached over TLS, and the name that it read in the certificate of the client."""
    url = f"postgres://postgres@{host}:{port}/postgres?hostaddr=127.0.0.1"
    query = "SELECT ssl, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    with psycopg.connect(url, **database(url, to_postgresql(Environment()))["OPTIONS"]) as connection:
        return connection.execute(query).fetchone()


def test_postgresql_is_reached_only_where_its_authority_and_its_name_are_right(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, tmp_path: Path
) -> None:
    cert, key = authority.issue("service").files
    read(monkeypatch, DATABASE_CA_FILE=str(authority.file), DATABASE_CERT_FILE=cert, DATABASE_KEY_FILE=key)

    with postgresql(authority) as port:
        reached = ask(port)
        with pytest.raises(psycopg.OperationalError, match='does not match host name "elsewhere"'):
            ask(port, "elsewhere")
        read(monkeypatch, DATABASE_CA_FILE="system", SSL_CERT_FILE=str(authority.file))
        public = ask(port)
        read(monkeypatch, DATABASE_CA_FILE=str(Authority(tmp_path / "theirs").file))
        with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
            ask(port)

    assert reached == public == (True, "/CN=service")


def test_the_public_authorities_are_those_of_this_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    options = to_postgresql(read(monkeypatch, DATABASE_CA_FILE="system"))

    assert options == {"sslmode": "verify-full", "sslrootcert": "system"}
    assert os.environ["SSL_CERT_DIR"] == ssl.get_default_verify_paths().openssl_capath
    assert os.environ["SSL_CERT_FILE"] == ssl.get_default_verify_paths().openssl_cafile


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"REDIS_CA_FILE": "ca"}, "REDIS_URL: It must begin with rediss:// where REDIS_CA_FILE"),
        ({"DATABASE_CERT_FILE": "cert"}, "DATABASE_KEY_FILE: It must be set where the other one is."),
        (
            {"DATABASE_CERT_FILE": "cert", "DATABASE_KEY_FILE": "key"},
            "DATABASE_CA_FILE: It must be set where DATABASE_CERT",
        ),
        (
            {"DATABASE_URL": "sqlite:///one.sqlite3", "DATABASE_CA_FILE": "ca"},
            "DATABASE_URL: It must begin with postgres:// where DATABASE_CA_FILE",
        ),
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

"""One PostgreSQL with the service's two roles: an owner for migrations and a weak one for requests."""

import secrets
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from failures import last_line
from ports import LOOPBACK, free_port
from processes import Signals, start, stop
from progress import Refusal

from services.packages import postgresql_program

FAST_SHUTDOWN = signal.SIGINT
CLUSTER = ("--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
PASSWORDS = ("--auth-local=trust", "--auth-host=scram-sha-256")
# Without these three a test run is several times faster, and its data need not survive a power cut.
VOLATILE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
ROLES = """
CREATE ROLE slipway_owner LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD '{owner}';
CREATE ROLE slipway_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{app}';
CREATE DATABASE slipway OWNER slipway_owner;
GRANT CONNECT ON DATABASE slipway TO slipway_app;
"""


@dataclass(frozen=True)
class PostgreSQL:
    """A running server."""

    process: subprocess.Popen[str]
    folder: Path
    port: int
    user: str | None


def program(name: str) -> Path:
    """The path of one of PostgreSQL's programs."""
    found = postgresql_program(name)
    if found is None:
        raise Refusal(f"PostgreSQL's {name} is not installed: install postgresql.")
    return found


def launch(signals: Signals, folder: Path, user: str | None, *, durable: bool) -> PostgreSQL:
    """Create a cluster in `folder` and start it; it answers when this returns."""
    data = folder / "cluster"
    created = start(
        [program("initdb"), "-D", data, *CLUSTER, *PASSWORDS],
        folder=folder,
        user=user,
        output=subprocess.PIPE,
    )
    output = signals.output_of(created)
    if created.returncode:
        raise Refusal(f"PostgreSQL could not create its data folder: {last_line(output)}")
    port = free_port()
    settings = [
        "max_connections=300",
        f"listen_addresses={LOOPBACK}",
        f"port={port}",
        f"unix_socket_directories={folder}",
    ]
    settings += [] if durable else VOLATILE
    options = [part for setting in settings for part in ("-c", setting)]
    with (folder / "server.log").open("w") as log:
        process = start([program("postgres"), "-D", data, *options], folder=folder, user=user, output=log.fileno())
    server = PostgreSQL(process, folder, port, user)
    try:
        wait_until_ready(signals, server)
    except BaseException:
        stop(process, FAST_SHUTDOWN)
        raise
    return server


def wait_until_ready(signals: Signals, server: PostgreSQL) -> None:
    """Return when queries are answered."""

    def is_ready() -> bool:
        # The server itself writes this word when it takes queries, not merely connections.
        status = server.folder / "cluster" / "postmaster.pid"
        return server.process.poll() is not None or (status.exists() and last_line(status.read_text()) == "ready")

    if not signals.sleep_until(is_ready, seconds=30) or server.process.poll() is not None:
        log = (server.folder / "server.log").read_text()
        raise Refusal(f"PostgreSQL did not start: {last_line(log)}")


def create_roles(signals: Signals, server: PostgreSQL) -> dict[str, str]:
    """Create both roles and the database; return the URLs that open it."""
    passwords = {"owner": secrets.token_urlsafe(24), "app": secrets.token_urlsafe(24)}
    command = [
        program("psql"),
        "-X",
        "-q",
        "-h",
        server.folder,
        "-p",
        str(server.port),
        "-U",
        "postgres",
        "-d",
        "postgres",
    ]
    command += ["-v", "ON_ERROR_STOP=1"]
    for statement in ROLES.format(**passwords).strip().splitlines():
        command += ["-c", statement]
    created = start(command, folder=server.folder, user=server.user, output=subprocess.PIPE)
    output = signals.output_of(created)
    if created.returncode:
        raise Refusal(f"PostgreSQL refused to create the roles: {last_line(output)}")
    place = f"{LOOPBACK}:{server.port}/slipway"
    return {
        "DATABASE_URL": f"postgres://slipway_app:{passwords['app']}@{place}",
        "DATABASE_OWNER_URL": f"postgres://slipway_owner:{passwords['owner']}@{place}",
    }

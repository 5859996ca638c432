"""A PostgreSQL of a test's own that speaks TLS only, as `localhost`, and asks for a client's certificate."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.contract.authorities import Authority
from tests.contract.servers import free_port

ACCESS = "hostssl all all 127.0.0.1/32 trust clientcert=verify-ca\n"
SETTINGS = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "ssl=on", "fsync=off")


def program(name: str) -> str:
    """From PATH, or from the newest of Debian's folders, which are not on it."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    path = os.pathsep.join([os.environ["PATH"], *map(str, reversed(folders))])
    if found := shutil.which(name, path=path):
        return found
    raise FileNotFoundError(f"PostgreSQL's {name} is not installed: install postgresql.")


def unprivileged_account() -> dict[str, str]:
    """Who the server runs as where we are root, which PostgreSQL refuses to be."""
    if os.geteuid():
        return {}
    names = {account.pw_name for account in pwd.getpwall()}
    return {"user": "postgres" if "postgres" in names else "nobody"}


def wait_until_ready(status: Path) -> None:
    """Return when queries are answered: connections are taken before."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if status.exists() and status.read_text().rstrip().endswith("ready"):
            return
        time.sleep(0.02)
    raise TimeoutError("PostgreSQL was not ready within 30 seconds")


@contextmanager
def postgresql(authority: Authority) -> Iterator[int]:
    """The port of the server."""
    account = unprivileged_account()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = (*authority.issue("postgresql", dns=("localhost",)).files, authority.file)
        cert, key, ca = (shutil.copy(file, folder) for file in files)
        access = folder / "access"
        access.write_text(ACCESS)
        for path in (folder, *folder.iterdir()) if account else ():
            shutil.chown(path, **account)
        creation = [program("initdb"), "-D", str(folder / "data"), "--username=postgres", "--auth=trust", "--no-sync"]
        subprocess.run(creation, **account, cwd="/", stdout=subprocess.DEVNULL, check=True)
        tls = (f"ssl_cert_file={cert}", f"ssl_key_file={key}", f"ssl_ca_file={ca}", f"hba_file={access}")
        with running(folder / "data", tls, account) as port:
            yield port


@contextmanager
def running(data: Path, settings: tuple[str, ...], account: dict[str, str]) -> Iterator[int]:
    port = free_port()
    options = [part for setting in (*SETTINGS, f"port={port}", *settings) for part in ("-c", setting)]
    command = [program("postgres"), "-D", str(data), *options]
    server = subprocess.Popen(command, **account, cwd="/", stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(data / "postmaster.pid")
        yield port
    finally:
        server.terminate()
        server.wait(10)

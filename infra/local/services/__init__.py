"""A fresh PostgreSQL and a fresh Redis for one command, in a temporary folder, on free loopback ports."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from disk import refuse_full_disk
from processes import Signals, stop
from progress import step

from services import postgresql, redis
from services.packages import install_missing


@contextmanager
def running(signals: Signals, *, durable: bool = False) -> Iterator[dict[str, str]]:
    """Yield DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL; leave neither server nor data behind."""
    install_missing(signals)
    with ExitStack() as stack:
        with step("Starting PostgreSQL and Redis"):
            urls = launch(signals, stack, durable=durable)
        yield urls


def launch(signals: Signals, stack: ExitStack, *, durable: bool) -> dict[str, str]:
    """Start both servers; `stack` stops what was started, however far this came."""
    user = unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="slipway-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    refuse_full_disk(folder, megabytes=300)
    # The servers' account may pass through to its own folder and see nothing else.
    folder.chmod(0o711)
    database = postgresql.launch(signals, owned_folder(folder / "postgresql", user), user, durable=durable)
    stack.callback(stop, database.process, postgresql.FAST_SHUTDOWN, patience=30)
    urls = postgresql.create_roles(signals, database)
    cache = redis.launch(signals, owned_folder(folder / "redis", user), user)
    stack.callback(stop, cache.process, redis.SHUTDOWN)
    return {**urls, "REDIS_URL": cache.url}


def unprivileged_user() -> str | None:
    """The account for the servers when we are root, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {account.pw_name for account in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def owned_folder(folder: Path, user: str | None) -> Path:
    """A private folder of the account that the server runs as."""
    folder.mkdir(mode=0o700)
    if user:
        shutil.chown(folder, user)
    return folder

"""Serves Slipway on this machine with a demo world: one command, no container, no server to install."""

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Any

import environment
import variables
from disk import refuse_full_disk
from locks import only_one
from ports import LOOPBACK, chosen_port, refuse_used_port
from processes import Interrupted, Signals, main, start, stop
from progress import Refusal, say
from variables import ROOT, SERVICE, SQLITE, STATE

DEMO = STATE / "demo.json"


def run(signals: Signals) -> int:
    """Prepare, serve until a signal comes, and leave nothing behind; being stopped is a success."""
    try:
        return prepare_and_serve(signals)
    except Interrupted:
        return 0


def prepare_and_serve(signals: Signals) -> int:
    """Refuse what cannot work before the slow steps, then serve; the exit code is the server's."""
    started = time.monotonic()
    port = chosen_port()
    refuse_used_port(port)
    refuse_full_disk(ROOT, megabytes=50)
    settings = variables.for_service()
    variables.refuse_missing_servers(settings)
    environment.ensure(signals, "base")
    server = None
    try:
        with only_one(signals, ROOT, "is starting"):
            # Whoever held the lock may serve on this port by now.
            refuse_used_port(port)
            server = serve(signals, settings, port)
            wait_until_ready(signals, server, port)
        if server.poll() is None:
            welcome(settings, port, time.monotonic() - started)
        code = signals.wait_for(server)
    finally:
        if server:
            stop(server)
            close_sqlite()
    signals.check()
    return code


def wait_until_ready(signals: Signals, server: subprocess.Popen[str], port: int) -> None:
    """Return when the service answers, or when it has ended and said why."""
    if not signals.sleep_until(lambda: server.poll() is not None or is_ready(port), seconds=600):
        raise Refusal("The service did not become ready in ten minutes: see what it wrote above.")


def serve(signals: Signals, settings: Mapping[str, str], port: int) -> subprocess.Popen[str]:
    """Start the server; from now on a signal ends it gracefully."""
    signals.translated = signal.SIGTERM
    command = [environment.PYTHON, ROOT / "infra/local/serve.py", "--bind", f"{LOOPBACK}:{port}"]
    command += ["--base-url", f"http://{LOOPBACK}:{port}"]
    if settings["ENVIRONMENT"] != "production":
        command += ["--demo", DEMO]
    served = {**settings, "WEB_CONCURRENCY": workers(settings)}
    signals.child = start(command, environment=served, folder=SERVICE)
    return signals.child


def workers(settings: Mapping[str, str]) -> str:
    """One process when limits are counted inside it; otherwise WEB_CONCURRENCY, 2 when that is not set."""
    return settings.get("WEB_CONCURRENCY", "2") if variables.shares_state(settings) else "1"


def is_ready(port: int) -> bool:
    """Whether the service answers and reaches its database."""
    with closing(HTTPConnection(LOOPBACK, port, timeout=5)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False


def close_sqlite() -> None:
    """Fold SQLite's two side files back into the database; the last one to close it removes them."""
    if SQLITE.with_name(f"{SQLITE.name}-wal").exists():
        with closing(sqlite3.connect(SQLITE)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def welcome(settings: Mapping[str, str], port: int, seconds: float) -> None:
    """Say where everything is and who may log in."""
    base = f"http://{LOOPBACK}:{port}"
    say(f"\nSlipway is ready after {seconds:.1f} s.\n")
    links = {"API": "/api/v1/", "Docs": "/api/docs/", "Swagger": "/api/docs/swagger/", "Health": "/readyz"}
    for name, path in links.items():
        say(f"  {name:8} {base}{path}")
    if DEMO.exists() and settings["ENVIRONMENT"] != "production":
        introduce(json.loads(DEMO.read_text()))
    say("\nStop with Ctrl-C.\n")


def introduce(demo: Mapping[str, Any]) -> None:
    """Show the demo logins and keys."""
    admin = demo["admin"]
    say(f"\n  Platform admin   {admin['email']}  {admin['password']}")
    for organization in demo["organizations"]:
        say(f"\n  {organization['slug']}  {organization['id']}")
        for user in organization["users"]:
            say(f"    {user['role']:8} {user['email']}  {user['password']}")
        say(f"    API key  {organization['api_key']}")


if __name__ == "__main__":
    main(run)

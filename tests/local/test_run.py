import json
import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

Begin = Callable[..., subprocess.Popen[str]]
KEPT = {"demo.json", "secrets.env", "slipway.sqlite3"}


def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body; status 0 when nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


@dataclass
class Served:
    """A service that `make run` has brought up."""

    process: subprocess.Popen[str]
    port: int
    checkout: Path
    seconds: float

    @property
    def state(self) -> Path:
        return self.checkout / ".local"

    def interrupt(self) -> tuple[str, str]:
        """What Ctrl-C does, and everything that was written."""
        os.killpg(self.process.pid, signal.SIGINT)
        output, errors = self.process.communicate(timeout=30)
        return output, errors


@pytest.fixture
def serve(begin: Begin, checkout: Path, free_port: int) -> Callable[[], Served]:
    """Run `make run` in the copy and return when the service is ready."""

    def run() -> Served:
        started = time.monotonic()
        process = begin("make", "run", folder=checkout, PORT=str(free_port))
        while get(free_port, "/readyz")[0] != 200:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() - started < 60
            time.sleep(0.05)
        served = Served(process, free_port, checkout, time.monotonic() - started)
        # The welcome is written just after the service is ready.
        time.sleep(0.5)
        return served

    return run


def test_serves_a_demo_world_until_ctrl_c(
    serve: Callable[[], Served],
    descendants: Callable[[int], set[int]],
    vanish: Callable[[set[int]], bool],
) -> None:
    served = serve()
    started = descendants(served.process.pid)
    assert len(started) > 2
    assert get(served.port, "/livez")[0] == 200
    assert get(served.port, "/api/docs/")[0] == 200
    demo = json.loads((served.state / "demo.json").read_text())

    output, errors = served.interrupt()

    assert vanish(started)
    assert {path.name for path in served.state.iterdir()} == KEPT
    assert demo["base_url"] == f"http://127.0.0.1:{served.port}"
    assert f"{demo['base_url']}/api/docs/" in errors
    assert demo["admin"]["password"] in errors
    assert demo["organizations"][0]["api_key"] in errors
    assert "make: ***" not in errors
    assert "Traceback" not in errors
    assert all(isinstance(json.loads(line), dict) for line in output.splitlines())


def test_a_second_start_is_quick_and_keeps_world_and_secrets(
    serve: Callable[[], Served],
) -> None:
    first = serve()
    secrets = (first.state / "secrets.env").read_text()
    organizations = ids_in(first.state / "demo.json")
    first.interrupt()

    second = serve()

    # Under 3 seconds on an idle machine with two cores; other tests run beside this one.
    assert second.seconds < 15
    assert (second.state / "secrets.env").read_text() == secrets
    assert ids_in(second.state / "demo.json") == organizations


def ids_in(demo: Path) -> list[str]:
    return [organization["id"] for organization in json.loads(demo.read_text())["organizations"]]


def test_a_second_run_meanwhile_is_refused_and_harms_nothing(serve: Callable[[], Served], begin: Begin) -> None:
    served = serve()
    before = {path.name: path.read_bytes() for path in served.state.glob("*.[je]*")}

    _, errors = begin("make", "run", folder=served.checkout, PORT=str(served.port)).communicate(timeout=30)

    assert errors.startswith(f"Port {served.port} is in use")
    assert get(served.port, "/readyz")[0] == 200
    assert {path.name: path.read_bytes() for path in served.state.glob("*.[je]*")} == before


def test_two_that_start_at_once_give_one_service_and_one_sentence(begin: Begin, checkout: Path, free_port: int) -> None:
    both = [begin("make", "run", folder=checkout, PORT=str(free_port)) for _ in range(2)]
    while all(process.poll() is None for process in both):
        time.sleep(0.05)

    refused, serving = sorted(both, key=lambda process: process.returncode is None)

    assert f"Port {free_port} is in use" in refused.communicate(timeout=30)[1]
    assert get(free_port, "/readyz")[0] == 200
    assert serving.poll() is None


def test_ctrl_c_during_the_start_leaves_nothing(
    begin: Begin,
    checkout: Path,
    free_port: int,
    descendants: Callable[[int], set[int]],
    vanish: Callable[[set[int]], bool],
) -> None:
    process = begin("make", "run", folder=checkout, PORT=str(free_port))
    deadline = time.monotonic() + 30
    while not any(map(is_server, started := descendants(process.pid))):
        assert time.monotonic() < deadline, "no server was started"
        time.sleep(0.02)

    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert vanish(started)
    assert "Traceback" not in errors


def is_server(pid: int) -> bool:
    command = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout
    return "infra/local/serve.py" in command


def test_secrets_are_for_their_owner_only(serve: Callable[[], Served]) -> None:
    secrets = serve().state / "secrets.env"

    lines = dict(line.split("=", 1) for line in secrets.read_text().splitlines())

    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert set(lines) == {"SECRET_KEY", "JWT_SIGNING_KEY"}
    assert all(len(value) >= 64 for value in lines.values())


def test_what_run_needs_never_replaces_the_development_environment(
    serve: Callable[[], Served],
) -> None:
    stamp = serve().checkout / ".venv/slipway-lock"

    assert stamp.read_text().startswith("dev ")

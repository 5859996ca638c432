import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "infra/local/with_services.py"
# Says what it was given, then waits until it is told to end.
WAIT = "import json, os, time; print(json.dumps(dict(os.environ)), flush=True); time.sleep(60)"
ROLES = "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname LIKE 'slipway%' ORDER BY 1"

Begin = Callable[..., subprocess.Popen[str]]
Descendants = Callable[[int], set[int]]
Vanish = Callable[[set[int]], bool]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files; pytest's own keeps out the account that the servers run as."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def running(begin: Begin, temporary: Path) -> tuple[subprocess.Popen[str], dict[str, str]]:
    process = begin(sys.executable, SCRIPT, "--", sys.executable, "-c", WAIT, TMPDIR=str(temporary))
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def test_hands_on_the_exit_code_and_deletes_the_data(begin: Begin, temporary: Path) -> None:
    process = begin(sys.executable, SCRIPT, "--", "sh", "-c", "exit 7", TMPDIR=str(temporary))
    process.communicate(timeout=60)

    assert process.returncode == 7
    assert list(temporary.iterdir()) == []


def test_the_service_has_a_weak_role_and_an_owner(
    running: tuple[subprocess.Popen[str], dict[str, str]],
) -> None:
    _, variables = running

    with psycopg.connect(variables["DATABASE_URL"]) as connection:
        roles = connection.execute(ROLES).fetchall()
        can_create = connection.execute("SELECT has_schema_privilege('public', 'CREATE')").fetchone()

    assert roles == [
        ("slipway_app", False, False, False),
        ("slipway_owner", False, False, True),
    ]
    assert can_create == (False,)
    with psycopg.connect(variables["DATABASE_OWNER_URL"]) as connection:
        connection.execute("CREATE TABLE owned (id int)")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(
    running: tuple[subprocess.Popen[str], dict[str, str]],
    temporary: Path,
    descendants: Descendants,
    vanish: Vanish,
    number: signal.Signals,
) -> None:
    process, _ = running
    started = descendants(process.pid)
    assert len(started) > 2

    process.send_signal(number)
    process.communicate(timeout=30)

    assert process.returncode != 0
    assert vanish(started)
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux ends children whose parent is killed.")
def test_servers_do_not_outlive_a_supervisor_that_is_killed(
    running: tuple[subprocess.Popen[str], dict[str, str]],
    descendants: Descendants,
    vanish: Vanish,
) -> None:
    process, _ = running
    started = descendants(process.pid)

    process.kill()
    process.communicate(timeout=30)

    assert vanish(started)

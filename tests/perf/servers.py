"""The servers that are measured side by side: how each is started, when it answers, and what it costs."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil
from ports import free_port
from processes import start, stop
from progress import Refusal
from world import PERF, PYTHON, SERVICE, SERVICE_PYTHON, World

PEERS = PERF / "peers"
THREADS = "4"
GUNICORN = ("-m", "gunicorn", "--workers", "1", "--log-level", "warning", "--no-control-socket")
# The same for the peers as the service sets for itself: kept-alive connections, no heartbeat on a disk.
THREADED = (*GUNICORN, *f"--worker-class gthread --threads {THREADS} --keep-alive 75 --worker-tmp-dir /dev/shm".split())
SERVICE_COMMAND = ("-m", "config.serve")
GRANIAN = ("-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", THREADS)
UVICORN = ("-m", "uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")


@dataclass(frozen=True)
class Server:
    """One program on one server. `style` says how it is asked for a deep page: cursor, offset or keyset."""

    name: str
    title: str
    server: str
    command: tuple[str | Path, ...]
    style: str = "offset"
    variables: Mapping[str, str] | None = None
    behind_wall: bool = False

    @property
    def is_service(self) -> bool:
        return self.style == "cursor"

    def arguments(self, port: int) -> list[str | Path]:
        address = f"127.0.0.1:{port}"
        if self.is_service:
            return [SERVICE_PYTHON, *self.command, address]
        *options, application = self.command
        bind = ("--bind", address) if "gunicorn" in self.command else ("--port", str(port))
        return [PYTHON, *options, *bind, application]

    def environment(self, world: World) -> dict[str, str]:
        if self.is_service:
            return {**world.service_environment, "WEB_SERVER": self.server, "WEB_THREADS": THREADS}
        return {**world.peer_environment(self.behind_wall), **(self.variables or {})}


STARTER, KEPT = "starter.wsgi:application", {"CONN_MAX_AGE": "60"}
NINJA = {"ROOT_URLCONF": "django_ninja", **KEPT}
DRF = {"ROOT_URLCONF": "drf_starter", "ATOMIC_REQUESTS": "yes", **KEPT}
# Django opens a connection for every request unless it is told otherwise.
AS_IT_COMES = {**DRF, "CONN_MAX_AGE": "0"}
SERVICE_TITLE = "Slipway"
BASELINE, UNTUNED, LIMIT, REACHABLE = "b", "b0", "a", "a+"
SERVERS = (
    Server("slipway", SERVICE_TITLE, "gunicorn", SERVICE_COMMAND, "cursor"),
    Server("slipway-granian", SERVICE_TITLE, "granian", SERVICE_COMMAND, "cursor"),
    Server(BASELINE, "b: usual DRF starter", "gunicorn sync", (*GUNICORN, STARTER), variables=DRF),
    Server(UNTUNED, "b0: with Django's own settings", "gunicorn sync", (*GUNICORN, STARTER), variables=AS_IT_COMES),
    Server("django-ninja", "django-ninja", "gunicorn", (*THREADED, STARTER), variables=NINJA),
    Server("fastapi", "FastAPI + SQLAlchemy", "uvicorn", (*UVICORN, "fastapi_sqlalchemy:app")),
    Server("litestar", "Litestar + msgspec", "uvicorn", (*UVICORN, "litestar_asyncpg:app")),
    Server(LIMIT, "a: bare limit", "gunicorn", (*THREADED, "bare:application"), "keyset"),
    Server("a-granian", "a: bare limit", "granian", (*GRANIAN, "bare:application"), "keyset"),
    Server(REACHABLE, "a+: bare, same calls", "gunicorn", (*THREADED, "bare_plus:application"), "keyset", None, True),
    Server("a+-granian", "a+: bare, same calls", "granian", (*GRANIAN, "bare_plus:application"), "keyset", None, True),
)


@dataclass(frozen=True)
class Running:
    """A started server."""

    server: Server
    process: subprocess.Popen[str]
    port: int
    log: Path

    def family(self) -> list[psutil.Process]:
        """The process that was started and all that it has started."""
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]

    def worker(self) -> psutil.Process:
        """The process that answers: of those that the first has forked, the one with the most memory."""
        first, *forked = self.family()
        return max(forked or [first], key=lambda process: process.memory_info().rss)

    def megabytes(self) -> dict[str, float]:
        """Memory that the worker has for itself, and that all processes have together."""
        together = sum(process.memory_full_info().pss for process in self.family())
        return {"worker": self.worker().memory_full_info().uss / 1024**2, "all": together / 1024**2}

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


@contextmanager
def running(server: Server, world: World, logs: Path) -> Iterator[Running]:
    """Start a server and stop it with all its processes."""
    port, log = free_port(), logs / f"{server.name}.log"
    folder = SERVICE if server.is_service else PEERS
    with log.open("a") as file:
        process = start(
            server.arguments(port), environment=server.environment(world), folder=folder, output=file.fileno()
        )
    try:
        yield Running(server, process, port, log)
    finally:
        stop(process)


def wait_until_answered(started: Running, path: str, token: str) -> float:
    """Seconds until the first good answer. Raises a sentence for any other, or when there is none in 60 seconds."""
    began = time.monotonic()
    while time.monotonic() - began < 60 and started.process.poll() is None:
        connection = HTTPConnection("127.0.0.1", started.port, timeout=30)
        with suppress(OSError, HTTPException), closing(connection):
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            if connection.getresponse().status == 200:
                return time.monotonic() - began
            break
        time.sleep(0.005)
    raise Refusal(f"{started.server.name} gave no good answer to {path}; it wrote:\n{started.last_words()}")

"""A failed request fails the run, whichever of all it is."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread

import load
import pytest
from processes import Signals
from progress import Refusal

needs_wrk = pytest.mark.skipif(not shutil.which("wrk"), reason="The load generator is not installed: wrk")


@contextmanager
def serving(status_of: Callable[[int], int]) -> Iterator[int]:
    """A server that answers the nth request with a status of our choice; yields its port."""
    numbers = count(1)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(status_of(next(numbers)))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "list.plan"
    path.write_text("GET\t/customers\tone\nGET\t/customers\ttwo\n")
    return path


@needs_wrk
@pytest.mark.parametrize("status", [302, 404, 429, 500])
def test_one_bad_answer_among_many_is_found(plan: Path, status: int) -> None:
    with serving(lambda number: status if number == 20 else 200) as port:
        result = load.run(Signals(), port, plan, "name", 1)

    assert (result.bad, result.lost) == (1, 0)
    assert result.good > 100
    with pytest.raises(Refusal, match=r"peer failed under W1: \d+ answers were good, 1 were errors, and 0 were lost"):
        load.refuse_failures(result, "peer", "W1")


@needs_wrk
def test_good_answers_pass(plan: Path) -> None:
    with serving(lambda number: 201 if number % 2 else 200) as port:
        result = load.run(Signals(), port, plan, "name", 1)

    load.refuse_failures(result, "peer", "W1")
    assert result.good > 100


@pytest.mark.parametrize(("good", "bad", "lost"), [(100, 1, 0), (100, 0, 1), (0, 0, 0)])
def test_errors_losses_and_silence_are_refused(good: int, bad: int, lost: int) -> None:
    with pytest.raises(Refusal):
        load.refuse_failures(load.Load(good, bad, lost, 1.0, 1.0, 1.0), "peer", "W2")

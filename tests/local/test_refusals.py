import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from disk import refuse_full_disk
from failures import known_sentence
from progress import Refusal

Begin = Callable[..., subprocess.Popen[str]]


def sentence_of(process: subprocess.Popen[str]) -> str:
    """The only line that a refused command writes, besides make's own."""
    output, errors = process.communicate(timeout=60)
    lines = [line for line in errors.splitlines() if not line.startswith("make: ***")]
    assert process.returncode != 0
    assert output == ""
    assert len(lines) == 1, errors
    return lines[0]


def test_a_used_port(begin: Begin, checkout: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        sentence = sentence_of(begin("make", "run", folder=checkout, PORT=str(port)))

    assert sentence.startswith(f"Port {port} is in use: stop the program that listens there")


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "²"])
def test_a_port_that_is_no_port(begin: Begin, checkout: Path, port: str) -> None:
    assert "set PORT to a number" in sentence_of(begin("make", "run", folder=checkout, PORT=port))


@pytest.mark.parametrize("target", ["run", "migrate"])
@pytest.mark.parametrize("variable", ["DATABASE_URL", "REDIS_URL"])
def test_a_missing_server(begin: Begin, checkout: Path, free_port: int, variable: str, target: str) -> None:
    url = {variable: f"{'postgres' if variable == 'DATABASE_URL' else 'redis'}://user:secret@127.0.0.1:{free_port}/0"}

    sentence = sentence_of(begin("make", target, folder=checkout, PORT=str(free_port), **url))

    assert sentence.startswith(f"No server answers at 127.0.0.1:{free_port}")
    assert variable in sentence
    assert "secret" not in sentence


def test_a_python_that_is_too_old(begin: Begin, checkout: Path, tmp_path: Path) -> None:
    for name in ("make", "sh", "sort"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))

    process = begin(
        "make",
        "run",
        folder=checkout,
        PATH=str(tmp_path),
        HOME=str(tmp_path),
        PYENV_ROOT="/",
    )

    assert "install Python 3.13" in sentence_of(process)


def test_bad_settings(begin: Begin, checkout: Path, free_port: int) -> None:
    process = begin("make", "run", folder=checkout, PORT=str(free_port), JWT_SIGNING_KEY="short")

    _, errors = process.communicate(timeout=60)

    assert process.returncode != 0
    assert "JWT_SIGNING_KEY" in errors
    assert "Traceback" not in errors


def test_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="free some space"):
        refuse_full_disk(tmp_path, megabytes=10**12)


@pytest.mark.parametrize(
    "output",
    ["OSError: [Errno 28] No space left on device", "database or disk is full"],
)
def test_a_disk_that_fills_up_meanwhile(output: str) -> None:
    assert known_sentence(f"Traceback:\n  somewhere\n{output}\n") == "the disk is full; free some space."


def test_an_unknown_failure_is_not_explained_away() -> None:
    assert known_sentence("TypeError: a defect of ours") is None


@pytest.mark.parametrize("target", ["domain", "rename"])
def test_a_missing_name(begin: Begin, checkout: Path, target: str) -> None:
    assert f"make {target} NAME=" in sentence_of(begin("make", target, folder=checkout))


def test_a_path_without_tests(begin: Begin, checkout: Path) -> None:
    assert "no/such/path does not exist" in sentence_of(begin("make", "test", "T=no/such/path", folder=checkout))

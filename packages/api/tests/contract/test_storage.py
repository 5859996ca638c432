"""Files go to a real S3 store, and come back."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.servers import API, free_port, wait_for

STORE = Path(__file__).resolve().parents[4] / ".tools/bin/versitygw"
pytestmark = pytest.mark.skipif(not STORE.exists(), reason="`make tools` builds the S3 store.")


@pytest.fixture
def variables(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of a store with one bucket."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    (tmp_path / "buckets/files").mkdir(parents=True)
    (tmp_path / "metadata").mkdir()
    account = {"ROOT_ACCESS_KEY": "tester", "ROOT_SECRET_KEY": secrets.token_hex(16)}
    folders = ["posix", "--sidecar", tmp_path / "metadata", tmp_path / "buckets"]
    command = [STORE, "--region", "eu-central-1", "--port", address, *folders]
    server = subprocess.Popen(command, env={**os.environ, **account}, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield {
            "STORAGE_S3_ENABLED": "true",
            "STORAGE_S3_BUCKET": "files",
            "STORAGE_S3_REGION": "eu-central-1",
            "STORAGE_S3_ENDPOINT": f"http://{address}",
            "STORAGE_S3_ACCESS_KEY_ID": account["ROOT_ACCESS_KEY"],
            "STORAGE_S3_SECRET_ACCESS_KEY": account["ROOT_SECRET_KEY"],
        }
    finally:
        server.terminate()
        server.wait(10)


def check(**variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **variables}
    command = [sys.executable, "manage.py", "check_storage"]
    return subprocess.run(command, cwd=API, env=environment, capture_output=True, text=True, timeout=60)


def test_a_file_is_written_read_and_deleted(variables: dict[str, str], tmp_path: Path) -> None:
    done = check(**variables)

    assert done.returncode == 0, done.stderr
    assert "was written, read and deleted" in done.stdout
    assert [path for path in (tmp_path / "buckets/files").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"STORAGE_S3_SECRET_ACCESS_KEY": "wrong"},
        {"STORAGE_S3_BUCKET": "absent"},
        {"STORAGE_S3_ENDPOINT": "http://127.0.0.1:1"},
    ],
    ids=["key", "bucket", "address"],
)
def test_what_the_store_refuses_is_one_sentence(variables: dict[str, str], wrong: dict[str, str]) -> None:
    refused = check(**{**variables, **wrong})

    assert refused.returncode == 1
    assert "The object store does not keep files for us" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_without_a_store_there_is_nothing_to_check() -> None:
    assert "STORAGE_S3_ENABLED is false" in check().stderr

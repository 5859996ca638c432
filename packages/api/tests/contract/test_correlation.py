"""A request id in every answer and every log line, and no secret in either."""

import json
import logging
import re

import pytest
from rest_framework.test import APIClient

from conftest import Member
from contract import logs


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["abc", "A.b_c-9", "x" * 128])
def test_echoes_a_good_request_id(given: str, anonymous: APIClient) -> None:
    for path in ("/api/v1/customers/", "/livez", "/nothing"):
        assert anonymous.get(path, HTTP_X_REQUEST_ID=given).headers["X-Request-ID"] == given


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\nb", "<script>", "\u00fc", "a,b"])
def test_replaces_a_bad_request_id(given: str, anonymous: APIClient) -> None:
    answer = anonymous.get("/api/v1/customers/", HTTP_X_REQUEST_ID=given)

    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_every_answer_has_its_own(owner: Member) -> None:
    identifiers = {owner.client.get("/api/v1/customers/").headers["X-Request-ID"] for _ in range(5)}

    assert len(identifiers) == 5


def test_each_request_is_one_json_line_without_its_query(owner: Member, capfd: pytest.CaptureFixture[str]) -> None:
    level = logging.getLogger().level
    logs.configure("INFO")
    try:
        owner.client.get("/api/v1/customers/?filter[email]=secret@example.com", HTTP_X_REQUEST_ID="one-line")
    finally:
        logs.configure(logging.getLevelName(level))

    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if "one-line" in line]
    assert len(lines) == 1
    assert lines[0]["status"] == 200
    assert lines[0]["path"] == "/api/v1/customers/"
    assert lines[0]["principal"] == f"user:{owner.user.pk}"
    assert "secret@example.com" not in str(lines)


@pytest.mark.django_db
def test_a_bad_host_is_one_warning_without_a_traceback(anonymous: APIClient, capfd: pytest.CaptureFixture[str]) -> None:
    level = logging.getLogger().level
    logs.configure("INFO")
    try:
        anonymous.get("/api/v1/customers/", HTTP_HOST="x" * 5000, HTTP_X_REQUEST_ID="bad-host")
    finally:
        logs.configure(logging.getLevelName(level))

    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if "bad-host" in line]
    assert [(line["level"], line["event"]) for line in lines] == [("warning", "request refused"), ("info", "request")]
    assert lines[0]["reason"].startswith("Invalid HTTP_HOST header: 'xxx")
    assert len(lines[0]["reason"]) <= 200
    assert not {"exception", "exc_info"} & lines[0].keys()


@pytest.mark.parametrize(
    "event",
    [
        {"password": "hunter2"},
        {"Authorization": "Bearer hunter2"},
        {"headers": {"x-api-key": "hunter2"}},
        {"event": "connect postgres://app:hunter2@db/slipway"},
        {"event": "key pk_live_0123456789ab_hunter2"},
        {"event": "token eyJhunter2.eyJhunter2.hunter2"},
        {"rows": [{"refresh_token": "hunter2"}]},
    ],
)
def test_masks_secrets(event: dict[str, object]) -> None:
    assert "hunter2" not in str(logs.mask(None, "", dict(event)))


def test_leaves_the_rest_alone() -> None:
    assert logs.mask(None, "", {"event": "request", "path": "/api/v1/customers/", "status": 200}) == {
        "event": "request",
        "path": "/api/v1/customers/",
        "status": 200,
    }

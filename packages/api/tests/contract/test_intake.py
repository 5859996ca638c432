"""Bodies in chunks and strange character sets, against a real server."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.conf import settings

from conftest import Member
from tests.contract.servers import WEB_SERVERS, authorization, serving

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMERS = "/api/v1/customers/"


def chunks(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    yield body[len(body) // 2 :]


@pytest.mark.parametrize("web_server", WEB_SERVERS)
def test_a_body_in_chunks_is_read_and_belongs_to_its_key(owner: Member, web_server: str) -> None:
    headers = {**authorization(owner.client), "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    with serving(workers=1, WEB_SERVER=web_server) as server:

        def post(body: bytes) -> requests.Response:
            return requests.post(f"{server.url}{CUSTOMERS}", data=chunks(body), headers=headers, timeout=10)

        created, again = post(b'{"email": "a@example.com"}'), post(b'{"email": "a@example.com"}')
        other = post(b'{"email": "b@example.com"}')
        large = post(b'{"email": "' + b"a" * settings.MAX_BODY_BYTES + b'"}')

    assert (created.status_code, created.json().get("email")) == (201, "a@example.com")
    assert again.content == created.content
    assert (other.status_code, large.status_code) == (422, 413)


@pytest.mark.parametrize("charset", ["hex", "rot13", "undefined", "cp037"])
def test_a_character_set_changes_nothing(owner: Member, charset: str) -> None:
    headers = {**authorization(owner.client), "Content-Type": f"application/json; charset={charset}"}
    with serving(workers=1) as server:
        answer = requests.get(f"{server.url}{CUSTOMERS}?filter[status]=active", headers=headers, timeout=10)

    assert answer.status_code == 200, answer.text


def test_a_cookie_that_was_never_issued_is_nobody(client: Any) -> None:
    client.cookies["sessionid"] = "\x00" + "a" * 31

    assert client.get(CUSTOMERS).status_code == 401

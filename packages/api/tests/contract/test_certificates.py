"""TLS served by gunicorn: only allowed clients pass, and a renewed certificate costs no request."""

import secrets
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.x509 import load_pem_x509_certificate
from rest_framework.test import APIClient

from conftest import Member
from tests.contract.authorities import Authority, Pair
from tests.contract.servers import Server, authorization, refused, serving

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMERS = "/api/v1/customers/"
GATEWAY = "gateway.slipway.svc"
NETWORK = (requests.exceptions.SSLError, requests.exceptions.ConnectionError)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours")


@pytest.fixture
def shown(authority: Authority) -> Pair:
    return authority.issue("server", dns=("localhost",))


def tls(authority: Authority, shown: Pair, **more: str) -> dict[str, Any]:
    cert, key = shown.files
    variables = {"TLS_CERT_FILE": cert, "TLS_KEY_FILE": key, "TLS_CLIENT_CA_FILE": str(authority.file)}
    return {"authority": authority.file, **variables, **more}


def caller(server: Server, pair: Pair | None, headers: dict[str, str] | None = None) -> Callable[[str], Any]:
    def call(path: str) -> Any:
        shown = pair.files if pair else None
        return requests.get(f"{server.url}{path}", cert=shown, headers=headers, verify=server.trusted, timeout=10)

    return call


def test_only_allowed_clients_pass_where_one_is_required(
    owner: Member, authority: Authority, shown: Pair, tmp_path: Path
) -> None:
    headers = authorization(owner.client)
    by_dns = authority.issue("by-dns", name="whoever", dns=("Gateway.slipway.svc",))
    by_name = authority.issue("by-name", name=GATEWAY)
    foreign_name = authority.issue("foreign-name", dns=("stranger.svc", f"x.{GATEWAY}"))
    expired = authority.issue("expired", name=GATEWAY, days=-1)
    other = Authority(tmp_path / "theirs").issue("other", name=GATEWAY)
    settings = tls(authority, shown, TLS_CLIENT_AUTH="require", TLS_CLIENT_NAMES=f"prober.svc,{GATEWAY}")

    with serving(**settings) as server:
        answers = [caller(server, pair, headers)(CUSTOMERS) for pair in (by_dns, by_name, foreign_name, None)]
        probes = [caller(server, None)(path).status_code for path in ("/livez", "/readyz")]
        everything_else = [caller(server, None)(path) for path in ("/", "/api/docs/", "/static/x", "/livez/x")]
        claimed = caller(server, None, {**headers, "X-Client-Cert": GATEWAY, "gunicorn.socket": "x"})(CUSTOMERS)
        for refused in (expired, other):
            with pytest.raises(NETWORK):
                caller(server, refused)("/livez")

    assert [answer.status_code for answer in answers] == [200, 200, 403, 403]
    assert answers[3].headers["Content-Type"] == "application/problem+json"
    assert answers[3].json()["code"] == "client-certificate-required"
    assert answers[3].json()["request_id"] == answers[3].headers["X-Request-ID"]
    assert probes == [200, 200]
    assert {answer.json()["code"] for answer in (*everything_else, claimed)} == {"client-certificate-required"}


def test_one_that_is_requested_may_be_absent_but_not_wrong(
    owner: Member, authority: Authority, shown: Pair, tmp_path: Path
) -> None:
    headers = authorization(owner.client)
    good, expired = authority.issue("good"), authority.issue("expired", days=-1)
    other = Authority(tmp_path / "theirs").issue("other")

    with serving(**tls(authority, shown, TLS_CLIENT_AUTH="request")) as server:
        codes = [caller(server, pair, headers)(CUSTOMERS).status_code for pair in (None, good)]
        for refused in (expired, other):
            with pytest.raises(NETWORK):
                caller(server, refused)(CUSTOMERS)

    assert codes == [200, 200]


def test_any_name_of_the_authority_will_do_where_none_is_listed(
    owner: Member, authority: Authority, shown: Pair
) -> None:
    headers = authorization(owner.client)

    with serving(**tls(authority, shown, TLS_CLIENT_AUTH="require")) as server:
        codes = [caller(server, pair, headers)(CUSTOMERS).status_code for pair in (authority.issue("any"), None)]

    assert codes == [200, 403]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_old_versions_of_the_protocol_are_refused(authority: Authority, shown: Pair) -> None:
    with serving(workers=1, **tls(authority, shown)) as server:
        versions = [handshake(server, version) for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)]
        with pytest.raises(ssl.SSLError):
            handshake(server, ssl.TLSVersion.TLSv1_1)

    assert versions == ["TLSv1.2", "TLSv1.3"]


def handshake(server: Server, version: ssl.TLSVersion) -> str | None:
    context = ssl.create_default_context(cafile=str(server.trusted))
    # The client's own policy must not be what refuses.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", server.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wrapped,
    ):
        return wrapped.version()


def test_twenty_rotations_cost_no_request(owner: Member, authority: Authority, shown: Pair, tmp_path: Path) -> None:
    renewed = [authority.issue(f"renewed-{number}", dns=("localhost",)) for number in range(20)]
    client = authority.issue("client")
    results: list[int | str] = []
    over = threading.Event()

    with serving(**tls(authority, shown, TLS_CLIENT_AUTH="require")) as server:
        ask = caller(server, client)

        def load() -> None:
            while not over.is_set():
                # A new connection each time, which is when the files are read.
                try:
                    results.append(ask("/livez/served").status_code)
                except requests.RequestException as error:
                    results.append(repr(error))

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        serials = [rotate(server, shown, pair, in_place=bool(number % 2)) for number, pair in enumerate(renewed)]
        over.set()
        for thread in threads:
            thread.join()

    assert [result for result in results if result != 404] == []
    assert len(results) > 40
    assert serials == [pair.serial for pair in renewed]


def rotate(server: Server, shown: Pair, renewed: Pair, *, in_place: bool) -> int:
    """Exchange the key, then the certificate, at once or byte after byte; the serial number served then."""
    for old, new in ((shown.key, renewed.key), (shown.cert, renewed.cert)):
        if in_place:
            with old.open("wb", buffering=0) as file:
                for part in new.read_text().splitlines(keepends=True):
                    file.write(part.encode())
                    time.sleep(0.002)
        else:
            new.replace(old)
        time.sleep(0.05)
    served = ssl.get_server_certificate(("127.0.0.1", server.port))
    return load_pem_x509_certificate(served.encode()).serial_number


@pytest.mark.parametrize(
    ("variables", "sentences"),
    [
        ({"TLS_CERT_FILE": "a"}, ["TLS_KEY_FILE: It must be set where the other one is."]),
        ({"TLS_KEY_FILE": "a"}, ["TLS_CERT_FILE: It must be set where the other one is."]),
        (
            {"TLS_CLIENT_AUTH": "require"},
            [
                f"{name}: It must be set where TLS_CLIENT_AUTH is require."
                for name in ("TLS_CERT_FILE", "TLS_CLIENT_CA_FILE")
            ],
        ),
        ({"TLS_CLIENT_AUTH": "perhaps"}, ["TLS_CLIENT_AUTH: Must be one of"]),
        ({"TLS_CLIENT_NAMES": "a"}, ["TLS_CLIENT_AUTH: It must be request or require where TLS_CLIENT_NAMES is set."]),
        (
            {"TLS_CERT_FILE": "a", "TLS_KEY_FILE": "b", "WEB_SERVER": "granian"},
            ["WEB_SERVER: It must be gunicorn where TLS_CERT_FILE is set"],
        ),
        ({"TLS_CERT_FILE": "absent", "TLS_KEY_FILE": "absent"}, ["TLS can't be served: check TLS_CERT_FILE"]),
    ],
)
def test_settings_that_do_not_fit_end_the_start_with_sentences(
    variables: dict[str, str], sentences: list[str], tmp_path: Path
) -> None:
    ended = refused(**variables)

    assert ended.returncode == 1
    assert [sentence for sentence in sentences if sentence not in ended.stderr] == []
    assert "Traceback" not in ended.stderr


def test_without_a_connection_to_ask_nobody_passes(settings: Any, anonymous: APIClient) -> None:
    settings.TLS_CLIENT_AUTH = "require"

    answer = anonymous.get(CUSTOMERS, headers={"X-Request-ID": secrets.token_hex(8)})

    assert answer.status_code == 403
    assert anonymous.get("/livez").status_code == 200


def test_an_authority_made_by_plain_openssl_will_do(
    owner: Member, authority: Authority, shown: Pair, tmp_path: Path
) -> None:
    """It has no key usage, which Python's own default would refuse."""
    ca, ca_key, key, request, cert = (tmp_path / name for name in ("ca.crt", "ca.key", "own.key", "own.csr", "own.crt"))
    new = ["-newkey", "rsa:2048", "-nodes"]
    openssl("req", "-x509", *new, "-subj", "/CN=plain", "-keyout", ca_key, "-out", ca)
    openssl("req", "-new", *new, "-subj", "/CN=client", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-out", cert)
    client = Pair(cert, key, 0)

    with serving(
        workers=1, **{**tls(authority, shown, TLS_CLIENT_AUTH="require"), "TLS_CLIENT_CA_FILE": str(ca)}
    ) as server:
        answer = caller(server, client, authorization(owner.client))(CUSTOMERS)

    assert answer.status_code == 200


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)

"""Pods that serve TLS themselves know their callers, and take a renewed certificate without losing one."""

import base64
import ssl
from functools import partial
from pathlib import Path

import pytest
from authorities import Authority, Certificate
from conftest import DOMAIN, NAME, Release
from door import Answer, Door, Load, report
from kubernetes import Namespace, eventually

SERVER = f"api.{NAME}.svc"
OWN = ("tls.mode=existing", "tls.secretName=own-tls", "gateway.enabled=false", "ingress.enabled=false")
DEMANDING = (*OWN, "tls.clientAuth=require", "tls.clientNames={gateway}")
ISSUED = (
    "tls.mode=certManager",
    "tls.certManager.issuerKind=ClusterIssuer",
    "tls.certManager.issuerName=devcluster-ca",
)


@pytest.fixture
def own(tmp_path: Path, namespace: Namespace) -> Authority:
    """An authority whose certificate the pods shall serve."""
    authority = Authority(tmp_path, "own")
    namespace.apply(authority.secret("own-tls", authority.issue(SERVER)))
    return authority


def knock(namespace: Namespace, own: Authority, shown: Certificate | None = None) -> Door:
    """The Service's address, which only a neighbour of the cluster reaches."""
    address = namespace.get("service", "api")["spec"]["clusterIP"]
    door = Door(SERVER, address, own.certificate.read_text(), port=80)
    if shown:
        door.context.load_cert_chain(shown.certificate, shown.key)
    return door


def test_only_clients_with_the_right_certificate_come_in(
    release: Release, namespace: Namespace, own: Authority, tmp_path: Path
) -> None:
    release.upgrade(*DEMANDING)  # waits for the kubelet's probes, which have no certificate
    other = Authority(tmp_path, "other")

    welcome = knock(namespace, own, own.issue("gateway"))("GET", "/api/v1/customers/")
    nobody = knock(namespace, own)("GET", "/api/v1/customers/")
    wrong_name = knock(namespace, own, own.issue("neighbour"))("GET", "/api/v1/customers/")
    ended, foreign = own.issue("gateway", days=-1), other.issue("gateway")

    assert welcome.status == 401  # it is let in, and asked for a credential
    assert [nobody.status, wrong_name.status] == [403, 403]
    assert nobody.json()["code"] == "client-certificate-required"
    for refused in (ended, foreign):
        with pytest.raises(OSError, match=r"(?i)alert|certificate|reset|closed|eof"):
            knock(namespace, own, refused)("GET", "/api/v1/customers/")
    assert knock(namespace, own)("GET", "/livez").status == 200


def test_renewed_certificates_are_taken_up_under_load(release: Release, namespace: Namespace, own: Authority) -> None:
    release.upgrade(*OWN)
    door = knock(namespace, own).sign_in()
    pods = namespace.names("api")

    def request(*_: object) -> Answer:
        return door("GET", "/api/v1/customers/?limit=1")  # each on a connection of its own

    with Load(request, door, threads=3) as load:
        for _ in range(2):
            renewed = own.issue(SERVER)
            namespace.apply(own.secret("own-tls", renewed))
            wanted = ssl.PEM_cert_to_DER_cert(renewed.certificate.read_text())
            # Both pods must show it, and the Service picks one of them each time.
            eventually(partial(show, door, wanted), 180, 2)

    report("two rotations on the cluster: %s", dict(load.statuses))
    assert load.failures == []
    assert load.count > 200
    assert namespace.names("api") == pods


def show(door: Door, wanted: bytes) -> bool:
    return all(presented(door) == wanted for _ in range(8))


def presented(door: Door) -> bytes | None:
    connection = door.connection()
    connection.connect()
    try:
        return connection.sock.getpeercert(binary_form=True)  # type: ignore[no-any-return]
    finally:
        connection.close()


def test_the_gateway_verifies_the_pods(release: Release, namespace: Namespace, door: Door) -> None:
    release.upgrade(*ISSUED, "gateway.backendTLS.caName=pods-authority", "ingress.enabled=false")
    authority = base64.b64decode(namespace.get("secret", "api-tls")["data"]["ca.crt"]).decode()
    named = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "pods-authority"}}
    namespace.apply({**named, "data": {"ca.crt": authority}})

    eventually(lambda: door("GET", "/api/v1/customers/").status == 200)

    foreign = Path("/etc/ssl/certs/ca-certificates.crt").read_text().partition("-----END CERTIFICATE-----")
    namespace.apply({**named, "data": {"ca.crt": "".join(foreign[:2]) + "\n"}})
    eventually(lambda: door("GET", "/api/v1/customers/").status >= 500)


def test_the_gateway_shows_a_certificate_of_its_own(
    release: Release, namespace: Namespace, gateway_address: str, authority: str
) -> None:
    issuer = {"kind": "ClusterIssuer", "name": "devcluster-ca"}
    spec = {"secretName": "gateway-client", "issuerRef": issuer, "dnsNames": ["gateway"], "usages": ["client auth"]}
    transport = {"serverName": SERVER, "rootCAs": [{"secret": "api-tls"}], "certificatesSecrets": ["gateway-client"]}
    namespace.apply(
        {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": {"name": "gateway-client"},
            "spec": spec,
        },
        {
            "apiVersion": "traefik.io/v1alpha1",
            "kind": "ServersTransport",
            "metadata": {"name": "api"},
            "spec": transport,
        },
    )
    annotation = "api.service.annotations.traefik\\.ingress\\.kubernetes\\.io/service\\."
    release.upgrade(
        *ISSUED,
        "tls.clientAuth=require",
        "tls.clientNames={gateway}",
        "gateway.enabled=false",
        f"{annotation}serversscheme=https",
        f"{annotation}serverstransport={NAME}-api@kubernetescrd",
    )
    ingress = Door(f"e2e-ingress.{DOMAIN}", gateway_address, authority)

    eventually(lambda: ingress("GET", "/api/v1/customers/").status == 401)
    ingress.sign_in()

    assert ingress("GET", "/api/v1/customers/").status == 200

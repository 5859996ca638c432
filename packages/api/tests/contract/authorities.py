"""Certificate authorities of a test's own, and what they issue, as PEM files."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    cert: Path
    key: Path
    serial: int

    @property
    def files(self) -> tuple[str, str]:
        return str(self.cert), str(self.key)


class Authority:
    """Issues certificates into a folder."""

    def __init__(self, folder: Path, name: str = "Test authority") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = common_name(name)
        builder = certificate(self.subject, self.subject, self.key.public_key(), days=10)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(usage(signs=True), critical=True)
        self.file = folder / "ca.crt"
        self.file.write_bytes(builder.sign(self.key, SHA256()).public_bytes(Encoding.PEM))

    def issue(self, label: str, *, name: str = "", dns: tuple[str, ...] = (), days: int = 1) -> Pair:
        """A pair for a server or a client that is valid for `days` from now, or was until then."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = certificate(common_name(name or label), self.subject, key.public_key(), days)
        addresses = [x509.IPAddress(ip_address("127.0.0.1"))] if "localhost" in dns else []
        if dns:
            alternatives = [*map(x509.DNSName, dns), *addresses]
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(usage(signs=False), critical=True)
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        signed = builder.add_extension(own, critical=False).sign(self.key, SHA256())
        pair = Pair(self.folder / f"{label}.crt", self.folder / f"{label}.key", signed.serial_number)
        pair.cert.write_bytes(signed.public_bytes(Encoding.PEM))
        pair.key.touch(mode=0o600)
        pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return pair


def common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.not_valid_before(now - timedelta(days=20)).not_valid_after(now + timedelta(days=days))
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    return builder.serial_number(x509.random_serial_number()).add_extension(identifier, critical=False)


def usage(*, signs: bool) -> x509.KeyUsage:
    kinds = ("content_commitment", "key_encipherment", "data_encipherment", "encipher_only", "decipher_only")
    off = dict.fromkeys((*kinds, "key_agreement"), False)
    return x509.KeyUsage(digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, **off)

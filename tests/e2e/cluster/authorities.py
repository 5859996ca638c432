"""Certificates made by openssl, as an operator without cert-manager would."""

import base64
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Authority:
    """An authority of its own; `name` tells it from another."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name, self.issued = folder, name, 0
        self.certificate, self.key = folder / f"{name}.crt", folder / f"{name}.key"
        subject = [
            "-subj",
            f"/CN={name}",
            "-days",
            "30",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ]
        openssl("req", "-x509", *subject, "-keyout", self.key, "-out", self.certificate)

    def issue(self, *names: str, days: int = 30) -> Certificate:
        """A certificate for these DNS names; with negative `days` it has ended already."""
        self.issued += 1
        path = self.folder / f"{self.name}-{self.issued}"
        key, request, certificate = (path.with_suffix(suffix) for suffix in (".key", ".csr", ".crt"))
        extensions = path.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={','.join(f'DNS:{name}' for name in names)}\n")
        subject = ["-subj", f"/CN={names[0]}", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl("req", "-new", *subject, "-keyout", key, "-out", request)
        signing = [
            "-CA",
            self.certificate,
            "-CAkey",
            self.key,
            "-CAcreateserial",
            "-days",
            str(days),
            "-extfile",
            extensions,
        ]
        openssl("x509", "-req", "-in", request, *signing, "-out", certificate)
        return Certificate(certificate, key)

    def secret(self, name: str, issued: Certificate) -> dict[str, Any]:
        """The Secret that `tls.mode: existing` names."""
        files = {"tls.crt": issued.certificate, "tls.key": issued.key, "ca.crt": self.certificate}
        values = {key: base64.b64encode(path.read_bytes()).decode() for key, path in files.items()}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": name},
            "data": values,
        }

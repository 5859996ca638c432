"""TLS on both sides of this process: what it shows to its callers, and what it demands of its servers."""

import os
import ssl

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from contract.environment import Environment

Stamp = tuple[tuple[int, int, int], ...]
logger = structlog.get_logger("contract.transport")


class ServerContext:
    """The service's certificate as its files hold it now, so that a renewed one needs no restart."""

    def __init__(self, cert_file: str, key_file: str, client_ca_file: str = "") -> None:
        """Raises `OSError` (`ssl.SSLError` among them) when the files can't be used."""
        self.cert_file, self.key_file, self.client_ca_file = cert_file, key_file, client_ca_file
        self.complaint = ""
        self.stamp, self.context = self.look(), self.load()

    def current(self) -> ssl.SSLContext:
        """The context for the next connection; while the files are being exchanged, the one before."""
        try:
            if (stamp := self.look()) != self.stamp:
                self.context, self.stamp = self.load(), stamp
        except OSError as error:
            self.complain(str(error))
        return self.context

    def complain(self, reason: str) -> None:
        if reason != self.complaint:
            logger.warning("certificate not renewed", file=self.cert_file, reason=reason)
        self.complaint = reason

    def look(self) -> Stamp:
        """What tells one state of the files from another."""
        found = [os.stat(path) for path in (self.cert_file, self.key_file, self.client_ca_file) if path]
        return tuple((file.st_ino, file.st_mtime_ns, file.st_size) for file in found)

    def load(self) -> ssl.SSLContext:
        """TLS 1.2 or newer; a client certificate is asked for where there is an authority to judge it."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.client_ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Python 3.13 refuses authorities without a key usage, which is how `openssl req -x509` makes them.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.load_cert_chain(self.cert_file, self.key_file)
        if self.client_ca_file:
            context.verify_mode = ssl.CERT_OPTIONAL
            # A session that is resumed from a ticket would outlive the certificate that opened it.
            context.num_tickets = 0
        return context


def verify_server(env: Environment) -> None:
    """Refuse settings of the service's own TLS that do not belong together."""
    auth = env.given("TLS_CLIENT_AUTH")
    if env.given("TLS_CERT_FILE") or env.given("TLS_KEY_FILE"):
        env.require("TLS_CERT_FILE", "TLS_KEY_FILE", why="where the other one is")
        if env.given("WEB_SERVER") == "granian":
            env.refuse("WEB_SERVER", "It must be gunicorn where TLS_CERT_FILE is set: granian tells no client's name.")
    if auth in ("request", "require"):
        env.require("TLS_CERT_FILE", "TLS_CLIENT_CA_FILE", why=f"where TLS_CLIENT_AUTH is {auth}")
    elif auth and env.given("TLS_CLIENT_NAMES"):
        env.refuse("TLS_CLIENT_AUTH", "It must be request or require where TLS_CLIENT_NAMES is set.")


def server_context() -> ServerContext | None:
    """The context of this service, None where it serves plain HTTP. Raises `ImproperlyConfigured` with a sentence."""
    if not settings.TLS_CERT_FILE:
        return None
    authority = settings.TLS_CLIENT_CA_FILE if settings.TLS_CLIENT_AUTH != "none" else ""
    try:
        return ServerContext(settings.TLS_CERT_FILE, settings.TLS_KEY_FILE, authority)
    except OSError as error:
        files = "TLS_CERT_FILE, TLS_KEY_FILE or TLS_CLIENT_CA_FILE"
        raise ImproperlyConfigured(f"TLS can't be served: check {files} ({error}).") from None


def to_postgresql(env: Environment) -> dict[str, str]:
    """libpq's options out of DATABASE_CA_FILE, DATABASE_CERT_FILE and DATABASE_KEY_FILE.

    With an authority, the server's certificate and its name are verified; `system` stands for the public ones.
    """
    authority = env.str("DATABASE_CA_FILE", "")
    files = _files(env, "DATABASE", ca="sslrootcert", cert="sslcert", key="sslkey")
    if files and str(env.given("DATABASE_URL")).startswith("sqlite"):
        env.refuse(
            "DATABASE_URL", "It must begin with postgres:// where DATABASE_CA_FILE or DATABASE_CERT_FILE is set."
        )
    if env.given("DATABASE_CERT_FILE"):
        env.require("DATABASE_CA_FILE", why="where DATABASE_CERT_FILE is, or nobody verifies the server that sees it")
    if authority == "system":
        _name_public_authorities()
    return files | ({"sslmode": "verify-full"} if authority else {})


def _name_public_authorities() -> None:
    """Tell OpenSSL where this system keeps them: the one in psycopg's wheel looks in a folder that exists nowhere."""
    paths = ssl.get_default_verify_paths()
    os.environ.setdefault(paths.openssl_cafile_env, paths.openssl_cafile)
    os.environ.setdefault(paths.openssl_capath_env, paths.openssl_capath)


def to_redis(env: Environment) -> dict[str, str]:
    """redis-py's options out of REDIS_CA_FILE, REDIS_CERT_FILE and REDIS_KEY_FILE; it verifies certificate and name."""
    files = _files(env, "REDIS", ca="ssl_ca_certs", cert="ssl_certfile", key="ssl_keyfile")
    if files and not str(env.given("REDIS_URL") or "").startswith("rediss://"):
        env.refuse("REDIS_URL", "It must begin with rediss:// where REDIS_CA_FILE or REDIS_CERT_FILE is set.")
    return files


def _files(env: Environment, server: str, **options: str) -> dict[str, str]:
    """The files that were named for this server, by the option that takes them."""
    files = {option: env.str(f"{server}_{kind.upper()}_FILE", "") for kind, option in options.items()}
    cert, key = f"{server}_CERT_FILE", f"{server}_KEY_FILE"
    if env.given(cert) or env.given(key):
        env.require(cert, key, why="where the other one is")
    return {option: path for option, path in files.items() if path}

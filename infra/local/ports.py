"""Which loopback ports are free, and which servers answer."""

import errno
import os
import socket
from urllib.parse import urlsplit

from progress import Refusal

LOOPBACK = "127.0.0.1"
DEFAULT_PORTS = {"redis": 6379, "rediss": 6379}


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        number: int = probe.getsockname()[1]
        return number


def chosen_port() -> int:
    """The number in PORT, 8000 when it is not set."""
    text = os.environ.get("PORT") or "8000"
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Refusal(f"PORT={text} is no port number: set PORT to a number from 1 to 65535.")
    return int(text)


def refuse_used_port(port: int) -> None:
    """Raise a sentence when the service could not listen on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Refusal(
                    f"Port {port} is in use: stop the program that listens there, or choose another port, "
                    f"for example PORT={port % 65535 + 1} make run."
                ) from None
            raise Refusal(f"Port {port} cannot be used ({error.strerror}): choose another with PORT=8000.") from None


def answers(port: int) -> bool:
    """Whether something on this machine accepts connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def refuse_unreachable(variable: str, url: str) -> None:
    """Raise a sentence when no server accepts connections at the address in `url`."""
    try:
        address = urlsplit(url)
        server = (address.hostname, address.port or DEFAULT_PORTS.get(address.scheme, 5432))
    except ValueError:
        raise Refusal(f"{variable} is no URL that can be read: write scheme://user:password@host:port/name.") from None
    # A Unix socket has no host, or its folder in the place of one.
    if not server[0] or "%2f" in server[0]:
        return
    try:
        socket.create_connection((server[0], server[1]), timeout=5).close()
    except OSError as error:
        raise Refusal(
            f"No server answers at {server[0]}:{server[1]} ({error.strerror or error}): start it, "
            f"or unset {variable} to do without."
        ) from None

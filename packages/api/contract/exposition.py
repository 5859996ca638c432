"""The management port: what all processes counted, added up and served by the parent of the workers."""

import socket
import threading
from collections.abc import Iterable
from socketserver import TCPServer
from typing import Any, Self
from wsgiref.simple_server import make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer, _SilentHandler
from prometheus_client.multiprocess import MultiProcessCollector

ALIVE = ("200 OK", b'{"status": "ok"}')
NOT_FOUND = ("404 Not Found", b'{"status": "not found"}')


class Handling(_SilentHandler):
    """One request of a scraper or a kubelet, which is given five seconds to send it."""

    timeout = 5


class ManagementServer(ThreadingWSGIServer):
    """`/metrics` and `/livez` in plain HTTP, from a thread of the process that the workers are forked from."""

    @classmethod
    def start(cls, address: str, port: int) -> Self:
        """Listen beside the service. Raises `OSError` when the port can't be had."""
        cls.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = make_server(address, port, application(), cls, handler_class=Handling)
        threading.Thread(target=server.serve_forever, name="management", daemon=True).start()
        return server

    def server_bind(self) -> None:
        # The library would ask a resolver for this machine's name, and wait for one that does not answer.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def abandon(self) -> None:
        """In a forked worker, which has no such thread: hold the port no longer than the parent does."""
        self.socket.close()


def application() -> Any:
    """A WSGI application that adds up what all processes counted, also those that have ended."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    exposition = make_wsgi_app(registry)

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            return exposition(environ, start_response)  # type: ignore[no-any-return]
        status, body = ALIVE if environ["PATH_INFO"] == "/livez" else NOT_FOUND
        start_response(status, [("Content-Type", "application/json")])
        return [body]

    return answer

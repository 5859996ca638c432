"""What a server hands over, brought into the form that everything behind it relies on."""

import io
from collections.abc import Callable
from typing import Any

Application = Callable[..., Any]


class Intake:
    """A WSGI application in front of Django's: bodies have a length, and names are UTF-8."""

    def __init__(self, application: Application, max_body_bytes: int) -> None:
        self.application, self.most = application, max_body_bytes + 1

    def __call__(self, environ: dict[str, Any], start_response: Application) -> Any:
        if environ.get("HTTP_TRANSFER_ENCODING"):
            self.measure(environ)
        if "charset" in environ.get("CONTENT_TYPE", "").lower():
            # Django would read the query string by it; JSON is UTF-8 whatever is said (RFC 8259 §8.1).
            environ["CONTENT_TYPE"] = environ["CONTENT_TYPE"].partition(";")[0]
        return self.application(environ, start_response)

    def measure(self, environ: dict[str, Any]) -> None:
        """Django takes a body without a length for an empty one; one byte too many is enough to refuse it."""
        body = environ["wsgi.input"].read(self.most)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))

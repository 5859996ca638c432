"""drf-spectacular's settings."""

from typing import Any


def build(title: str, version: str, public_url: str) -> dict[str, Any]:
    """The settings of a service with this title, version and address."""
    return {
        "TITLE": title,
        "VERSION": version,
        "SERVE_INCLUDE_SCHEMA": False,
        "SERVE_PUBLIC": True,
        "SERVERS": [{"url": public_url, "description": "This environment"}],
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "REDOC_DIST": "SIDECAR",
    }

"""drf-spectacular's settings."""

from typing import Any

LICENSE = {"name": "MIT", "url": "https://opensource.org/license/mit"}
DESCRIPTION = """\
Every endpoint keeps the same promises.

**Lists** come in pages, `{"data": […], "meta": {"next", "prev", "total"}}`, walked by `cursor`, narrowed by
`filter[field]`, ordered by `sort`. **Refusals** are problem documents (RFC 9457) whose `code` is made for programs.
**Writes** take an `Idempotency-Key`, so that they can be repeated without harm. **Single resources** carry an `ETag`.
**Limits** stand in the headers of every answer. Times are RFC 3339 in UTC; amounts of money are integers in the
currency's minor unit.

Both `/api/v1/x` and `/api/v1/x/` are served. Within a version fields and operations are only added, so ignore what
you don't know.
"""


def build(title: str, version: str, public_url: str) -> dict[str, Any]:
    """The settings of a service with this title, version and address."""
    return {
        "TITLE": title,
        "VERSION": version,
        "DESCRIPTION": DESCRIPTION,
        "CONTACT": {"name": title, "url": f"{public_url}/api/docs/", "email": "support@slipway.invalid"},
        "LICENSE": LICENSE,
        "SERVERS": [
            {"url": public_url, "description": "This service, in production, test or local", "x-internal": False}
        ],
        "SCHEMA_PATH_PREFIX": r"/(api|admin)/v[0-9]+",
        "COMPONENT_SPLIT_REQUEST": True,
        "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
        # Values stand where they are used: a shared component would be renamed whenever another domain has a `status`.
        "POSTPROCESSING_HOOKS": ["contract.openapi.document.complete"],
        "SERVE_INCLUDE_SCHEMA": False,
        "SERVE_PUBLIC": True,
    }

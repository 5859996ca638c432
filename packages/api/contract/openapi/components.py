"""The parts that operations share: headers, parameters, the problem document and the answers made of it."""

from typing import Any

from contract import pagination, problems, totals
from contract.authentication import InvalidCredentials
from contract.concurrency import PreconditionFailed
from contract.idempotency import KeyReused

Schema = dict[str, Any]

MAX_INT32 = 2**31 - 1
MAX_INT64 = 2**63 - 1
# JSON Schema has no word for "no limit"; the answers' sizes are bounded by what the requests may hold.
UNBOUNDED = MAX_INT32
ANY_TEXT = r"^[\s\S]*$"
TAG_PATTERN = '(?:W/)?"[!#-~]*"'
LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit", "RateLimit-Policy")
SAMPLE_TAG = '"9d2f0b7c41aa53e6f1c8d904"'
SAMPLE_REQUEST_ID = "5f0c6a1b9d3e4c7f8a2b1c0d9e8f7a6b"

# Status → (component, what it means). The problems themselves name their codes in `code`.
ERRORS = {
    400: ("BadRequest", "The request is malformed: its JSON, its fields, its query or one of its headers."),
    401: ("Unauthorized", "There is no credential, or it is unknown, expired or revoked."),
    403: ("Forbidden", "The principal is known, but lacks the right, the scope or the membership."),
    404: ("NotFound", "Nothing of yours has this address."),
    409: ("Conflict", "The request conflicts with the present state, or its twin is still running."),
    412: ("PreconditionFailed", "The resource is no longer what If-Match names."),
    413: ("ContentTooLarge", "The body is larger than this operation takes."),
    415: ("UnsupportedMediaType", "The body is not `application/json`."),
    422: ("UnprocessableContent", "A rule of the domain refuses this, or the Idempotency-Key was used before."),
    429: ("TooManyRequests", "A rate limit is used up; wait as long as Retry-After says."),
    500: ("InternalServerError", "The service failed and changed nothing; the logs know the request id."),
    503: ("ServiceUnavailable", "A service behind this one does not answer; nothing was changed."),
}  # fmt: skip
TOO_LONG = "The path and the query are longer than the server reads; it refuses before the service sees them."
EXTRA_HEADERS = {401: ("WWW-Authenticate",), 409: ("Retry-After",), 429: ("Retry-After",), 503: ("Retry-After",)}


def ref(kind: str, name: str) -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}


def text(pattern: str, length: int, **more: Any) -> Schema:
    return {"type": "string", "pattern": pattern, "maxLength": length, **more}


def whole(minimum: int, maximum: int = MAX_INT64, **more: Any) -> Schema:
    size = "int32" if minimum >= -MAX_INT32 and maximum <= MAX_INT32 else "int64"
    return {"type": "integer", "format": size, "minimum": minimum, "maximum": maximum, **more}


def header(description: str, example: Any, schema: Schema) -> Schema:
    return {"description": description, "schema": schema, "example": example}


HEADERS = {
    "X-Request-ID": header(
        "Names this request in every log line. Send your own to follow it: 1 to 128 of `A-Za-z0-9._-`.",
        SAMPLE_REQUEST_ID,
        text("^[A-Za-z0-9._-]+$", 128),
    ),
    "X-RateLimit-Limit": header("Requests that the tightest bucket holds.", 1000, whole(0)),
    "X-RateLimit-Remaining": header("Requests that are left in it.", 999, whole(0)),
    "X-RateLimit-Reset": header("When it is full again, in UTC epoch seconds.", 1893456000, whole(0)),
    "RateLimit": header(
        "The same, as draft-ietf-httpapi-ratelimit-headers has it: `r` requests left, anew in `t` seconds.",
        '"user";r=999;t=3600',
        text('^"[a-z-]+";r=[0-9]+;t=-?[0-9]+$', 100),
    ),
    "RateLimit-Policy": header(
        "What the bucket allows: `q` requests in `w` seconds.", '"user";q=1000;w=3600',
        text('^"[a-z-]+";q=[0-9]+;w=[0-9]+$', 100),
    ),
    "Retry-After": header("Seconds to wait before the next try.", 30, whole(1, MAX_INT32)),
    "WWW-Authenticate": header(
        "The ways to sign in (RFC 9110 §11.6.1).", 'Bearer realm="api", Api-Key realm="api"', text("^[A-Z].*$", 500)
    ),
    "ETag": header("The state that was answered, for If-Match and If-None-Match.", SAMPLE_TAG,
                   text(f"^{TAG_PATTERN}$", 100)),
    "Location": header("The new resource's address.", "/api/v1/customers/cust_0123456789abcdefghijkl/",
                       {"type": "string", "format": "uri-reference", "maxLength": 2000}),
    "Link": header("The next and the previous page (RFC 8288).",
                   '<https://api.slipway.invalid/api/v1/customers/?cursor=WzEs.d4e5>; rel="next"',
                   text(r"^<[^<>]+>; rel=\"(next|prev)\"(, <[^<>]+>; rel=\"prev\")?$", 20000)),
    "Idempotent-Replayed": header("`true` when this is the kept answer of the first request with the same key.", "true",
                                  {"type": "string", "enum": ["true"]}),
}  # fmt: skip


def headers_of(*names: str) -> Schema:
    """References for the named headers and those that every answer carries."""
    return {name: ref("headers", name) for name in ("X-Request-ID", *LIMIT_HEADERS, *names)}


KEY_TEXT = (
    "Makes the request safe to repeat: the same key with the same request is answered with the first answer, which is "
    "kept for 24 hours; with another request it is refused (422). Use a fresh UUID. Bare or in double quotes."
)
KEY_SCHEMA = text('^(?:"[ !#-~]{1,255}"|[!#-~][ -~]{0,254})$', 257, minLength=1)
TAGS = text(rf"^(?:\*|{TAG_PATTERN}(?:, {TAG_PATTERN})*)$", 1000, format="entity-tags", example=SAMPLE_TAG)


def parameter(place: str, name: str, description: str, schema: Schema, **more: Any) -> Schema:
    return {"in": place, "name": name, "description": description, "schema": schema, **more}


PARAMETERS = {
    "Cursor": parameter(
        "query",
        "cursor",
        "A place in this list: `next` or `prev` of a page's `meta`, with the same filters and the same order. "
        "Opaque, and valid for 7 days.",
        text(r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$", 2000),
    ),
    "Limit": parameter(
        "query",
        "limit",
        f"Rows per page: {pagination.DEFAULT_LIMIT} by default, at most {pagination.MAX_LIMIT}; more is taken as "
        f"{pagination.MAX_LIMIT}.",
        whole(1, MAX_INT32, default=pagination.DEFAULT_LIMIT),
        example=20,
    ),
    "Organization": parameter(
        "header",
        "X-Organization",
        "The id or slug of the organization to act for; needed only by people who belong to several.",
        text("^[A-Za-z0-9_-]*$", 255),
    ),
    "IdempotencyKey": parameter(
        "header", "Idempotency-Key", KEY_TEXT, KEY_SCHEMA, example="0b7f3a52-5f0c-4a1b-9d3e-4c7f8a2b1c0d"
    ),
    "RequiredIdempotencyKey": parameter(
        "header",
        "Idempotency-Key",
        f"Required here. {KEY_TEXT}",
        KEY_SCHEMA,
        required=True,
        example="0b7f3a52-5f0c-4a1b-9d3e-4c7f8a2b1c0d",
    ),
    "IfMatch": parameter(
        "header",
        "If-Match",
        "The ETag that the change is meant for; when the resource has another by now, nothing changes (412).",
        TAGS,
    ),
    "IfNoneMatch": parameter(
        "header",
        "If-None-Match",
        "The ETag that you hold; when the resource still has it, the answer is 304 without a body.",
        TAGS,
    ),
}

LINE = text(ANY_TEXT, UNBOUNDED)
FAULT = {
    "type": "object",
    "description": "One thing to correct: `pointer` is a place in the body (RFC 6901), `parameter` one in the query.",
    "required": ["code", "detail"],
    "properties": {
        "pointer": {**text(r"^#[\s\S]*$", UNBOUNDED), "example": "#/email"},
        "parameter": {**LINE, "example": "limit"},
        "code": text("^[a-z0-9-]+$", 100, example="required"),
        "detail": {**LINE, "example": "This field is required."},
    },
}
PROBLEM = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457). `code` is for programs, `detail` for people.",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "maxLength": 2000, "description": "A page about this problem."},
        "title": {**LINE, "description": "The same for every problem of this type."},
        "status": whole(400, 599),
        "detail": {**LINE, "description": "What is wrong with this request, and what to do next."},
        "instance": text("^/", UNBOUNDED, description="The path that was asked for."),
        "code": text("^[a-z0-9-]+$", 100, description="Stable; decide by it."),
        "request_id": text("^[A-Za-z0-9._-]*$", 128),
        "errors": {"type": "array", "maxItems": UNBOUNDED, "items": ref("schemas", "Fault")},
    },
}
CURSOR = {
    **PARAMETERS["Cursor"]["schema"],
    "nullable": True,
    "example": "WzEsImEi.d4e5f6d4e5f6d4e5f6d4e5f6d4e5f6d4e5f6d4e5f6d",
}
UNCOUNTED_META = {
    "type": "object",
    "description": "The cursors to both sides; a null `next` is the end of the list.",
    "required": ["next", "prev"],
    "properties": {"next": CURSOR, "prev": {**CURSOR, "example": None}},
}
META = {
    **UNCOUNTED_META,
    "required": ["next", "prev", "total"],
    "properties": {
        **UNCOUNTED_META["properties"],  # type: ignore[dict-item]
        "total": whole(
            0,
            totals.COUNTED_UP_TO,
            nullable=True,
            example=42,
            description="How many rows there are; null beyond 10,000.",
        ),
        "total_at_least": whole(
            totals.COUNTED_UP_TO,
            totals.COUNTED_UP_TO,
            description="Stands here when `total` is null.",
            example=totals.COUNTED_UP_TO,
        ),
    },
}


# Where one kind of problem is the usual one for its status.
EXAMPLES: dict[int, type[problems.Problem]] = {
    401: InvalidCredentials,
    412: PreconditionFailed,
    422: KeyReused,
}


def problem_example(status: int, public_url: str) -> Schema:
    kind = EXAMPLES.get(status)
    code, title = (kind.code, kind.title) if kind else problems.TITLES[status]
    return {
        "type": f"{public_url}/problems/{code}",
        "title": title,
        "status": status,
        "detail": ERRORS[status][1],
        "instance": "/api/v1/customers/",
        "code": code,
        "request_id": SAMPLE_REQUEST_ID,
    }


def error_response(status: int, public_url: str) -> Schema:
    content = {"schema": ref("schemas", "Problem"), "example": problem_example(status, public_url)}
    return {
        "description": ERRORS[status][1],
        "headers": headers_of(*EXTRA_HEADERS.get(status, ())),
        "content": {problems.MEDIA_TYPE: content},
    }


def build(public_url: str) -> Schema:
    """All of them; what no operation refers to is left out at the end."""
    responses = {name: error_response(status, public_url) for status, (name, _) in ERRORS.items()}
    responses["URITooLong"] = {"description": TOO_LONG, "headers": headers_of()}
    responses["NotModified"] = {"description": "You hold the present state.", "headers": headers_of("ETag")}
    return {
        "headers": HEADERS,
        "parameters": PARAMETERS,
        "responses": responses,
        "schemas": {"Problem": PROBLEM, "Fault": FAULT, "PageMeta": META, "UncountedPageMeta": UNCOUNTED_META},
    }

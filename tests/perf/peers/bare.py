"""Limit a: no framework. A WSGI function, one psycopg connection a thread, prepared statements, orjson."""

import os
import secrets
import threading
import time
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import parse_qsl

import jwt
import orjson
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

set_json_loads(orjson.loads)
SIGNING_KEY = os.environ["JWT_SIGNING_KEY"]
LIST_PATH = "/api/v1/customers/"
FIELDS = "id, email, name, status, metadata, created_at, updated_at"
ORDER = "ORDER BY created_at DESC, id DESC LIMIT %s"
NEWEST = f"SELECT {FIELDS} FROM customers_customer WHERE organization_id = %s {ORDER}"
OLDER = f"""
    SELECT {FIELDS} FROM customers_customer
    WHERE organization_id = %s AND (created_at, id) < (%s::timestamptz, %s) {ORDER}
"""
DETAIL = f"SELECT {FIELDS} FROM customers_customer WHERE organization_id = %s AND id = %s"
# The key is taken and the row written by one statement, which is a transaction of its own.
CREATE = f"""
    WITH taken AS (
        INSERT INTO peer_idempotency_key (organization_id, key, answer) VALUES (%s, %s, %s)
        ON CONFLICT DO NOTHING RETURNING organization_id
    )
    INSERT INTO customers_customer (organization_id, {FIELDS})
    SELECT taken.organization_id, %s, %s, %s, %s, %s::jsonb, %s, %s FROM taken
"""
STORED = "SELECT answer FROM peer_idempotency_key WHERE organization_id = %s AND key = %s"
local = threading.local()


def database():
    """This thread's cursor."""
    if not hasattr(local, "cursor"):
        connection = psycopg.connect(
            os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=0, options="-c TimeZone=UTC"
        )
        local.cursor = connection.cursor(binary=True, row_factory=dict_row)
    return local.cursor


@lru_cache(maxsize=1000)
def verified(token):
    return jwt.decode(token, SIGNING_KEY, ["HS256"])


def identify(environ):
    """The claims of a token whose signature was checked once and whose end is checked each time."""
    claims = verified(environ["HTTP_AUTHORIZATION"].removeprefix("Bearer "))
    if claims["exp"] < time.time():
        raise PermissionError
    return claims


def open_request(claims):
    """The organization that this request acts for."""
    return claims["org"]


def list_customers(organization, query):
    limit = int(query.get("limit", 50))
    if "before" in query:
        rows = database().execute(OLDER, (organization, query["before"], query["id"], limit))
    else:
        rows = database().execute(NEWEST, (organization, limit))
    return "200 OK", orjson.dumps({"data": rows.fetchall()}, option=orjson.OPT_UTC_Z)


def get_customer(organization, identifier):
    row = database().execute(DETAIL, (organization, identifier)).fetchone()
    return ("200 OK", orjson.dumps(row, option=orjson.OPT_UTC_Z)) if row else ("404 Not Found", b"{}")


def new_customer(body):
    now = datetime.now(UTC)
    return {
        "id": f"cust_{secrets.token_hex(11)}",
        "email": body["email"],
        "name": body.get("name", ""),
        "status": body.get("status", "active"),
        "metadata": body.get("metadata", {}),
        "created_at": now,
        "updated_at": now,
    }


def values(customer):
    return {**customer, "metadata": orjson.dumps(customer["metadata"]).decode()}.values()


def create_customer(organization, claims, key, body):
    customer = new_customer(orjson.loads(body))
    answer = orjson.dumps(customer, option=orjson.OPT_UTC_Z)
    written = database().execute(CREATE, (organization, key, answer.decode(), *values(customer)))
    if not written.rowcount:
        answer = orjson.dumps(database().execute(STORED, (organization, key)).fetchone()["answer"])
    return "201 Created", answer


def answer(environ):
    claims = identify(environ)
    organization = open_request(claims)
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] == "POST":
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        return create_customer(organization, claims, environ["HTTP_IDEMPOTENCY_KEY"], body)
    if path == LIST_PATH:
        return list_customers(organization, dict(parse_qsl(environ["QUERY_STRING"])))
    return get_customer(organization, path.removeprefix(LIST_PATH).rstrip("/"))


def application(environ, start_response):
    try:
        status, body = answer(environ)
    except PermissionError:
        status, body = "401 Unauthorized", b"{}"
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]

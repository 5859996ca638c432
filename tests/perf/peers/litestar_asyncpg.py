"""Litestar with msgspec structs on asyncpg, without an ORM: its fastest usual form."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import msgspec
from litestar import Litestar, Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import Parameter
from litestar.security.jwt import JWTAuth, Token

FIELDS = "id, email, name, status, metadata, created_at, updated_at"
LIST = f"""
    SELECT {FIELDS} FROM customers_customer WHERE organization_id = $1
    ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3
"""
DETAIL = f"SELECT {FIELDS} FROM customers_customer WHERE id = $1 AND organization_id = $2"
USER = "SELECT id, username FROM authentication_user WHERE id = $1 AND is_active"
INSERT = f"INSERT INTO customers_customer (organization_id, {FIELDS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
FIND_KEY = "SELECT answer FROM peer_idempotency_key WHERE organization_id = $1 AND key = $2"
INSERT_KEY = "INSERT INTO peer_idempotency_key (organization_id, key, answer) VALUES ($1, $2, $3)"


class User(msgspec.Struct):
    id: UUID
    username: str


class CustomerIn(msgspec.Struct):
    email: str
    name: str = ""
    status: str = "active"
    metadata: dict[str, Any] = {}


class Customer(msgspec.Struct):
    id: str
    email: str
    name: str
    status: str
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class Customers(msgspec.Struct):
    items: list[Customer]


async def use_msgspec(connection: asyncpg.Connection) -> None:
    def encode(value: Any) -> str:
        return msgspec.json.encode(value).decode()

    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=encode, decoder=msgspec.json.decode)


@asynccontextmanager
async def database(app: Litestar) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], init=use_msgspec) as pool:
        app.state.pool = pool
        yield


async def retrieve_user(token: Token, connection: Any) -> User | None:
    row = await connection.app.state.pool.fetchrow(USER, UUID(token.sub))
    return User(**row) if row else None


def organization_of(request: Request) -> UUID:
    return UUID(request.auth.extras["org"])


@get("/api/v1/customers/")
async def list_customers(request: Request, limit: int = 50, offset: int = 0) -> Customers:
    rows = await request.app.state.pool.fetch(LIST, organization_of(request), limit, offset)
    return Customers([Customer(*row) for row in rows])


@get("/api/v1/customers/{customer_id:str}/")
async def get_customer(request: Request, customer_id: str) -> Customer:
    row = await request.app.state.pool.fetchrow(DETAIL, customer_id, organization_of(request))
    if row is None:
        raise NotFoundException()
    return Customer(*row)


@post("/api/v1/customers/")
async def create_customer(
    request: Request, data: CustomerIn, idempotency_key: Annotated[str, Parameter(header="Idempotency-Key")]
) -> Customer:
    organization, now = organization_of(request), datetime.now(UTC)
    customer_id = f"cust_{secrets.token_hex(11)}"
    customer = Customer(customer_id, data.email, data.name, data.status, data.metadata, now, now)
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        if stored := await connection.fetchval(FIND_KEY, organization, idempotency_key):
            return msgspec.convert(stored, Customer)
        await connection.execute(INSERT, organization, *msgspec.structs.astuple(customer))
        await connection.execute(INSERT_KEY, organization, idempotency_key, customer)
    return customer


authentication = JWTAuth[User](retrieve_user_handler=retrieve_user, token_secret=os.environ["JWT_SIGNING_KEY"])
app = Litestar(
    route_handlers=[list_customers, get_customer, create_customer],
    lifespan=[database],
    on_app_init=[authentication.on_app_init],
)

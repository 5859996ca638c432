"""FastAPI with SQLAlchemy's async session, in the shape of its full-stack template: rows, a count, response models."""

import os
import secrets
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import DateTime, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SIGNING_KEY = os.environ["JWT_SIGNING_KEY"]
engine = create_async_engine(os.environ["DATABASE_URL"].replace("postgres://", "postgresql+asyncpg://", 1))
new_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True), dict[str, Any]: JSONB}


class User(Base):
    __tablename__ = "authentication_user"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    username: Mapped[str]
    email: Mapped[str | None]
    is_active: Mapped[bool]


def new_id() -> str:
    return f"cust_{secrets.token_hex(11)}"


def now() -> datetime:
    return datetime.now(UTC)


class Customer(Base):
    __tablename__ = "customers_customer"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[uuid.UUID]
    email: Mapped[str]
    name: Mapped[str]
    status: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class IdempotencyKey(Base):
    __tablename__ = "peer_idempotency_key"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[uuid.UUID]
    key: Mapped[str]
    answer: Mapped[dict[str, Any]]


class CustomerCreate(BaseModel):
    email: str
    name: str = ""
    status: str = "active"
    details: dict[str, Any] = Field({}, alias="metadata")


class CustomerPublic(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: str
    email: str
    name: str
    status: str
    details: dict[str, Any] = Field(validation_alias="details", serialization_alias="metadata")
    created_at: datetime
    updated_at: datetime


class CustomersPublic(BaseModel):
    data: list[CustomerPublic]
    count: int


async def get_session() -> AsyncIterator[AsyncSession]:
    async with new_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
Credentials = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


async def get_organization(session: Session, credentials: Credentials) -> uuid.UUID:
    claims = jwt.decode(credentials.credentials, SIGNING_KEY, ["HS256"])
    user = await session.get(User, uuid.UUID(claims["user_id"]))
    if user is None or not user.is_active:
        raise HTTPException(401)
    return uuid.UUID(claims["org"])


Organization = Annotated[uuid.UUID, Depends(get_organization)]


@app.get("/api/v1/customers/")
async def list_customers(
    session: Session, organization: Organization, offset: int = 0, limit: int = 50
) -> CustomersPublic:
    own = Customer.organization_id == organization
    count = await session.scalar(select(func.count()).select_from(Customer).where(own))
    newest = select(Customer).where(own).order_by(Customer.created_at.desc(), Customer.id.desc())
    rows = await session.scalars(newest.offset(offset).limit(limit))
    return CustomersPublic(data=rows.all(), count=count)


@app.get("/api/v1/customers/{customer_id}/")
async def get_customer(session: Session, organization: Organization, customer_id: str) -> CustomerPublic:
    customer = await session.get(Customer, customer_id)
    if customer is None or customer.organization_id != organization:
        raise HTTPException(404)
    return CustomerPublic.model_validate(customer)


@app.post("/api/v1/customers/", status_code=201, response_model=CustomerPublic)
async def create_customer(
    session: Session, organization: Organization, body: CustomerCreate, idempotency_key: Annotated[str, Header()]
) -> Any:
    key = IdempotencyKey(organization_id=organization, key=idempotency_key)
    stored = await session.scalar(select(IdempotencyKey).filter_by(organization_id=organization, key=idempotency_key))
    if stored:
        return JSONResponse(stored.answer, status_code=201)
    customer = Customer(organization_id=organization, **body.model_dump())
    session.add(customer)
    await session.flush()
    answer = CustomerPublic.model_validate(customer)
    key.answer = answer.model_dump(mode="json", by_alias=True)
    session.add(key)
    await session.commit()
    return answer

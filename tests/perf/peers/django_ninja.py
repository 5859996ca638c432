"""django-ninja as its guide writes it: pydantic schemas, the limit-offset paginator, a bearer that loads the user."""

from datetime import datetime
from typing import Any

import jwt
from django.conf import settings
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.urls import path
from ninja import NinjaAPI, Schema
from ninja.pagination import LimitOffsetPagination, paginate
from ninja.security import HttpBearer
from starter.models import Customer, IdempotencyKey, User


class Bearer(HttpBearer):
    def authenticate(self, request, token):
        claims = jwt.decode(token, settings.SIMPLE_JWT["SIGNING_KEY"], ["HS256"])
        request.organization = claims["org"]
        return User.objects.filter(pk=claims["user_id"], is_active=True).first()


class CustomerIn(Schema):
    email: str
    name: str = ""
    status: str = "active"
    metadata: dict[str, Any] = {}


class CustomerOut(CustomerIn):
    id: str
    created_at: datetime
    updated_at: datetime


api = NinjaAPI(auth=Bearer())


@api.get("/customers/", response=list[CustomerOut])
@paginate(LimitOffsetPagination)
def list_customers(request):
    return Customer.objects.filter(organization_id=request.organization)


@api.get("/customers/{customer_id}/", response=CustomerOut)
def get_customer(request, customer_id: str):
    return get_object_or_404(Customer, pk=customer_id, organization_id=request.organization)


@api.post("/customers/", response={201: CustomerOut})
@transaction.atomic
def create_customer(request, body: CustomerIn):
    identity = {"organization_id": request.organization, "key": request.headers["Idempotency-Key"]}
    if stored := IdempotencyKey.objects.filter(**identity).first():
        return 201, stored.answer
    customer = Customer.objects.create(organization_id=request.organization, **body.dict())
    answer = CustomerOut.from_orm(customer).model_dump(mode="json")
    IdempotencyKey.objects.create(**identity, answer=answer)
    return 201, answer


urlpatterns = [path("api/v1/", api.urls)]

"""The measured tables, as the Django peers see them."""

import secrets
import uuid

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import models

STATUSES = [("active", "Active"), ("inactive", "Inactive"), ("archived", "Archived")]


class User(AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    username = models.CharField(max_length=50, unique=True)
    email = models.EmailField(null=True)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    USERNAME_FIELD = "username"

    class Meta:
        managed = False
        db_table = "authentication_user"


class Organization(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=255)

    class Meta:
        managed = False
        db_table = "tenants_organization"


def new_id():
    return f"cust_{secrets.token_hex(11)}"


class Customer(models.Model):
    id = models.CharField(primary_key=True, max_length=27, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT)
    email = models.EmailField()
    name = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=10, choices=STATUSES, default="active")
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "customers_customer"
        ordering = ["-created_at", "-id"]


class IdempotencyKey(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT)
    key = models.CharField(max_length=255)
    answer = models.JSONField()

    class Meta:
        managed = False
        db_table = "peer_idempotency_key"

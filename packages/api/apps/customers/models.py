"""Customers."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from contract.fields import PrefixedIdField
from contract.tenancy import TenantModel


class Customer(TenantModel):
    """A person or company that the organisation does business with."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        INACTIVE = "inactive"
        ARCHIVED = "archived"

    id = PrefixedIdField("cust")
    email = models.EmailField()
    name = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("email"),
                condition=~Q(status="archived"),
                name="customer_email_unique",
                violation_error_message="Another customer has this e-mail address; archive that one first.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "inactive", "archived"]), name="customer_status_known"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "created_at", "id"], name="customer_by_created_at"),
            models.Index(fields=["organization", "name", "id"], name="customer_by_name"),
            models.Index(fields=["organization", "email", "id"], name="customer_by_email"),
            models.Index(fields=["organization", "status", "id"], name="customer_by_status"),
            models.Index(fields=["organization", "status", "created_at", "id"], name="customer_by_status_and_time"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

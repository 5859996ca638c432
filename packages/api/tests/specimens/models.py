"""A domain that exists in tests only: NULLs, foreign keys, all column types, all three scopes, a slow command."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from contract.fields import AutoSlugField, PrefixedIdField
from contract.tenancy import TenantModel


class Cabinet(TenantModel):
    """Where specimens are kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=50)
    slug = AutoSlugField(source="name")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "created_at", "id"], name="cabinet_by_created_at")]


class Specimen(TenantModel):
    """A thing that was found."""

    class Kind(models.TextChoices):
        FOSSIL = "fossil"
        MINERAL = "mineral"

    id = PrefixedIdField("spec")
    cabinet = models.ForeignKey("specimens.Cabinet", on_delete=models.PROTECT, null=True, blank=True)
    name = models.CharField(max_length=50)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FOSSIL)
    weight = models.IntegerField(null=True, blank=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    found_on = models.DateField(null=True, blank=True)
    is_rare = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["organization", "created_at", "id"], name="specimen_by_created_at"),
            models.Index(fields=["organization", "kind", "name", "id"], name="specimen_by_kind_and_name"),
            models.Index(fields=["organization", "name", "id"], name="specimen_by_name"),
            models.Index("organization", Coalesce("weight", models.Value(-1)), "id", name="specimen_by_weight"),
        ]


class Measurement(TenantModel):
    """A row with a column of every type that the reader compiles, NULL where a column can be."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    specimen = models.ForeignKey("specimens.Specimen", on_delete=models.PROTECT, null=True)
    kind = models.CharField(max_length=10, choices=Specimen.Kind, default=Specimen.Kind.FOSSIL)
    label = models.CharField(max_length=200, null=True)
    text = models.TextField(blank=True)
    count = models.BigIntegerField(null=True)
    ratio = models.FloatField(null=True)
    price = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    taken_on = models.DateField(null=True)
    taken_at = models.DateTimeField(null=True)
    clock = models.TimeField(null=True)
    lasted = models.DurationField(null=True)
    is_valid = models.BooleanField(null=True)
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "created_at", "id"], name="measurement_by_created_at")]


class Note(models.Model):
    """A text that only its writer sees."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    text = models.TextField(max_length=500)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["user", "created_at", "id"], name="note_by_created_at")]


class Era(models.Model):
    """A span of time that everyone knows."""

    name = models.CharField(max_length=50)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["created_at", "id"], name="era_by_created_at")]

"""The contract's own tables: tenant and principal are plain values, so that the folder stands without any app."""

from django.db import models


class IdempotencyRecord(models.Model):
    """The answer that was given to one key, kept so that a retry gets it again."""

    tenant = models.CharField(max_length=36, blank=True)
    principal = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "principal", "key"], name="contract_idempotency_key_unique")
        ]

    def __str__(self) -> str:
        return f"{self.principal} {self.key}"

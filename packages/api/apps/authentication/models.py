"""People, and the sessions that their tokens belong to."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper
from django.utils.crypto import get_random_string

USERNAME_PATTERN = r"^[A-Za-z0-9_.-]{3,50}\Z"


class UserManager(BaseUserManager["User"]):
    """Finds and creates people by e-mail or by username."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user with this username or e-mail address, whatever its case. Raises `User.DoesNotExist`."""
        field = "email" if "@" in (username or "") else "username"
        return self.get(**{f"{field}__iexact": username})

    def create_user(
        self, username: str | None = None, email: str | None = None, password: str | None = None, **fields: Any
    ) -> "User":
        """A new person; without a username it is made from the local part of the e-mail address."""
        if not (username or email):
            raise ValueError("A user needs a username or an e-mail address.")
        name = username or self.free_username(str(email).partition("@")[0])
        user = self.model(username=name, email=self.normalize_email(email) if email else None, **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(username, password=password, is_staff=True, is_superuser=True, **fields)

    def free_username(self, wished: str) -> str:
        """The wish in allowed characters, with a suffix when it is short or taken."""
        base = "".join(
            character for character in wished if character.isascii() and (character.isalnum() or character in "_.-")
        )[:40]
        name = base
        while len(name) < 3 or self.filter(username__iexact=name).exists():
            name = f"{base}-{get_random_string(5).lower()}".lstrip("-")
        return name


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. `role` steers the learning domains only; platform rights come from groups."""

    class Role(models.TextChoices):
        STUDENT = "student"
        INSTRUCTOR = "instructor"
        ADMIN = "admin"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(
        max_length=50,
        validators=[
            RegexValidator(USERNAME_PATTERN, "A username has 3 to 50 letters, digits, dots, dashes or underscores.")
        ],
    )
    # NULL, not '', is "no address": unique constraints let any number of NULLs stand.
    email = models.EmailField(max_length=255, null=True, blank=True)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    role = models.CharField(max_length=20, choices=Role, default=Role.STUDENT)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = UserManager()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        # UPPER, because that is what `iexact` compiles to on PostgreSQL: one index serves both.
        constraints = [
            models.UniqueConstraint(
                Upper("username"), name="user_username_unique", violation_error_message="This username is taken."
            ),
            models.UniqueConstraint(
                Upper("email"), name="user_email_unique", violation_error_message="This e-mail address is taken."
            ),
        ]

    def __str__(self) -> str:
        return self.username


class TokenFamily(models.Model):
    """One sign-in: the chain of refresh tokens that came out of it, of which only the newest is good."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey("authentication.User", on_delete=models.CASCADE, related_name="token_families")
    current_token = models.CharField(max_length=32)
    previous_token = models.CharField(max_length=32, blank=True)
    rotated_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "token families"

    def __str__(self) -> str:
        return f"{self.user_id} since {self.created_at:%Y-%m-%d}"

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > now


class LoginFailure(models.Model):
    """A refused sign-in, kept in the database so that a lost cache forgets no guess."""

    identifier_hash = models.CharField(max_length=64)
    failed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["identifier_hash", "failed_at"], name="login_failure_recent")]

    def __str__(self) -> str:
        return f"{self.identifier_hash[:8]} at {self.failed_at}"

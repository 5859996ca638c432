"""Field classes for values that a column derives by itself."""

import re
import secrets
import time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import slugify

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 22


def sortable_id() -> str:
    """22 base62 characters: 48 bits of Unix milliseconds, then 80 random bits, so that inserts stay together."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    digits = []
    for _ in range(ID_LENGTH):
        number, digit = divmod(number, 62)
        digits.append(BASE62[digit])
    return "".join(reversed(digits))


class PrefixedIdField(models.CharField):  # type: ignore[type-arg]
    """A primary key such as `cust_0Bq…`: the prefix names the kind, the rest is `sortable_id()`."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        kwargs.update(primary_key=True, max_length=len(prefix) + 1 + ID_LENGTH, editable=False)
        super().__init__(default=self.make, **{k: v for k, v in kwargs.items() if k != "default"})

    @property
    def pattern(self) -> str:
        return f"^{self.prefix}_[0-9A-Za-z]{{{ID_LENGTH}}}$"

    def make(self) -> str:
        return f"{self.prefix}_{sortable_id()}"

    def to_python(self, value: Any) -> str:
        """Raises `ValidationError` for a text that can't be an id of this kind."""
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise ValidationError(f"An id of this kind is {self.prefix}_ and {ID_LENGTH} letters or digits.", "invalid")
        return value

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        for derived in ("default", "max_length", "editable", "primary_key"):
            kwargs.pop(derived, None)
        return name, path, [self.prefix, *args], kwargs


class AutoSlugField(models.SlugField):  # type: ignore[type-arg]
    """A slug made from another field when it is empty at insert; `-2`, `-3`, … keep it unique among its siblings."""

    def __init__(self, source: str, within: str | None = None, **kwargs: Any) -> None:
        self.source, self.within = source, within
        kwargs.setdefault("max_length", 255)
        kwargs.setdefault("blank", True)
        super().__init__(**kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.attname)
        if not value:
            value = self.free(model_instance, slugify(getattr(model_instance, self.source)) or "item")
            setattr(model_instance, self.attname, value)
        return value

    def free(self, instance: models.Model, base: str) -> str:
        """The first of `base`, `base-2`, `base-3`, … that no sibling has."""
        base = base[: (self.max_length or 255) - 8]
        siblings = type(instance)._default_manager.filter(**{f"{self.attname}__startswith": base})
        if self.within:
            siblings = siblings.filter(**{self.within: getattr(instance, self.within)})
        taken = set(siblings.values_list(self.attname, flat=True))
        number, slug = 1, base
        while slug in taken:
            number += 1
            slug = f"{base}-{number}"
        return slug

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source, "within": self.within}

"""A violated database constraint, as the field and the sentence that its declaration states."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.db import DatabaseError
from django.db.models import BaseConstraint, CheckConstraint, F, Model, UniqueConstraint

Violation = tuple[str, str, str]
SQLITE_NAME = re.compile(r"(?:UNIQUE|CHECK) constraint failed: (?:index ')?([\w.]+)")


def violated(error: DatabaseError) -> Violation | None:
    """(JSON pointer, code, detail) of the declared constraint behind a database error, None for any other error."""
    diagnostic = getattr(error.__cause__, "diag", None)
    name = getattr(diagnostic, "constraint_name", None)
    if name is None and (match := SQLITE_NAME.search(str(error))):
        name = match[1]
    return _declared().get(name) if name else None


@cache
def _declared() -> dict[str, Violation]:
    return dict(_all())


def _all() -> Iterator[tuple[str, Violation]]:
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            violation = _describe(model, constraint)
            yield constraint.name, violation
            if isinstance(constraint, UniqueConstraint) and constraint.fields:
                # SQLite names the columns of a plain unique constraint, not the constraint.
                field: Any = model._meta.get_field(constraint.fields[0])
                yield f"{model._meta.db_table}.{field.column}", violation


def _describe(model: type[Model], constraint: BaseConstraint) -> Violation:
    fields = [name for name in _fields(constraint) if name not in ("organization", "user")]
    pointer = f"#/{fields[0]}" if len(fields) == 1 else "#"
    code = constraint.violation_error_code or ("unique" if isinstance(constraint, UniqueConstraint) else "invalid")
    return pointer, code, str(constraint.get_violation_error_message())


def _fields(constraint: BaseConstraint) -> list[str]:
    if isinstance(constraint, UniqueConstraint):
        return [*constraint.fields, *(name for each in constraint.expressions for name in _references(each))]
    if isinstance(constraint, CheckConstraint):
        return [name.split("__")[0] for name, _ in _leaves(constraint.condition)]
    return []


def _references(expression: Any) -> Iterator[str]:
    if isinstance(expression, F):
        yield str(vars(expression)["name"])
    else:
        for source in expression.get_source_expressions():
            yield from _references(source)


def _leaves(condition: object) -> Iterator[tuple[str, object]]:
    for child in getattr(condition, "children", []):
        if isinstance(child, tuple):
            yield child
        else:
            yield from _leaves(child)

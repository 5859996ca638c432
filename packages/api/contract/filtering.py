"""`filter[field]=v`, `filter[field.op]=v`, `sort=a,-b` and `q`, from a resource's allowlists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

from django.db import connection, models
from django.db.models import Q
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from contract.fields import PrefixedIdField
from contract.problems import InvalidQuery, gather

OPERATORS = ("exact", "gt", "gte", "lt", "lte", "in")
MAX_IN_VALUES = 100
# A hundred UUIDs with their commas, and well within a request line.
MAX_IN_LENGTH = 3700
MAX_SORT_KEYS = 3
MAX_SEARCH_LENGTH = 100
FilterFields = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One column to sort by. A nullable one says what NULL sorts as, so that no NULL stands in a keyset."""

    column: str
    null_as: Any = None


@dataclass(frozen=True)
class Declaration:
    """What a list of a model may be filtered, sorted and searched by, and under which plain parameter names."""

    model: type[models.Model]
    filter_fields: FilterFields
    sort_fields: Mapping[str, SortKey]
    filter_aliases: Mapping[str, str]
    filter_values: Mapping[str, Mapping[str, str]]
    search_fields: Sequence[str]

    @cached_property
    def filter_parameters(self) -> dict[str, tuple[str, str]]:
        """Parameter name → (field, operator); `filter[status]` and `filter[status.in]` alike."""
        bracketed = {
            f"filter[{field}]" if operator == "exact" else f"filter[{field}.{operator}]": (field, operator)
            for field, operators in self.filter_fields.items()
            for operator in operators
        }
        return bracketed | {alias: (field, "exact") for alias, field in self.filter_aliases.items()}

    def filters(self, query: QueryDict) -> dict[str, tuple[str, str, Any]]:
        """Parameter → (field, operator, typed value). Raises `InvalidQuery` naming the parameters."""
        asked = {name: self.filter_parameters[name] for name in query if name in self.filter_parameters}
        values = gather(*(partial(self.value, name, *filtered, str(query[name])) for name, filtered in asked.items()))
        return {name: (*filtered, value) for (name, filtered), value in zip(asked.items(), values, strict=True)}

    def value(self, parameter: str, field: str, operator: str, text: str) -> Any:
        parse = parser(self.model, field)
        spellings = self.filter_values.get(field, {})
        if operator != "in":
            return _parsed(parse, parameter, spellings.get(text, text))
        parts = text.split(",")
        if len(parts) > MAX_IN_VALUES or len(text) > MAX_IN_LENGTH:
            limit = f"At most {MAX_IN_VALUES} values of {MAX_IN_LENGTH} characters together are allowed."
            raise InvalidQuery(parameter, limit, "too-many")
        return [_parsed(parse, parameter, spellings.get(part, part)) for part in parts]

    def conditions(self, query: QueryDict) -> list[tuple[str, Any]]:
        """What the query's filters ask of a row, as (lookup, value)."""
        return [(f"{field}__{operator}", value) for field, operator, value in self.filters(query).values()]

    def search(self, query: QueryDict) -> Q:
        """`q`: the text stands in any of the declared fields, whatever its case."""
        condition = Q()
        text = query.get("q", "")
        if not self.search_fields or not text:
            return condition
        if len(text) > MAX_SEARCH_LENGTH or "\x00" in text:
            raise InvalidQuery("q", f"A search has at most {MAX_SEARCH_LENGTH} printable characters.")
        for field in self.search_fields:
            condition |= Q(**{f"{field}__icontains": text})
        return condition

    def sort(self, order: str) -> list[tuple[SortKey, bool]]:
        """[(key, descending)] of `sort`, at most three. Raises `InvalidQuery`."""
        names = order.split(",")
        fields = [name.removeprefix("-") for name in names]
        if len(names) > MAX_SORT_KEYS or len(set(fields)) != len(fields):
            raise InvalidQuery("sort", f"Sort by one to {MAX_SORT_KEYS} different fields.")
        for field in fields:
            if field not in self.sort_fields:
                listed = ", ".join(self.sort_fields)
                raise InvalidQuery("sort", f"{field!r} is not a sort field; choose from {listed}.", "unknown-field")
        return [(self.sort_fields[field], name.startswith("-")) for field, name in zip(fields, names, strict=True)]


def check_parameters(query: QueryDict, allowed: Sequence[str]) -> None:
    """Refuse unknown, repeated and empty parameters, naming all of them."""
    gather(*(partial(_check, name, values, allowed) for name, values in query.lists()))


def _check(name: str, values: Sequence[object], allowed: Sequence[str]) -> None:
    if name not in allowed:
        raise InvalidQuery(name, f"There is no parameter {name!r} here.", "unknown-parameter")
    if len(values) > 1:
        raise InvalidQuery(name, f"{name!r} is given {len(values)} times; give it once.", "repeated")
    if not values[0]:
        raise InvalidQuery(name, f"{name!r} is empty; leave it out or give it a value.", "empty")


def _parsed(parse: "serializers.Field[Any, Any, Any, Any]", parameter: str, text: str) -> Any:
    try:
        return parse.run_validation(text)
    except ValidationError as error:
        details = error.detail if isinstance(error.detail, list) else [error.detail]
        raise InvalidQuery(parameter, f"{text[:100]!r} is not valid: {details[0]}") from None


@cache
def parser(model: type[models.Model], name: str) -> "serializers.Field[Any, Any, Any, Any]":
    """The field that reads a filter's text: that of the column's type, lenient where text is all there is."""
    column: Any = model._meta.get_field(name)
    if column.is_relation:
        column = column.target_field
    if column.choices:
        return serializers.ChoiceField(column.choices)
    if isinstance(column, models.DateTimeField):
        return serializers.DateTimeField()
    if isinstance(column, PrefixedIdField):
        return serializers.RegexField(column.pattern)
    if isinstance(column, models.CharField | models.TextField):
        return serializers.CharField(max_length=column.max_length, trim_whitespace=False)
    if isinstance(column, models.DecimalField):
        return serializers.DecimalField(column.max_digits, column.decimal_places)
    kind: Any = serializers.ModelSerializer.serializer_field_mapping[type(column)]
    if not issubclass(kind, serializers.IntegerField):
        return kind()  # type: ignore[no-any-return]
    # PostgreSQL would be sent what is left of a larger number.
    least, most = connection.ops.integer_field_range(column.get_internal_type())
    return kind(min_value=least, max_value=most)  # type: ignore[no-any-return]

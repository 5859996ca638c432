"""What the compiled reader gives is, byte for byte, what the serializer gives."""

from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework import serializers

from conftest import Member
from contract import rendering
from contract.columns import NotCompilable
from contract.reader import Reader
from contract.resources import Resource, reader_of
from contract.serializers import MAX_METADATA_NUMBER
from tests.contract.routes import LISTS, Route, make, name
from tests.specimens.models import Measurement, Specimen
from tests.specimens.serializers import MeasurementSerializer, SpecimenSerializer
from tests.specimens.tests.factories import MeasurementFactory, SpecimenFactory
from tests.specimens.views import MeasurementViewSet, SpecimenViewSet

COMPILED = [route for route in LISTS if isinstance(reader_of(route.view), Reader)]

# Everything that PostgreSQL stores as text: no NUL, no lone surrogates.
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=200)
NUMBERS = st.integers(-MAX_METADATA_NUMBER, MAX_METADATA_NUMBER)
FLOATS = st.floats(-MAX_METADATA_NUMBER, MAX_METADATA_NUMBER, allow_nan=False)
# A day from both ends, so that every zone's time has one in UTC.
TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.timezones())  # noqa: DTZ001
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(Specimen.Kind.values),
    "label": st.none() | TEXT,
    "text": TEXT,
    "count": st.none() | st.integers(-(2**63), 2**63 - 1),
    "ratio": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "price": st.none() | st.decimals(Decimal("-999999999"), Decimal("999999999"), places=3),
    "taken_on": st.none() | st.dates(),
    "taken_at": st.none() | TIMES,
    "clock": st.none() | st.times(),
    "lasted": st.none() | st.timedeltas(),
    "is_valid": st.none() | st.booleans(),
    "metadata": st.dictionaries(TEXT, st.none() | st.booleans() | NUMBERS | FLOATS | TEXT, max_size=8),
    "created_at": TIMES,
}


def by_serializer(serializer: Any, rows: Any) -> bytes:
    return rendering.dumps(serializer(rows, many=True).data)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=5), with_parent=st.booleans())
def test_compiled_rows_are_the_serializers_byte_for_byte(
    rows: list[dict[str, Any]], with_parent: bool, owner: Member
) -> None:
    reader = reader_of(MeasurementViewSet)
    assert isinstance(reader, Reader), reader
    with owner.rows():
        Measurement.objects.all().delete()
        parent = SpecimenFactory() if with_parent else None
        Measurement.objects.bulk_create([Measurement(specimen=parent, **row) for row in rows])
        for stored in Measurement.objects.all():
            compiled = rendering.dumps([reader.find([("pk__exact", stored.pk)])])

            assert compiled == by_serializer(MeasurementSerializer, [stored])


@pytest.mark.parametrize("route", COMPILED, ids=name)
def test_a_list_shows_what_the_serializer_shows(route: Route, owner: Member) -> None:
    rows = make(route, owner, 3)
    with owner.rows():
        stored = list(route.view.queryset.filter(pk__in=[row.pk for row in rows]).order_by("-created_at", "-pk"))
        expected = by_serializer(route.view.serializer_class, stored)

    content = owner.client.get(route.path).content

    assert content.startswith(b'{"data":' + expected + b',"meta":')


@pytest.mark.parametrize("route", COMPILED, ids=name)
def test_a_row_shows_what_the_serializer_shows(route: Route, owner: Member) -> None:
    (row,) = make(route, owner)
    with owner.rows():
        stored = route.view.queryset.get(pk=row.pk)
        expected = rendering.dumps(route.view.serializer_class(stored).data)

    assert owner.client.get(f"{route.path}{row.pk}/").content == expected


FILTERED = [
    {"filter[kind]": "fossil"},
    {"filter[kind.in]": "fossil,mineral", "filter[weight.gte]": "1"},
    {"filter[weight.lte]": "3", "filter[is_rare]": "false", "sort": "weight,-name"},
    {"filter[price.gte]": "2.50", "filter[found_on.gte]": "2026-01-01"},
    {"filter[kind.in]": "mineral", "sort": "-kind,name"},
    {"filter[kind]": "stone"},
]


@pytest.mark.parametrize("query", FILTERED, ids=str)
def test_a_filtered_list_is_what_the_orm_finds(query: dict[str, str], owner: Member) -> None:
    with owner.rows():
        for number in range(12):
            kind = ["fossil", "mineral"][number % 2]
            found_on = ["2025-12-31", "2026-01-01"][number // 6]
            SpecimenFactory(kind=kind, weight=[None, 1, 5][number % 3], price=f"{number}.50", found_on=found_on)
    filters = SpecimenViewSet().declaration.conditions(query)  # type: ignore[arg-type]
    with owner.rows():
        expected = {row.pk for row in Specimen.objects.filter(*map(Q, filters))}

    for limit in (1, 5, 50):
        found, cursor = [], {}
        while True:
            page = owner.client.get("/api/v1/specimens/", {**query, "limit": limit, **cursor}).json()
            found += [row["id"] for row in page["data"]]
            if page["meta"]["next"] is None:
                break
            cursor = {"cursor": page["meta"]["next"]}

        assert expected
        assert sorted(found) == sorted(expected)


def test_a_shape_is_compiled_once(owner: Member) -> None:
    reader = reader_of(SpecimenViewSet)
    owner.client.get("/api/v1/specimens/", {"filter[kind]": "fossil"})
    compiled = dict(reader._statements)

    owner.client.get("/api/v1/specimens/", {"filter[kind]": "mineral"})

    assert reader._statements == compiled


def test_its_statements_are_counted_like_any_other(owner: Member) -> None:
    with CaptureQueriesContext(connection) as captured:
        owner.client.get("/api/v1/specimens/")

    assert [row["sql"] for row in captured.captured_queries if 'FROM "specimens_specimen"' in row["sql"]]


def test_a_row_that_can_not_be_read_is_no_missing_one(owner: Member) -> None:
    owner.client.raise_request_exception = False
    with owner.rows():
        measurement = MeasurementFactory()
        with connection.cursor() as cursor:
            # A number that PostgreSQL holds and JSON's readers don't.
            cursor.execute("UPDATE specimens_measurement SET metadata = jsonb_build_object('a', 1e400)")

    answer = owner.client.get(f"/api/v1/measurements/{measurement.pk}/")

    assert answer.status_code == 500


class Counted(SpecimenSerializer):
    def to_representation(self, instance: Any) -> Any:
        return {}


class Asking(SpecimenSerializer):
    def get_fields(self) -> Any:
        return {name: field for name, field in super().get_fields().items() if "request" in self.context}


class ShoutedField(serializers.CharField):
    def to_representation(self, value: Any) -> Any:
        return str(value).upper()


class Shouting(SpecimenSerializer):
    name = ShoutedField()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"get_queryset": lambda view: Specimen.objects.all()}, "overrides get_queryset"),
        ({"serializer_class": Counted}, "Counted has a `to_representation` of its own"),
        ({"serializer_class": Asking}, "Asking has a `get_fields` of its own"),
        ({"serializer_class": Shouting}, "`name` is shown in a way of its own"),
        ({"get_serializer_context": lambda view: {}}, "overrides get_serializer_context"),
        ({"queryset": Specimen.objects.distinct()}, "more than rows of a table"),
    ],
    ids=["hook", "serializer", "fields", "field", "context", "queryset"],
)
def test_what_says_more_than_its_declaration_is_left_to_the_orm(changes: dict[str, Any], reason: str) -> None:
    found = reader_of(type("Changed", (SpecimenViewSet,), changes))

    assert isinstance(found, NotCompilable)
    assert reason in str(found)


@pytest.mark.django_db
def test_the_explanation_names_every_list_its_sql_and_its_index() -> None:
    output = StringIO()
    call_command("explain_resources", stdout=output)

    parts = {part.split()[0]: part for part in output.getvalue().split("\n\n") if part.strip()}
    assert {route.path for route in LISTS} <= set(parts)
    assert "compiled" in parts["/api/v1/customers/"]
    assert "  -created_at: customer_by_created_at" in parts["/api/v1/customers/"]
    assert "  -name: customer_by_name" in parts["/api/v1/customers/"]
    assert "by the ORM: `items` is computed" in parts["/api/v1/invoices/"]
    assert all("SELECT" in part and "no index" not in part for part in parts.values())
    assert issubclass(SpecimenViewSet, Resource)

"""Filters, sorts and searches: only what is declared, and everything that is."""

from datetime import date
from typing import Any

import pytest
from rest_framework.exceptions import ValidationError

from conftest import Member
from contract.filtering import parser
from contract.problems import MAX_ERRORS
from tests.contract.routes import LISTS, Route, make, name
from tests.specimens.models import Measurement, Specimen
from tests.specimens.tests.factories import CabinetFactory, SpecimenFactory

SPECIMENS = "/api/v1/specimens/"


@pytest.mark.parametrize("route", LISTS, ids=name)
@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("filter[no_such_field]=1", "filter[no_such_field]"),
        ("filter[organization]=1", "filter[organization]"),
        ("filter[created_at.regex]=1", "filter[created_at.regex]"),
        ("filter[created_at__gte]=1", "filter[created_at__gte]"),
        ("filter=1", "filter"),
        ("created_at__gte=2020-01-01", "created_at__gte"),
        ("offset=10", "offset"),
        ("page=2", "page"),
        ("sort=no_such_field", "sort"),
        ("sort=organization", "sort"),
        ("sort=--created_at", "sort"),
        ("sort=created_at,created_at", "sort"),
        ("sort=created_at,-created_at", "sort"),
        ("sort=,", "sort"),
        ("sort=", "sort"),
        ("sort=a,b,c,d", "sort"),
        ("limit=1&limit=2", "limit"),
        ("%00=1", "\x00"),
    ],
)
def test_refuses_what_is_not_declared_and_names_it(route: Route, query: str, parameter: str, owner: Member) -> None:
    answer = owner.client.get(f"{route.path}?{query}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == parameter


@pytest.mark.parametrize("route", LISTS, ids=name)
def test_names_every_bad_parameter_once(route: Route, owner: Member) -> None:
    bad = {"limit": "0", "sort": "no_such_field", "cursor": "x", "offset": "10", "filter[no_such_field]": "1"}
    bad |= dict.fromkeys(route.view().declaration.filter_parameters, "")
    query = "&".join(f"{name}={value}" for name, value in bad.items())

    answer = owner.client.get(f"{route.path}?{query}&limit=1")

    assert answer.status_code == 400
    assert sorted(error["parameter"] for error in answer.json()["errors"]) == sorted(bad)


def test_names_every_value_of_the_wrong_type(owner: Member) -> None:
    bad = {"filter[kind]": "dinosaur", "filter[weight]": "heavy", "cabinet": "nonsense", "q": "x" * 101, "limit": "x"}

    answer = owner.client.get(SPECIMENS, bad)

    assert answer.status_code == 400
    assert {error["parameter"] for error in answer.json()["errors"]} == set(bad)


def test_names_no_more_than_one_can_mend(owner: Member) -> None:
    answer = owner.client.get(SPECIMENS, {f"p{number}": "1" for number in range(MAX_ERRORS + 1)})

    assert answer.status_code == 400
    assert len(answer.json()["errors"]) == MAX_ERRORS


@pytest.mark.parametrize("route", LISTS, ids=name)
def test_every_declared_filter_refuses_an_empty_and_a_repeated_value(route: Route, owner: Member) -> None:
    for parameter in route.view().declaration.filter_parameters:
        for query in (f"{parameter}=", f"{parameter}=x&{parameter}=y"):
            answer = owner.client.get(f"{route.path}?{query}")

            assert answer.status_code == 400
            assert answer.json()["errors"][0]["parameter"] == parameter


@pytest.mark.parametrize("route", LISTS, ids=name)
def test_every_declared_sort_works_both_ways(route: Route, owner: Member) -> None:
    make(route, owner, 3)

    for field in route.view.sort_fields:
        assert owner.client.get(route.path, {"sort": field}).status_code == 200
        assert owner.client.get(route.path, {"sort": f"-{field}"}).status_code == 200


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("filter[kind]", "dinosaur"),
        ("filter[kind.in]", "fossil,dinosaur"),
        ("filter[kind.in]", "fossil,"),
        ("filter[kind.in]", ",".join(["fossil"] * 101)),
        ("filter[weight]", "heavy"),
        ("filter[weight]", "1.5"),
        ("filter[weight]", "9" * 30),
        ("filter[weight]", "NaN"),
        ("filter[is_rare]", "perhaps"),
        ("filter[price.gte]", "1e99999"),
        ("filter[price.gte]", "Infinity"),
        ("filter[price.gte]", "1.005"),
        ("filter[found_on.gte]", "yesterday"),
        ("filter[found_on.gte]", "2026-02-30"),
        ("filter[cabinet]", "nonsense"),
        ("cabinet", "nonsense"),
        ("q", "x" * 101),
        ("q", "\x00"),
    ],
)
def test_refuses_a_value_of_the_wrong_type(parameter: str, value: str, owner: Member) -> None:
    answer = owner.client.get(SPECIMENS, {parameter: value})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == parameter


@pytest.fixture
def collection(owner: Member) -> Any:
    with owner.rows():
        cabinet = CabinetFactory()
        SpecimenFactory(name="Trilobite", weight=3, cabinet=cabinet, price="9.99", found_on=date(2020, 5, 1))
        SpecimenFactory(name="Quartz", kind="mineral", weight=7, is_rare=True, found_on=date(2021, 5, 1))
        SpecimenFactory(name="Ammonite", weight=None, price="100.00")
        return cabinet


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"filter[kind]": "fossil"}, {"Trilobite", "Ammonite"}),
        ({"filter[kind.in]": "fossil,mineral"}, {"Trilobite", "Ammonite", "Quartz"}),
        ({"filter[weight]": "3"}, {"Trilobite"}),
        ({"filter[weight.gte]": "3"}, {"Trilobite", "Quartz"}),
        ({"filter[weight.gte]": "3", "filter[weight.lte]": "5"}, {"Trilobite"}),
        ({"filter[is_rare]": "true"}, {"Quartz"}),
        ({"filter[price.gte]": "12.50"}, {"Quartz", "Ammonite"}),
        ({"filter[found_on.gte]": "2021-01-01"}, {"Quartz"}),
        ({"q": "ITE"}, {"Trilobite", "Ammonite"}),
        ({"q": "%"}, set()),
        ({"q": "'; DROP TABLE specimens_specimen; --"}, set()),
    ],
)
def test_filters(query: dict[str, str], names: set[str], owner: Member, collection: Any) -> None:
    assert {row["name"] for row in owner.client.get(SPECIMENS, query).json()["data"]} == names


def test_a_plain_parameter_is_the_filter(owner: Member, collection: Any) -> None:
    for parameter in ("cabinet", "filter[cabinet]"):
        rows = owner.client.get(SPECIMENS, {parameter: str(collection.pk)}).json()["data"]

        assert [row["name"] for row in rows] == ["Trilobite"]


def test_parameters_have_no_meaning_elsewhere(owner: Member, collection: Any) -> None:
    identifier = owner.client.get(SPECIMENS).json()["data"][0]["id"]

    assert owner.client.get(f"{SPECIMENS}{identifier}/?limit=1").status_code == 400
    assert owner.client.post(f"{SPECIMENS}?sort=name", {"name": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("model", "field", "most"), [(Specimen, "weight", 2**31 - 1), (Measurement, "count", 2**63 - 1)]
)
def test_a_number_that_the_column_can_not_hold_is_refused(model: Any, field: str, most: int) -> None:
    parse = parser(model, field)

    assert [parse.run_validation(str(number)) for number in (most, -most - 1)] == [most, -most - 1]
    for beyond in (most + 1, -most - 2):
        with pytest.raises(ValidationError):
            parse.run_validation(str(beyond))

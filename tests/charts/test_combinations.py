"""Every combination of toggles renders objects that find each other."""

import pytest
from references import problems
from rendering import Renderer, Values, ci_values
from toggles import CASES

DEPENDENCIES = ci_values("dev-deps")
ON_A_LAPTOP = {
    "environment": "development",
    "config": {"publicUrl": "http://localhost"},
    "secrets": {"existing": {"name": "slipway", "ownerName": "slipway-owner"}},
    "storage": {"s3": {"enabled": True, "bucket": "slipway", "region": "eu-central-1"}},
    "migrations": {"mode": "hook"},
}


@pytest.mark.parametrize("case", CASES)
def test_a_combination_leaves_no_reference_dangling(render: Renderer, case: str) -> None:
    objects = render(CASES[case])

    assert problems(objects) == []


@pytest.mark.parametrize("values", DEPENDENCIES.values(), ids=DEPENDENCIES.keys())
def test_the_service_and_the_laptops_backing_services_find_each_other(render: Renderer, values: Values) -> None:
    api, stores = render(ON_A_LAPTOP), render(values, "dev-deps")

    assert problems(api, beside=stores) == []
    assert problems(stores, beside=api) == []

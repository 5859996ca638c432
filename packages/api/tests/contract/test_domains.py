"""A domain that is gone while another needs it is named by `manage.py check`."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from contract.domains import needed_domains_are_listed


@pytest.fixture
def service(tmp_path: Path, settings: Any) -> Path:
    """A service with one domain, whose rooms a test writes."""
    settings.BASE_DIR, settings.DOMAINS = tmp_path, ["apps.orders"]
    (tmp_path / "apps/orders/tests").mkdir(parents=True)
    return tmp_path / "apps/orders"


def sentences() -> list[str]:
    return [message.msg for message in needed_domains_are_listed()]


@pytest.mark.parametrize(
    "line",
    [
        "from apps.parcels import selectors",
        "from apps.parcels.selectors import find_parcel",
        "from apps import parcels",
        "import apps.parcels.selectors",
        "def find() -> None:\n    from apps.parcels.selectors import find_parcel",
    ],
)
def test_names_the_domain_that_is_needed_and_where(line: str, service: Path) -> None:
    (service / "services.py").write_text(f"import decimal\n{line}\n")

    assert sentences() == ["apps.orders needs apps.parcels, which is not in the list of domains: see services.py."]


def test_says_each_only_once(service: Path) -> None:
    for room in ("views.py", "services.py"):
        (service / room).write_text("from apps.parcels import selectors\n")

    assert sentences() == [
        "apps.orders needs apps.parcels, which is not in the list of domains: see services.py, views.py."
    ]


def test_is_silent_about_listed_domains_and_about_tests(service: Path, settings: Any) -> None:
    settings.DOMAINS = ["apps.people", "apps.orders"]
    (service / "services.py").write_text("from apps.people import selectors\nfrom apps.orders import models\n")
    (service / "tests/test_order.py").write_text("from apps.parcels.tests.factories import ParcelFactory\n")

    assert sentences() == []


def test_comes_before_the_checks_that_would_fail_to_import(service: Path, settings: Any) -> None:
    (service / "urls.py").write_text("from apps.parcels import views\n")
    settings.ROOT_URLCONF = "no_such_module"

    with pytest.raises(CommandError, match=r"contract\.E002\) apps\.orders needs apps\.parcels"):
        call_command("check")


def test_the_service_has_all_domains_that_it_needs() -> None:
    assert sentences() == []

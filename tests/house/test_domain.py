"""`make domain` makes a resource that keeps the whole contract; its folder and its line are all there is to remove."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Checkout

pytestmark = pytest.mark.xdist_group("house")
LINE = '    "apps.tickets",\n'
PROMISES = {"authentication", "filtering", "idempotency", "pagination", "problems", "queries", "tenancy"}


@pytest.fixture
def with_tickets(checkout: Checkout) -> Checkout:
    started = checkout.manage("start_domain", "tickets")
    assert started.returncode == 0, started.stderr
    assert "/api/v1/tickets/" in started.stdout
    return checkout


def test_a_new_domain_keeps_every_promise(with_tickets: Checkout) -> None:
    judged = with_tickets.test("tests/contract", "apps/tickets", "-k", "tickets")

    passed = re.findall(r"tests/contract/test_(\w+)\.py::\S+\[.*/tickets/.*\] PASSED", judged.stdout)
    assert judged.returncode == 0, judged.stdout
    assert set(passed) >= PROMISES
    assert "apps/tickets/tests/test_manage_tickets.py::test_a_name_can_be_changed PASSED" in judged.stdout


def test_a_new_domain_obeys_the_rules_of_the_house(with_tickets: Checkout) -> None:
    rules = with_tickets.test("tests/architecture", "-k", "tickets or list")
    unwritten = with_tickets.manage("makemigrations", "--check")

    assert rules.returncode == 0, rules.stdout
    assert "[tickets]" in rules.stdout
    assert unwritten.returncode == 0, unwritten.stdout


def test_a_new_domain_needs_no_formatting(with_tickets: Checkout, ruff: str) -> None:
    for judge in (["check"], ["format", "--check"]):
        judged = with_tickets.run(ruff, *judge, "apps/tickets", "config", folder=with_tickets.service)
        assert judged.returncode == 0, judged.stdout


def test_a_domain_leaves_with_its_folder_and_its_line(with_tickets: Checkout) -> None:
    domains = with_tickets.service / "config/domains.py"
    assert LINE in domains.read_text()

    shutil.rmtree(with_tickets.service / "apps/tickets")
    domains.write_text(domains.read_text().replace(LINE, ""))

    check = with_tickets.manage("check")
    assert check.returncode == 0, check.stderr
    health = with_tickets.test("tests/contract/test_health.py")
    assert health.returncode == 0, health.stdout


def test_a_domain_that_another_needs_is_missed_by_name(checkout: Checkout) -> None:
    domains = checkout.service / "config/domains.py"
    shutil.rmtree(checkout.service / "apps/customers")
    domains.write_text(domains.read_text().replace('    "apps.customers",\n', ""))

    check = checkout.manage("check")

    assert check.returncode == 1
    assert "(contract.E002) apps.invoices needs apps.customers" in check.stderr
    assert "Traceback" not in check.stderr


BAD_NAMES = ["ticket", "Tickets", "../pets", f"{'x' * 30}s", "utils", "secrets", "customers", "products"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_changes_nothing(name: str, checkout: Checkout) -> None:
    before = checkout.files()

    refused = checkout.manage("start_domain", name)

    assert refused.returncode == 1
    assert re.fullmatch(r"CommandError: [^\n]+\.\n", refused.stderr)
    assert checkout.files() == before

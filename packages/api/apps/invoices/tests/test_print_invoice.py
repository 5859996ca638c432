"""The printable page, as Chromium shows and prints it."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.customers.tests.factories import CustomerFactory
from apps.invoices.models import Invoice
from apps.invoices.selectors import money, percent
from apps.invoices.services import Item, create_invoice
from apps.invoices.tests.factories import InvoiceFactory, ProductFactory
from conftest import Member

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
HOSTILE = '<script>document.title="pwned"</script><img src=x onerror="document.title=\'pwned\'">'


def page(member: Member, invoice: Invoice) -> Any:
    return member.client.get(f"/api/v1/invoices/{invoice.pk}/html/")


@pytest.fixture
def browse(tmp_path: Path) -> Callable[..., str]:
    """Run Chromium on a page and give what it prints."""
    if CHROMIUM is None or shutil.which("pdftotext") is None:
        missing = "Install Chromium and poppler-utils to judge the printed page."
        pytest.fail(missing) if "CI" in os.environ else pytest.skip(missing)

    def run(html: bytes, *options: str) -> str:
        source = tmp_path / "page.html"
        source.write_bytes(html)
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path}/profile", *options, source.as_uri()]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    return run


@pytest.fixture
def long_invoice(owner: Member) -> Invoice:
    with owner.rows():
        customer = CustomerFactory(name="\u05e9\u05dc\u05d5\u05dd " + "Verylongname" * 18)
        items = [Item(ProductFactory(name=f"Item {number} {'x' * 60}").sku, number + 1) for number in range(200)]
        return create_invoice(customer_id=customer.pk, items=items, role="owner", memo="Thank you.\nSee you.")


def test_shows_what_is_owed(owner: Member) -> None:
    with owner.rows():
        invoice = InvoiceFactory(qty=3)

    answer = page(owner, invoice)

    assert answer.headers["Content-Type"].startswith("text/html")
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    for shown in ("INV-000001", "Acme", "\u20ac30.00", "19 %", "\u20ac5.70", "\u20ac35.70", str(invoice.due_date)):
        assert shown in text


def test_a_foreign_invoice_is_missing(owner: Member, outsider: Member) -> None:
    with outsider.rows():
        invoice = InvoiceFactory()

    assert page(owner, invoice).status_code == 404


@pytest.mark.xdist_group("chromium")
def test_no_stored_script_ever_runs(owner: Member, browse: Callable[..., str]) -> None:
    with owner.rows():
        customer = CustomerFactory(name=HOSTILE)
        product = ProductFactory(name=HOSTILE)
        invoice = create_invoice(customer_id=customer.pk, items=[Item(product.sku, 1)], role="owner", memo=HOSTILE)
    answer = page(owner, invoice)

    rendered = browse(answer.content, "--dump-dom")

    assert "<title>Invoice INV-000001</title>" in rendered
    assert rendered.count("&lt;script&gt;") == 3
    assert "<script" not in rendered
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.xdist_group("chromium")
@pytest.mark.parametrize("paper", ["A4", "letter"])
def test_200_lines_print_on_either_paper(
    paper: str, owner: Member, long_invoice: Invoice, browse: Callable[..., str], tmp_path: Path
) -> None:
    html = page(owner, long_invoice).content.replace(b"@page {", f"@page {{ size: {paper};".encode())
    printed = tmp_path / "invoice.pdf"

    browse(html, f"--print-to-pdf={printed}", "--no-pdf-header-footer")

    width, height = {"A4": (595, 842), "letter": (612, 792)}[paper]
    info = subprocess.run(["pdfinfo", printed], check=True, capture_output=True, text=True).stdout
    size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", info)
    assert size
    assert (round(float(size[1])), round(float(size[2]))) == (width, height)
    text = subprocess.run(["pdftotext", "-layout", printed, "-"], check=True, capture_output=True, text=True).stdout
    pages = text.strip("\f\n").split("\f")
    assert len(pages) > 3
    # The heading stands on every page, and no line is lost at a break.
    assert all("Quantity" in each for each in pages if "Item " in each.replace("Item  ", ""))
    assert {int(number) for number in re.findall(r"Item (\d+) ", text)} == set(range(200))
    assert "Amount due" in text


@pytest.mark.xdist_group("chromium")
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_runs_off_the_screen(
    width: int, owner: Member, long_invoice: Invoice, browse: Callable[..., str]
) -> None:
    probe = b"<script>document.title = document.documentElement.scrollWidth + '/' + innerWidth</script></body>"
    html = page(owner, long_invoice).content.replace(b"</body>", probe)

    rendered = browse(html, f"--window-size={width},900", "--dump-dom")

    scroll, inner = re.search(r"<title>(\d+)/(\d+)", rendered).groups()  # type: ignore[union-attr]
    assert int(scroll) <= max(int(inner), 500)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1999, "EUR", "\u20ac19.99"),
        (1999, "JPY", "\u00a51,999"),
        (1999, "KWD", "KWD\u00a01.999"),
        (0, "USD", "$0.00"),
        (2**53 - 1, "USD", "$90,071,992,547,409.91"),
    ],
)
def test_money_has_its_currencys_decimals(amount: int, currency: str, text: str) -> None:
    assert money(amount, currency) == text


@pytest.mark.parametrize(
    ("points", "text"), [(0, "0 %"), (1900, "19 %"), (1950, "19.5 %"), (10_000, "100 %"), (1, "0.01 %")]
)
def test_tax_is_shown_in_percent(points: int, text: str) -> None:
    assert percent(points) == text


def test_a_name_in_the_customers_own_script_keeps_its_direction(owner: Member) -> None:
    with owner.rows():
        invoice = InvoiceFactory(customer=CustomerFactory(name="\u05d0\u05d1\u05d2"))

    assert "<bdi>\u05d0\u05d1\u05d2</bdi>" in page(owner, invoice).content.decode()

"""A scan of three pages through the asynchronous path of Textract, on the stack as deployed."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from local.jobs import Jobs
from local.samples import world
from local.stage import Stage
from sapmatch.model.invoice import StoredInvoice
from tests.builders.pages import drawn, saved
from tests.builders.textract import ask, started

PAGE = (1000, 1400)
SELLER, BUYER, ORDER = world.PLASTICS, world.BUYER, world.PLASTICS_ORDER


def three_pages(number: str, quantity: int) -> bytes:
    """So many of each of the order's two items, one a page; the sums stand on the last page."""
    housing, lid = (item.price * quantity for item in ORDER.items)
    net = housing + lid
    repeated = (560, 60, f"Invoice No: {number}")
    header = (
        (60, 700, "Description"),
        (520, 700, "Quantity"),
        (680, 700, "Unit Price"),
        (850, 700, "Amount"),
    )
    first = (
        (60, 60, SELLER.name),
        (60, 100, f"{SELLER.street}, {SELLER.postcode} {SELLER.city}"),
        (60, 140, f"VAT ID: {SELLER.vat_id}"),
        (60, 300, "Bill to:"),
        (60, 340, BUYER.name),
        (60, 380, f"{BUYER.street}, {BUYER.postcode} {BUYER.city}"),
        (60, 420, f"Customer VAT ID: {BUYER.vat_id}"),
        repeated,
        (560, 110, "Invoice Date: 2026-11-16"),
        (560, 160, f"PO Number: {ORDER.id}"),
        *header,
        *_row("Housing ABS 120 x 80", quantity, ORDER.items[0].price, housing),
    )
    second = (repeated, *header, *_row("Lid ABS 120 x 80", quantity, ORDER.items[1].price, lid))
    tax = (net * Decimal("0.19")).quantize(Decimal("0.01"))
    last = (
        repeated,
        *((600, 300, "Subtotal"), (850, 300, f"{net:.2f}")),
        *((600, 350, "VAT 19%"), (850, 350, f"{tax:.2f}")),
        *((600, 400, "Total EUR"), (850, 400, f"{net + tax:.2f}")),
    )
    return saved(*(drawn(page, PAGE) for page in (first, second, last)), kind="TIFF")


def _row(text: str, quantity: int, price: Decimal, amount: Decimal) -> tuple[Any, ...]:
    return (
        (60, 750, text),
        (520, 750, str(quantity)),
        (680, 750, f"{price:.2f}"),
        (850, 750, f"{amount:.2f}"),
    )


@pytest.fixture
def textract(running: Stage) -> Iterator[str]:
    """Where the stand-in listens; what is left of its faults is gone after the test."""
    yield running.textract_url
    ask(running.textract_url, clear=True)


def decided(jobs: Jobs, name: str) -> dict[str, Any]:
    (row,) = [row for row in jobs.rows() if row["document"] == name]
    return row


def read(jobs: Jobs, row: dict[str, Any]) -> StoredInvoice:
    stored = jobs.stored(f"documents/{row['id']}/invoice.json")
    return msgspec.json.decode(stored, type=StoredInvoice)


def test_three_pages_are_one_job_however_busy_textract_is(jobs: Jobs, textract: str) -> None:
    """RE-14, documents.md 1: throttled at its start and at its end, handed out page by page."""
    ask(textract, calls=2, operation="StartExpenseAnalysis", error="ThrottlingException")
    ask(textract, calls=2, operation="GetExpenseAnalysis")
    ask(textract, results=1)
    jobs.upload_as("three.tiff", three_pages("TH-3001", 30))
    (job,) = started(textract, "incoming/three.tiff")
    assert (job["status"], job["taken"]) == ("SUCCEEDED", 1)
    row = decided(jobs, "three.tiff")
    assert (row["kind"], row["method"], row["decision"]) == ("scan", "textract", "WAITING_RECEIPT")
    assert list(row["orders"]) == [ORDER.id]
    found = read(jobs, row)
    invoice = found.result.invoice
    assert invoice is not None
    assert (invoice.number, invoice.currency, invoice.total) == ("TH-3001", "EUR", Decimal(357))
    assert [line.net for line in invoice.lines] == [Decimal("220.50"), Decimal("79.50")]
    assert (found.result.ocr_pages, found.model) == (3, "sapmatch-local-1")
    assert found.result.evidence["total"].page == 3


def test_a_lost_job_is_started_again_and_one_result_is_used(jobs: Jobs, textract: str) -> None:
    """RE-15"""
    ask(textract, job="lose")
    jobs.upload_as("lost.tiff", three_pages("TH-3002", 20))
    lost, found = started(textract, "incoming/lost.tiff")
    assert (lost["status"], lost["taken"]) == ("LOST", 0)
    assert (found["status"], found["taken"]) == ("SUCCEEDED", 1)
    assert lost["token"] == found["token"]
    row = decided(jobs, "lost.tiff")
    assert row["decision"] == "WAITING_RECEIPT"
    assert read(jobs, row).result.invoice is not None


def test_pages_that_textract_could_not_read_go_to_a_person(jobs: Jobs, textract: str) -> None:
    """documents.md 1: PARTIAL_SUCCESS is no success, whatever the first page says."""
    ask(textract, job="partial")
    jobs.upload_as("torn.tiff", three_pages("TH-3003", 10))
    row = decided(jobs, "torn.tiff")
    assert row["decision"] not in ("MATCHED", "WITHIN_TOLERANCE", "WAITING_RECEIPT")
    assert row["cause"] == "PAGES_UNREAD"


def test_the_same_pages_under_another_name_cost_nothing(jobs: Jobs, textract: str) -> None:
    """MA-P44, RE-1: reading the same content twice writes nothing new."""
    before = decided(jobs, "three.tiff")
    version = jobs.parts.objects.version(f"documents/{before['id']}/invoice.json")
    jobs.upload_as("three-again.tiff", three_pages("TH-3001", 30))
    assert started(textract, "incoming/three-again.tiff") == []
    assert jobs.parts.objects.version(f"documents/{before['id']}/invoice.json") == version

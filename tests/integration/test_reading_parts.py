"""A scan with two invoices, on the stack as deployed: each goes its own way."""

from decimal import Decimal
from typing import Any

import pytest

from local.jobs import Jobs
from local.samples import world
from sapmatch.model.stored import invoice_key, result_of
from tests.builders.pages import drawn, saved

PAGE = (1000, 1400)
SELLER, BUYER, ORDER = world.PLASTICS, world.BUYER, world.PLASTICS_ORDER
NUMBERS = ("TH-4001", "TH-4002")


def invoice_page(number: str, quantity: int) -> tuple[Any, ...]:
    """One invoice over so many of the order's first item."""
    price = ORDER.items[0].price
    net = price * quantity
    tax = (net * Decimal("0.19")).quantize(Decimal("0.01"))
    return (
        *((60, 60, SELLER.name), (60, 100, f"{SELLER.street}, {SELLER.postcode} {SELLER.city}")),
        *((60, 140, f"VAT ID: {SELLER.vat_id}"), (60, 300, "Bill to:"), (60, 340, BUYER.name)),
        (60, 380, f"{BUYER.street}, {BUYER.postcode} {BUYER.city}"),
        (60, 420, f"Customer VAT ID: {BUYER.vat_id}"),
        *((560, 60, f"Invoice No: {number}"), (560, 110, "Invoice Date: 2026-11-17")),
        (560, 160, f"PO Number: {ORDER.id}"),
        *((60, 700, "Description"), (520, 700, "Quantity")),
        *((680, 700, "Unit Price"), (850, 700, "Amount")),
        *((60, 750, "Housing ABS 120 x 80"), (520, 750, str(quantity))),
        *((680, 750, f"{price:.2f}"), (850, 750, f"{net:.2f}")),
        *((600, 900, "Subtotal"), (850, 900, f"{net:.2f}")),
        *((600, 950, "VAT 19%"), (850, 950, f"{tax:.2f}")),
        *((600, 1000, "Total EUR"), (850, 1000, f"{net + tax:.2f}")),
    )


@pytest.fixture(scope="module")
def batch() -> bytes:
    pages = (invoice_page(number, n) for n, number in enumerate(NUMBERS, start=3))
    return saved(*(drawn(page, PAGE) for page in pages), kind="TIFF")


def rows_of(jobs: Jobs, name: str) -> list[dict[str, Any]]:
    return [row for row in jobs.rows() if row["document"] == name]


def number_of(jobs: Jobs, row: dict[str, Any]) -> str | None:
    invoice = result_of(jobs.stored(invoice_key(row["id"]))).invoice
    return invoice.number if invoice else None


def test_each_invoice_of_a_file_is_decided_on_its_own(jobs: Jobs, batch: bytes) -> None:
    jobs.upload_as("batch.tiff", batch)
    jobs.wait(lambda: all(row["decision"] != "RECEIVED" for row in rows_of(jobs, "batch.tiff")))
    rows = rows_of(jobs, "batch.tiff")
    (file,) = [row for row in rows if not row["parent"]]
    parts = sorted((row for row in rows if row["parent"]), key=lambda row: row["part"])
    assert file["decision"] == "SPLIT"
    assert file["parts"] == tuple(part["id"] for part in parts)
    assert [part["pages"] for part in parts] == [(1,), (2,)]
    assert [number_of(jobs, part) for part in parts] == list(NUMBERS)
    assert {part["decision"] for part in parts}.isdisjoint({"RECEIVED", "READ", "REJECTED"})


def test_the_file_under_another_name_changes_nothing(jobs: Jobs, batch: bytes) -> None:
    """MA-P44"""
    before = rows_of(jobs, "batch.tiff")
    jobs.upload_as("batch-again.tiff", batch)
    assert rows_of(jobs, "batch-again.tiff") == []
    assert rows_of(jobs, "batch.tiff") == before

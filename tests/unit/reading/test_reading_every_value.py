"""Every value comes with its confidence and with the place where it was found."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from sapmatch.model.invoice import ReadResult
from tests.builders import pages
from tests.builders.einvoice_cii import cii
from tests.builders.einvoice_ubl import ubl
from tests.builders.einvoices import invoice_of_seed
from tests.builders.reading import field, fixture, invoice_page, pdf, printed, read, seen

_STEP = re.compile(r"(?:\[\d+\]|\.?[a-z_]+)$")
Case = Callable[[], ReadResult]


def paths(value: Any, at: str = "") -> Iterator[str]:
    """The paths of all plain values that are there."""
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from paths(getattr(value, name), f"{at}.{name}" if at else name)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from paths(item, f"{at}[{index}]")
    elif value is not None:
        assert isinstance(value, str | bool | Decimal | date)
        yield at


def has(keys: dict[str, Any], path: str) -> bool:
    """Whether a key names the value, or the whole that it is a part of (`seller.address`)."""
    while path:
        if path in keys:
            return True
        path = _STEP.sub("", path)
    return False


def page_with_everything() -> ReadResult:
    """What a page may show beyond an invoice's core, as AnalyzeExpense answers it."""
    return seen(
        invoice_page(
            field("SUBTOTAL", "110,00 EUR", "Netto"),
            field("TAX", "20,90 EUR", "MwSt 19 %"),
            field("TOTAL", "130,95 EUR", "Gesamtbetrag"),
            field("SHIPPING_HANDLING_CHARGE", "10,00 EUR", "Versand"),
            field("VENDOR_VAT_NUMBER", "DE123456789", "USt-IdNr."),
            field("RECEIVER_NAME", "Werkbau Rhein AG", "Rechnung an"),
            field("RECEIVER_ADDRESS", "Werkbau Rhein AG\nHauptstr. 5\n50667 Köln\nDeutschland"),
            field("CUSTOMER_NUMBER", "K-17", "Kundennummer"),
            field("OTHER", "LS-9", "Lieferschein-Nr."),
            field("OTHER", "R-16", "Original invoice"),
            field("DELIVERY_DATE", "01.02.2026 - 28.02.2026", "Leistungszeitraum"),
            field("OTHER", "0,05 EUR", "Rundung"),
            field("OTHER", "RF18", "Verwendungszweck"),
            rows=[
                [
                    field("DESCRIPTION", "Hammer"),
                    field("QUANTITY", "2 Stk"),
                    field("PRICE", "60,00"),
                ],
                [field("EXPENSE_ROW", "Nagel 40,00")],
            ],
            text="Rechnung\nBestellung 4500000017\nZahlbar innerhalb 30 Tagen\n"
            "IBAN DE02 1203 0000 0000 2020 51 BIC: BYLADEM1001",
        )
    )


def hybrid() -> ReadResult:
    """A PDF with the UBL inside."""
    files = {"xrechnung.xml": fixture("invoice-ubl.xml").encode()}
    return read(pdf("Rechnung", attachments=files))


def text_layer() -> ReadResult:
    """The plain invoice as a PDF."""
    return read(printed(pages.INVOICE))


def expense_fixture() -> ReadResult:
    """An answer of Textract."""
    answer = msgspec.json.decode(fixture("expense.json"))
    return seen(*answer["ExpenseDocuments"])


def sign_only() -> ReadResult:
    """A page whose currency and type nothing names."""
    return seen(invoice_page(field("TOTAL", "99.90", "Total"), text="Tel. +46 8 123 45"))


@pytest.mark.parametrize(
    "case",
    [
        lambda: read(fixture("invoice-ubl.xml")),
        lambda: read(fixture("invoice-cii.xml")),
        hybrid,
        text_layer,
        expense_fixture,
        page_with_everything,
        sign_only,
        *[lambda seed=seed: read(ubl(invoice_of_seed(seed))) for seed in range(5)],
        *[lambda seed=seed: read(cii(invoice_of_seed(seed))) for seed in range(5)],
    ],
)
def test_every_value_has_its_confidence_and_its_place(case: Case) -> None:
    result = case()
    found = list(paths(result.invoice))
    assert "number" in found
    assert [path for path in found if not has(result.confidence, path)] == []
    assert [path for path in found if not has(result.evidence, path)] == []
    assert all(0 <= sure <= 1 for sure in result.confidence.values())


def test_the_account_has_the_same_keys_in_every_kind() -> None:
    for result in (read(fixture("invoice-ubl.xml")), page_with_everything()):
        assert result.invoice is not None
        assert result.invoice.iban is not None
        for field_name in ("iban", "payment.accounts[0].iban"):
            assert field_name in result.confidence
            assert result.evidence["iban"] == result.evidence[field_name]


def test_a_value_is_worked_out_from_values_that_are_there() -> None:
    result = page_with_everything()
    found = set(paths(result.invoice))
    for field_name, place in result.evidence.items():
        for source in place.derived_from:
            assert any(path.startswith(source) for path in found), (field_name, source)

"""One printed document with its truth, made from a seed."""

import random
from typing import Any

from msgspec import Struct

from benchmarks.printed.layouts import FAMILIES, Sheet
from benchmarks.printed.notation import Notation, languages, notation
from benchmarks.printed.paper import Paper
from benchmarks.printed.slip import draw_slip
from benchmarks.printed.world import Invoice, Item, invoice

_WINDOWS_LETTERS = frozenset({"en", "de", "fr", "nl", "it", "es", "pt", "da", "sv", "nb", "fi"})
_SLIPS = 0.08  # share of till slips


class Printed(Struct, frozen=True, kw_only=True):
    """A PDF and what a careful reader finds in it, in the keys of the manifest."""

    data: bytes
    pages: int
    family: str
    language: str
    truth: dict[str, Any]


def printed(seed: int, index: int) -> Printed:
    """The document of that number; the same seed gives the same document."""
    chance = random.Random(f"{seed}-{index}")
    codes = languages()
    language = codes[index % len(codes)]
    note = notation(language, chance)
    if chance.random() < _SLIPS:
        return _slip(language, note, chance)
    count = chance.choice([1, 2, 3, 4, 5, 7, 10, 32])
    said = invoice(language, note, chance, items=count)
    paper = Paper(chance, wide_letters=language not in _WINDOWS_LETTERS)
    family = chance.choice(list(FAMILIES))
    sheet = Sheet(said, note, paper, chance)
    FAMILIES[family](sheet)
    truth = _truth(said, note, sheet)
    return Printed(
        data=paper.done(), pages=paper.pages, family=family, language=language, truth=truth
    )


def _truth(said: Invoice, note: Notation, sheet: Sheet) -> dict[str, Any]:
    order = said.order or next((item.order for item in said.items if item.order), None)
    return {
        "document_type": "credit_note" if said.credit else "invoice",
        "invoice_number": said.number,
        "issue_date": str(said.issued),
        "due_date": str(said.due) if note.words["due"] in sheet.shown else None,
        "currency": note.currency,
        "net": str(said.net),
        "tax": str(said.tax),
        "total": str(said.total),
        **({"amount_due": str(said.payable), "prepaid": str(said.prepaid)} if said.prepaid else {}),
        "po_number": order,
        "sales_order_number": said.sales_order,
        "vendor_name": said.seller.name,
        "vendor_vat_id": said.seller.vat_id,
        "vendor_country": note.country,
        "buyer_name": said.buyer.name,
        "iban": said.seller.iban,
        "lines": [_line(item, sheet) for item in said.items],
    }


def _line(item: Item, sheet: Sheet) -> dict[str, str]:
    shown = {
        "sku": ("sku", item.sku),
        "unit": ("unit", item.unit),
        "tax_rate": ("rate", str(item.rate)),
    }
    line = {key: value for key, (column, value) in shown.items() if column in sheet.table.keys}
    line |= {"unit": item.unit} if sheet.table.glued else {}
    return line | {
        "description": item.description,
        "quantity": str(item.quantity),
        "unit_price": str(item.price),
        "line_total": str(item.net),
    }


def _slip(language: str, note: Notation, chance: random.Random) -> Printed:
    paper = Paper(chance, wide_letters=language not in _WINDOWS_LETTERS, width=80)
    said = invoice(language, note, chance, items=chance.choice([2, 3, 5]))
    total = draw_slip(said, note, paper, chance)
    lines = [
        {
            "description": item.description,
            "quantity": str(item.quantity),
            "line_total": str(note.rounded(item.quantity * item.price)),
        }
        for item in said.items
    ]
    truth: dict[str, Any] = {
        "document_type": "receipt",
        "invoice_number": said.number,
        "issue_date": str(said.issued),
        "currency": note.currency,
        "total": str(total),
        "vendor_name": said.seller.name,
        "lines": lines,
    }
    return Printed(
        data=paper.done(), pages=paper.pages, family="slip", language=language, truth=truth
    )

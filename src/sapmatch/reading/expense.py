"""AnalyzeExpense answers to the canonical invoice (Textract developer guide, "Analyzing invoices").

The engine says which text is a total or a date; what the text means is worked out here.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from sapmatch.model.intent import Record
from sapmatch.model.invoice import Invoice, InvoiceType
from sapmatch.reading import orders, parties
from sapmatch.reading.arithmetic import contradictions, smallest
from sapmatch.reading.currency import country_currency, currency_of
from sapmatch.reading.dates import day_comes_first, parse_date
from sapmatch.reading.findings import Findings
from sapmatch.reading.items import invoice_lines, line_sum
from sapmatch.reading.numbers import decimal_mark
from sapmatch.reading.slip import Seen, Slip, slips
from sapmatch.reading.totals import Amount, Totals, choose_totals

# How sums that do not prove each other lower the confidence in each of them.
_UNPROVEN, _CONTRADICTED = 0.8, 0.5
_UNCLEAR_DATE = 0.45
_FREE_TEXT = 0.8
_AMOUNTS = ("TOTAL", "AMOUNT_DUE", "SUBTOTAL", "TAX", "UNIT_PRICE", "PRICE")
_INVOICE_LABEL = re.compile(
    r"inv|rechn|fact|fatt|fakt|beleg|bill|receipt|credit|gutschr|avoir", re.I
)
_OTHER_LABEL = re.compile(r"order|customer|kunde|client|account|\bp\.?o\b|deliver|liefer", re.I)
_PREFIX = re.compile(
    r"^(?:(?:tax\s+)?(?:invoice|rechnung|facture|factuur|factura|fattura|faktura|receipt|bill|"
    r"credit note|gutschrift|avoir)[\s.:#]+)?(?:(?:number|nummer|numero|no|nr|n°|nº)[\s.:#]+|#\s*)?"
    r"(?=\S*\d)",
    re.I,
)
_CREDIT = re.compile(
    r"\W*(?:credit\s?(?:note|memo)|gutschrift|avoir|cr[eé]ditnota|nota\s+di\s+credito|"
    r"nota\s+de\s+cr[eé]dito|abono|kreditnota)\b",
    re.I,
)
_HEADING_WORDS = 5


def read_expense(documents: Sequence[Record]) -> tuple[Invoice, Findings]:
    """The first invoice of an answer; a second one in the same file is a problem."""
    found = Findings()
    pages = slips(documents)
    if len(pages) > 1:
        found.problem(
            "NEEDS_REVIEW",
            f"The file holds {len(pages)} invoices: upload each as a file of its own.",
        )
    return _invoice(pages[0] if pages else Slip(fields=(), rows=(), lines=()), found), found


def _invoice(slip: Slip, found: Findings) -> Invoice:
    found.slip = slip
    mark = _mark(slip)
    currency = _currency(slip, found)
    lines = invoice_lines(slip, mark)
    totals = choose_totals(slip, line_sum(lines), smallest(currency), mark)
    invoice = Invoice(
        number=_number(slip, found),
        issue_date=_date(slip, "INVOICE_RECEIPT_DATE", "issue_date", found),
        due_date=_date(slip, "DUE_DATE", "due_date", found),
        type=_type(slip),
        currency=currency,
        iban=parties.iban(slip, found),
        seller=parties.seller(slip, found),
        buyer=parties.buyer(slip, found),
        order_references=_orders(slip, found),
        sales_order_reference=_sales_order(slip, found),
        allowances_charges=totals.extras,
        lines=lines,
    )
    return _with_totals(invoice, totals, found)


def _mark(slip: Slip) -> str | None:
    values = [*slip.fields, *(field for row in slip.rows for field in row)]
    return decimal_mark(field.text for field in values if field.type in _AMOUNTS)


def _currency(slip: Slip, found: Findings) -> str | None:
    currency = currency_of(slip)
    return found.keep("currency", currency.code, currency.confidence) if currency else None


def _number(slip: Slip, found: Findings) -> str | None:
    candidates = [field for field in slip.of("INVOICE_RECEIPT_ID") if re.search(r"\w", field.text)]
    if not candidates:
        return None
    best = max(candidates, key=lambda field: (_number_rank(field), field.confidence))
    number = _PREFIX.sub("", " ".join(best.text.split())).strip(" .:#")
    return found.keep("number", number, best.confidence, best.evidence) if number else None


def _number_rank(field: Seen) -> int:
    if _INVOICE_LABEL.search(field.label):
        return 2
    return 0 if _OTHER_LABEL.search(field.label) else 1


def _date(slip: Slip, type: str, field: str, found: Findings) -> date | None:
    order = _day_first(slip)
    for seen in slip.of(type):
        day = parse_date(seen.text, day_first=order)
        if day and day.other:
            found.problem(
                "NEEDS_REVIEW", "Day and month of this date may be swapped: check it.", field
            )
            return found.keep(field, day.value, min(seen.confidence, _UNCLEAR_DATE), seen.evidence)
        if day:
            return found.keep(field, day.value, seen.confidence, seen.evidence)
    return None


def _day_first(slip: Slip) -> bool | None:
    """From the page's clear dates, else from the country: the United States put the month first."""
    printed = day_comes_first("\n".join([*slip.lines, *(field.text for field in slip.fields)]))
    if printed is not None:
        return printed
    home = country_currency(slip)
    return home != "USD" if home else None


def _type(slip: Slip) -> InvoiceType:
    texts = [*slip.lines, *(field.label for field in slip.of("INVOICE_RECEIPT_ID"))]
    headings = (text for text in texts if len(text.split()) <= _HEADING_WORDS)
    return "credit-note" if any(_CREDIT.match(text) for text in headings) else "invoice"


def _orders(slip: Slip, found: Findings) -> tuple[str, ...]:
    numbers = orders.buyer_orders(slip)
    if numbers:
        number, seen = numbers[0]
        confidence = seen.confidence if seen else _FREE_TEXT
        found.keep("order_references", number, confidence, seen.evidence if seen else None)
    return tuple(number for number, _ in numbers)


def _sales_order(slip: Slip, found: Findings) -> str | None:
    order = orders.seller_order(slip)
    if order is None:
        return None
    number, seen = order
    return found.keep("sales_order_reference", number, seen.confidence, seen.evidence)


def _with_totals(invoice: Invoice, totals: Totals, found: Findings) -> Invoice:
    if totals.rivals:
        message = "Several amounts are called a total: enter the right one."
        found.problem("NEEDS_REVIEW", message, "total")
    sums = {"net": totals.net, "tax": totals.tax, "total": totals.total, "payable": totals.due}
    signless = {
        name: _turned(amount, invoice.type) for name, amount in sums.items() if amount is not None
    }
    full = replace(invoice, prepaid=totals.prepaid, **signless)
    factor = _CONTRADICTED if contradictions(full) else _UNPROVEN
    if totals.proof == 2:
        factor = 1.0
    for name, amount in sums.items():
        if amount is not None:
            seen = amount.seen
            found.keep(name, amount.value, seen.confidence * factor, seen.evidence)
    return full


def _turned(amount: Amount, type: InvoiceType) -> Decimal:
    """Some print a credit note's amounts with a minus; its type already tells the direction."""
    return abs(amount.value) if type == "credit-note" else amount.value

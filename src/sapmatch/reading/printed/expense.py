"""AnalyzeExpense answers to the canonical invoice (Textract developer guide, "Analyzing invoices").

The engine says which text is a total or a date; what the text means is worked out here.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.intent import Record
from sapmatch.model.invoice import Evidence, Invoice, InvoiceType, Period, TaxSubtotal
from sapmatch.model.money import minor_units
from sapmatch.reading.arithmetic import contradictions, smallest
from sapmatch.reading.findings import Findings
from sapmatch.reading.printed import orders, parties
from sapmatch.reading.printed.amounts import Amount, Notation
from sapmatch.reading.printed.currency import currency as currency_of
from sapmatch.reading.printed.dates import FoundDate, find_dates, parse_date
from sapmatch.reading.printed.derived import note_amounts, note_derived
from sapmatch.reading.printed.invoice_number import invoice_number
from sapmatch.reading.printed.items import credited, invoice_lines, line_sum
from sapmatch.reading.printed.kinds import kind_of
from sapmatch.reading.printed.numbers import decimal_mark, unclear
from sapmatch.reading.printed.parts import invoice_parts
from sapmatch.reading.printed.payment import first_iban, payment
from sapmatch.reading.printed.references import preceding_invoices, references
from sapmatch.reading.printed.settled import settled
from sapmatch.reading.printed.totals import Totals, choose_totals
from sapmatch.reading.slip import Slip

# How sums that do not prove each other lower the confidence in each of them, and rivals do.
_UNPROVEN, _CONTRADICTED, _RIVAL = 0.8, 0.5, 0.9
_UNCLEAR = 0.45
_AMOUNTS = ("TOTAL", "AMOUNT_DUE", "SUBTOTAL", "TAX", "UNIT_PRICE", "PRICE")


class Reading(Struct, frozen=True):
    """One invoice of a file, what was found out about it, and the pages that it stands on."""

    invoice: Invoice
    found: Findings
    pages: tuple[int, ...]


def read_expense(documents: Sequence[Record]) -> list[Reading]:
    """Every invoice of an answer, in the order of the pages; one without anything for none."""
    parts = invoice_parts(documents)
    readings = [_reading(slip) for slip in parts.slips]
    if len(parts.numbers) > 1:
        message = "The file seems to hold several invoices: upload each as a file of its own."
        readings[0].found.problem("NEEDS_REVIEW", message, "number", parts.numbers)
    return readings


def _reading(slip: Slip) -> Reading:
    found = Findings()
    found.slip = slip
    return Reading(_invoice(slip, found), found, slip.pages)


def _invoice(slip: Slip, found: Findings) -> Invoice:
    currency = currency_of(slip, found)
    notation = Notation(currency=currency, unit=smallest(currency), mark=_mark(slip))
    lines = invoice_lines(slip, notation.mark, found)
    totals = choose_totals(slip, line_sum(lines), notation)
    paid = payment(slip, found)
    invoice = Invoice(
        number=invoice_number(slip, found),
        issue_date=_date(slip, "INVOICE_RECEIPT_DATE", "issue_date", currency, found),
        due_date=_date(slip, "DUE_DATE", "due_date", currency, found),
        type=kind_of(slip, found),
        currency=currency,
        iban=first_iban(paid, found),
        payment=paid,
        seller=parties.seller(slip, found),
        buyer=parties.buyer(slip, found),
        delivered_to=parties.delivered_to(slip, found),
        order_references=_orders(slip, found),
        sales_order_reference=_sales_order(slip, found),
        preceding_invoices=preceding_invoices(slip, found),
        allowances_charges=totals.extras,
        taxes=totals.taxes,
        lines=lines,
    )
    note_amounts(invoice, slip, notation, found)
    invoice = replace(invoice, **references(slip, found))
    _say_unclear(totals, notation, found)
    full = _with_totals(_delivered(invoice, slip, found), totals, found)
    note_derived(full, found)
    return full


def _mark(slip: Slip) -> str | None:
    """The decimal mark of the amounts, of all that is printed where they leave it open."""
    values = [*slip.fields, *(field for row in slip.rows for field in row)]
    mark = decimal_mark(field.text for field in values if field.type in _AMOUNTS)
    return mark or decimal_mark(field.text for field in values if field.type == "EXPENSE_ROW")


def _date(slip: Slip, type: str, field: str, currency: str | None, found: Findings) -> date | None:
    days = [(day, seen) for seen in slip.of(type) if (day := parse_date(seen.text))]
    if not days:
        return None
    day, seen = days[0]
    rivals = any(other.value != day.value for other, _ in days)
    clear = settled(day, slip, currency)
    if clear.other:
        message = "Day and month of this date may be swapped: check it."
        found.problem("NEEDS_REVIEW", message, field, _both(clear))
    sure = min(seen.confidence, _UNCLEAR) if clear.other else seen.confidence
    return found.keep(field, clear.value, sure * (_RIVAL if rivals else 1), seen.evidence)


def _both(day: FoundDate) -> dict[str, str]:
    return {"day first": str(day.value), "month first": str(day.other)}


def _delivered(invoice: Invoice, slip: Slip, found: Findings) -> Invoice:
    """The delivery date (BT-72), or the period (BG-14) where two days are printed."""
    seen = slip.best("DELIVERY_DATE")
    days = [settled(day, slip, invoice.currency) for day in find_dates(seen.text)] if seen else []
    if seen is None or not days or days[0].other:
        return invoice
    if len(days) == 2 and days[0].value < days[1].value:
        found.keep("period", "", seen.confidence, seen.evidence)
        return replace(invoice, period=Period(start=days[0].value, end=days[1].value))
    day = found.keep("delivery_date", days[0].value, seen.confidence, seen.evidence)
    return replace(invoice, delivery_date=day)


def _orders(slip: Slip, found: Findings) -> tuple[str, ...]:
    numbers = orders.buyer_orders(slip)
    for number, seen in numbers[:1]:
        found.keep("order_references", number, seen.confidence, seen.evidence)
    return tuple(number for number, _ in numbers)


def _sales_order(slip: Slip, found: Findings) -> str | None:
    order = orders.seller_order(slip)
    if order is None:
        return None
    number, seen = order
    return found.keep("sales_order_reference", number, seen.confidence, seen.evidence)


def _say_unclear(totals: Totals, notation: Notation, found: Findings) -> None:
    """Nothing on the page says whether `1.234` is a thousand or about one."""
    if totals.total is None or totals.proof or minor_units(notation.currency or "KWD") < 3:
        return
    if both := unclear(totals.total.seen.text, notation.mark):
        values = {"decimals": str(min(both)), "thousands": str(max(both))}
        message = "It is unclear whether this amount has decimals or thousands: enter it."
        found.problem("NEEDS_REVIEW", message, "total", values)


def _with_totals(invoice: Invoice, totals: Totals, found: Findings) -> Invoice:
    _say_rivals(totals, found)
    kind = _direction(invoice.type, totals.total)
    sums = {
        "net": totals.net,
        "tax": totals.tax,
        "total": totals.total,
        "payable": totals.due,
        "prepaid": totals.prepaid,
    }
    amounts = {name: amount for name, amount in sums.items() if amount is not None}
    signless = {name: _turned(amount, kind) for name, amount in amounts.items()}
    lines, taxes = invoice.lines, invoice.taxes
    if kind == "credit-note":
        lines, taxes = credited(lines), tuple(map(_turned_row, taxes))
    full = replace(
        invoice, type=kind, lines=lines, taxes=taxes, rounding=totals.rounding, **signless
    )
    factor = _factor(full, totals)
    for name, amount in amounts.items():
        origin = totals.derived.get(name)
        place = Evidence(derived_from=origin) if origin else amount.seen.evidence
        found.keep(name, amount.value, amount.seen.confidence * factor, place)
    return full


def _say_rivals(totals: Totals, found: Findings) -> None:
    if totals.rivals and totals.total:
        amounts = (totals.total, *totals.rivals)
        values = {f"amount {index}": str(item.value) for index, item in enumerate(amounts, start=1)}
        message = "Several amounts are called a total: enter the right one."
        found.problem("NEEDS_REVIEW", message, "total", values)


def _factor(invoice: Invoice, totals: Totals) -> float:
    if totals.proof == 2:
        return 1.0
    rivals = _RIVAL if totals.rivals else 1.0
    return rivals * (_CONTRADICTED if contradictions(invoice) else _UNPROVEN)


def _direction(kind: InvoiceType, total: Amount | None) -> InvoiceType:
    """A correction that gives money back is a credit note."""
    gives_back = kind == "corrective-invoice" and total is not None and total.value < 0
    return "credit-note" if gives_back else kind


def _turned_row(row: TaxSubtotal) -> TaxSubtotal:
    return replace(row, basis=abs(row.basis), amount=abs(row.amount))


def _turned(amount: Amount, kind: InvoiceType) -> Decimal:
    """Some print a credit note's amounts with a minus; its type already tells the direction."""
    return abs(amount.value) if kind == "credit-note" else amount.value

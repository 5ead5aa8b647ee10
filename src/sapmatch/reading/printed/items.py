"""Line items of a slip: PRICE is the line's amount, UNIT_PRICE the price of one.

Units, tax rates and orders come as OTHER with their heading as label (Textract developer guide,
"Analyzing invoices"); EXPENSE_ROW, the whole row, is what is left where there are no columns.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec.structs import replace

from sapmatch.model.invoice import Evidence, InvoiceLine
from sapmatch.pages import labels
from sapmatch.pages.subtotals import is_carried
from sapmatch.reading.findings import Findings
from sapmatch.reading.printed.numbers import all_readings, parse_amount
from sapmatch.reading.slip import Seen, Slip

_MAX_LINES = 10_000
_SHOWN = 1000  # lines with evidence
_SUM = re.compile(
    r"(?:sub|grand)?\s*-?(?:total|summe|gesamt|netto|brutto|somme|totaal|totale|vat|mwst|tax)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(r"[-+]?[\d.,\s]+\s*(?!x\b)([^\W\d_][\w./]{0,11})\s*", re.IGNORECASE)
_TRAILING_AMOUNT = re.compile(r"(?:^|\s)[^\s\d]{0,3}\s?[-(]?\d[\d.,'’]*[.,]\d{2}\D{0,4}$")
_RATE = re.compile(r"\D{0,6}(\d{1,2}(?:[.,]\d{1,2})?)\s?%?\W{0,2}")
_HIGHEST_RATE = 30  # percent: Hungary has 27
_GTIN = re.compile(r"\d{8}|\d{12,14}")
_GTIN_LABEL = re.compile(r"gtin|ean|upc|barcode", re.IGNORECASE)
_CENT = Decimal("0.01")
_BY_HAND = Decimal("0.005")  # a price printed with two decimals
_FIELDS = {
    "QUANTITY": "quantity",
    "UNIT_PRICE": "unit_price",
    "PRICE": "net",
    "ITEM": "description",
}
_SHARED = {
    "DESCRIPTION": ("description",),
    "QUANTITY": ("unit",),
    "EXPENSE_ROW": ("description", "net"),
}
_HEADED = {
    "UNIT": "unit",
    "TAX_RATE": "tax_rate",
    "ORDER": "order_reference",
    "ORDER_ITEM": "order_item",
}


def invoice_lines(slip: Slip, mark: str | None, found: Findings) -> tuple[InvoiceLine, ...]:
    """The lines in reading order, each number with its evidence (`lines[0].net`).

    Text that spilled into a row of its own joins its line; what only sums up lines is none.
    """
    lines: list[InvoiceLine] = []
    for row in slip.rows[:_MAX_LINES]:
        line = _line(row, mark, str(len(lines) + 1))
        joined = _joined(lines[-1], line) if lines else None
        if joined:
            lines[-1] = joined
            _show(row, lines[-1], len(lines) - 1, found)
        elif _counts(line) and not _sums_up(line, lines):
            lines.append(line)
            _show(row, lines[-1], len(lines) - 1, found)
    return tuple(_with_quantities(lines, found))


def credited(lines: tuple[InvoiceLine, ...]) -> tuple[InvoiceLine, ...]:
    """The lines of a credit note: their sum is positive, however they are printed."""
    given_back = sum((line.net for line in lines if line.net is not None), Decimal(0))
    return tuple(map(_turned, lines)) if given_back < 0 else lines


def line_sum(lines: Sequence[InvoiceLine]) -> Decimal | None:
    """What the lines make together, None where one lacks its amount."""
    nets = [line.net for line in lines if line.net is not None]
    return sum(nets, Decimal(0)) if nets and len(nets) == len(lines) else None


def _counts(line: InvoiceLine) -> bool:
    return not (line.net is None and line.quantity is None and line.unit_price is None)


def _joined(before: InvoiceLine, line: InvoiceLine) -> InvoiceLine | None:
    """The line before with a row that goes on with it: text alone, or the amount it lacks."""
    text = f"{before.description or ''} {line.description or ''}".strip() or None
    if not _counts(line):
        return replace(before, description=text)
    alone = line.quantity is None and line.unit_price is None
    if alone and before.net is None and _makes(before, line.net):
        return replace(before, description=text, net=line.net)
    return None


def _makes(line: InvoiceLine, net: Decimal | None) -> bool:
    if net is None or line.quantity is None or line.unit_price is None:
        return False
    return _multiplies(line.quantity, line.unit_price, net)


def _multiplies(quantity: Decimal, price: Decimal, net: Decimal) -> bool:
    slack = max(_CENT, min(_BY_HAND * abs(quantity), _BY_HAND * abs(net)))
    return abs(quantity * price - net) <= slack


def _sums_up(line: InvoiceLine, before: Sequence[InvoiceLine]) -> bool:
    """A subtotal, or what is carried over: the sum of the lines so far and no number besides."""
    named = line.description or ""
    if line.quantity is not None or line.unit_price is not None:
        return False
    counted = any(other.quantity is not None for other in before)
    return (
        bool(_SUM.match(named))
        or is_carried(named)
        or (counted and line.net is not None and line.net == line_sum(before))
    )


def _line(row: Sequence[Seen], mark: str | None, id: str) -> InvoiceLine:
    quantity, whole = _text(row, "QUANTITY"), _text(row, "EXPENSE_ROW")
    price, net = (parse_amount(_text(row, kind), mark) for kind in ("UNIT_PRICE", "PRICE"))
    if net is None and not quantity and (amount := _TRAILING_AMOUNT.search(whole)):
        net = parse_amount(amount.group(), mark)
    unit, codes = _UNIT.fullmatch(quantity), _codes(row)
    return InvoiceLine(
        id=id,
        description=_description(row, whole),
        quantity=_quantity(quantity, mark, price, net),
        unit=_headed(row, "UNIT") or (unit[1] if unit else None),
        unit_price=price,
        net=net,
        tax_rate=_rate(_headed(row, "TAX_RATE")),
        order_reference=_headed(row, "ORDER"),
        order_item=_headed(row, "ORDER_ITEM"),
        seller_item_id=codes.get("seller_item_id"),
        buyer_item_id=codes.get("buyer_item_id"),
        standard_item_id=codes.get("standard_item_id"),
    )


def _quantity(
    text: str, mark: str | None, price: Decimal | None, net: Decimal | None
) -> Decimal | None:
    """The quantity, of several readings (`3.000`) the one that makes the amount."""
    value = parse_amount(text, mark)
    if value is None or price is None or net is None or _multiplies(value, price, net):
        return value
    return next((way for way in sorted(all_readings(text)) if _multiplies(way, price, net)), value)


def _rate(text: str | None) -> Decimal | None:
    rate = _RATE.fullmatch(text or "")
    value = Decimal(rate[1].replace(",", ".")) if rate else None
    return value if value is not None and value <= _HIGHEST_RATE else None


def _codes(row: Sequence[Seen]) -> dict[str, str]:
    """Article numbers: the seller's, the buyer's where its heading says so, and the GTIN."""
    codes: dict[str, str] = {}
    for seen in row:
        if seen.type == "PRODUCT_CODE":
            codes.setdefault(_scheme(seen), " ".join(seen.text.split()))
    return codes


def _scheme(seen: Seen) -> str:
    if _GTIN_LABEL.search(seen.label) and _GTIN.fullmatch(seen.text.strip()):
        return "standard_item_id"
    buyers = any(labels.is_buyers(word) for word in seen.label.split())
    return "buyer_item_id" if buyers else "seller_item_id"


def _with_quantities(lines: list[InvoiceLine], found: Findings) -> list[InvoiceLine]:
    """A quantity that an engine missed among others: amount by price, where that is whole."""
    if 2 * sum(line.quantity is not None for line in lines) < len(lines):
        return lines
    return [_with_quantity(line, index, found) for index, line in enumerate(lines)]


def _with_quantity(line: InvoiceLine, index: int, found: Findings) -> InvoiceLine:
    if line.quantity is not None or not line.unit_price or not line.net:
        return line
    count = line.net / line.unit_price
    if count < 1 or count != count.to_integral_value():
        return line
    sources = (f"lines[{index}].net", f"lines[{index}].unit_price")
    found.evidence[f"lines[{index}].quantity"] = Evidence(derived_from=sources)
    return replace(line, quantity=count.to_integral_value())


def _turned(line: InvoiceLine) -> InvoiceLine:
    quantity, price = line.quantity, line.unit_price
    if quantity is not None and quantity < 0:
        quantity = -quantity
    elif price is not None and price < 0:
        price = -price
    net = -line.net if line.net is not None else None
    return replace(line, quantity=quantity, unit_price=price, net=net)


def _show(row: Sequence[Seen], line: InvoiceLine, index: int, found: Findings) -> None:
    """Where the line's values stand: in cells of their own, else in those that hold more."""
    if index >= _SHOWN:
        return
    own = [(_field(seen), seen) for seen in row]
    shared = [(field, seen) for seen in row for field in _SHARED.get(seen.type, ())]
    for field, seen in [*own, *shared]:
        if field and seen.evidence and getattr(line, field) is not None:
            found.evidence.setdefault(f"lines[{index}].{field}", seen.evidence)


def _field(seen: Seen) -> str | None:
    if seen.type == "PRODUCT_CODE":
        return _scheme(seen)
    return _FIELDS.get(seen.type) or _HEADED.get(_kind(seen) or "")


def _description(row: Sequence[Seen], whole: str) -> str | None:
    named = " ".join(_texts(row, "ITEM")) or " ".join(_texts(row, "DESCRIPTION"))
    return named or _TRAILING_AMOUNT.sub("", whole) or None


def _headed(row: Sequence[Seen], kind: str) -> str | None:
    """The first cell of a column that AnalyzeExpense has no type for, known by its heading."""
    return next((" ".join(seen.text.split()) for seen in row if _kind(seen) == kind), None)


def _kind(seen: Seen) -> str | None:
    if seen.type != labels.OTHER or not seen.label:
        return None
    label = labels.find(seen.label.split(), 0, labels.column_types)
    return label.type if label else None


def _text(row: Sequence[Seen], type: str) -> str:
    return next(_texts(row, type), "")


def _texts(row: Sequence[Seen], type: str) -> Iterator[str]:
    yield from (" ".join(field.text.split()) for field in row if field.type == type)

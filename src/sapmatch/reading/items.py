"""Line items of a slip: PRICE is the line's amount, UNIT_PRICE the price of one."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec.structs import replace

from sapmatch.model.invoice import InvoiceLine
from sapmatch.reading.numbers import parse_amount
from sapmatch.reading.slip import Seen, Slip

_MAX_LINES = 10_000
_SUM = re.compile(
    r"(?:sub|grand)?\s*-?(?:total|summe|gesamt|netto|brutto|somme|totaal|totale|vat|mwst|tax)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(r"[-+]?[\d.,\s]+\s*([^\W\d_][\w./]{0,11})\s*")
_TRAILING_AMOUNT = re.compile(r"\s*[^\s\d]{0,3}\s?[-(]?\d[\d.,'’]*[.,]\d{2}\D{0,4}$")


def invoice_lines(slip: Slip, mark: str | None) -> tuple[InvoiceLine, ...]:
    """The lines in reading order; text that spilled into a row of its own joins its line."""
    lines: list[InvoiceLine] = []
    for index, row in enumerate(slip.rows[:_MAX_LINES]):
        line = _line(row, mark, str(index + 1))
        if line.net is None and line.quantity is None and line.unit_price is None:
            if lines and line.description:
                text = f"{lines[-1].description or ''} {line.description}".strip()
                lines[-1] = replace(lines[-1], description=text)
        elif not (line.description and _SUM.match(line.description)):
            lines.append(line)
    return tuple(lines)


def line_sum(lines: Sequence[InvoiceLine]) -> Decimal | None:
    """What the lines make together, None where one lacks its amount."""
    nets = [line.net for line in lines if line.net is not None]
    return sum(nets, Decimal(0)) if nets and len(nets) == len(lines) else None


def _line(row: Sequence[Seen], mark: str | None, id: str) -> InvoiceLine:
    quantity = _text(row, "QUANTITY")
    net = parse_amount(_text(row, "PRICE"), mark)
    whole = _text(row, "EXPENSE_ROW")
    if net is None and not quantity and (amount := _TRAILING_AMOUNT.search(whole)):
        net = parse_amount(amount.group(), mark)
    unit = _UNIT.fullmatch(quantity)
    return InvoiceLine(
        id=id,
        description=_description(row, whole),
        quantity=parse_amount(quantity, mark),
        unit=unit[1] if unit else None,
        unit_price=parse_amount(_text(row, "UNIT_PRICE"), mark),
        net=net,
        seller_item_id=_text(row, "PRODUCT_CODE") or None,
    )


def _description(row: Sequence[Seen], whole: str) -> str | None:
    named = " ".join(_texts(row, "ITEM")) or " ".join(_texts(row, "DESCRIPTION"))
    return named or _TRAILING_AMOUNT.sub("", whole) or None


def _text(row: Sequence[Seen], type: str) -> str:
    return next(_texts(row, type), "")


def _texts(row: Sequence[Seen], type: str) -> Iterator[str]:
    yield from (" ".join(field.text.split()) for field in row if field.type == type)

"""What an invoice line bills of one order item, beside what the ledger knows of it."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.matching.amounts import share_out
from sapmatch.matching.case import Case
from sapmatch.matching.ledger import Position
from sapmatch.matching.lines import Assigned, Portion
from sapmatch.matching.normalise import natural
from sapmatch.matching.price_units import counted, weight
from sapmatch.matching.tolerances import Variance, limited, measure, named
from sapmatch.model.invoice import InvoiceLine
from sapmatch.model.match import LedgerLine
from sapmatch.model.money import rounded, step
from sapmatch.model.order import ZERO

_HALF = 2  # a price difference is small beside the price itself


class InvoiceItem(Struct, frozen=True, kw_only=True):
    """One item as SAP would post it; `taken` and `taken_amount` are by lines before (MA-P19).

    `quantity` in the order's unit, `weighed` in its price unit where the line tells both;
    `expected` is the order's price for it, in the invoice's currency.
    """

    case: Case
    line: str
    place: Position
    quantity: Decimal
    amount: Decimal
    expected: Decimal
    weighed: Decimal | None = None
    taken: Decimal = ZERO
    taken_amount: Decimal = ZERO

    @property
    def gives_back(self) -> bool:
        """Whether it is a return, not a delivery."""
        return self.case.credit or self.quantity < 0

    @property
    def subsequent(self) -> bool:
        """Whether it changes the value of what was invoiced, and no quantity (MA-P51)."""
        return subsequent(self.case, self.place, self.quantity, self.amount)

    def measure(
        self,
        key: str,
        value: Decimal,
        *,
        percent_of: tuple[Decimal, Decimal] | None = None,
        unit: str | None = None,
    ) -> Variance:
        """A deviation of this item against the limits for its supplier and material."""
        return measure(
            self.case,
            key,
            value,
            percent_of=percent_of,
            line=self.line,
            place=self.place,
            unit=unit,
        )

    def checks(self, key: str) -> bool:
        """Whether the settings name limits of an optional key for it."""
        limits = named(self.case.company, key, self.place)
        return limits is not None and limited(limits)


def subsequent(case: Case, place: Position, quantity: Decimal, amount: Decimal) -> bool:
    """A subsequent debit or credit: of all that was invoiced, for a small part of its value."""
    corrects = case.credit or case.invoice.type == "corrective-invoice"
    if not (corrects or case.invoice.preceding_invoices) or quantity <= 0:
        return False
    return quantity == place.invoiced and _HALF * amount <= invoiced_value(place)


def invoiced_value(place: Position) -> Decimal:
    """Value of what was invoiced: as posted, or by the order's price where no amount is known."""
    posted = place.item.invoiced_amount + place.reserved_amount
    return posted if posted and place.rate is None else place.value(place.invoiced)


def invoice_items(case: Case, lines: Sequence[Assigned]) -> tuple[tuple[InvoiceItem, ...], ...]:
    """The items of every line, each seeing what those before it took."""
    expected = _expected(case, lines)
    taken: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    found = []
    for n, line in enumerate(lines):
        items = []
        for m, portion in enumerate(line.portions):
            before = taken.get(portion.position.key, (ZERO, ZERO))
            only = case.lines[n].line if case.lines and len(line.portions) == 1 else None
            items.append(_item(case, line, portion, only, expected[n][m], before))
            taken[portion.position.key] = (
                before[0] + portion.quantity,
                before[1] + portion.amount,
            )
        found.append(tuple(items))
    return tuple(found)


def ledger_lines(case: Case, lines: Sequence[Assigned]) -> tuple[LedgerLine, ...]:
    """Every order item in use, before the decision and what the invoice takes: a credit less than
    nothing."""
    sign = -1 if case.credit else 1
    parts: dict[tuple[str, str], list[Portion]] = {}
    for portion in (portion for line in lines for portion in line.portions):
        parts.setdefault(portion.position.key, []).append(portion)
    return tuple(_ledger_line(parts[key], sign) for key in sorted(parts, key=_natural))


def _ledger_line(portions: Sequence[Portion], sign: int) -> LedgerLine:
    place = portions[0].position
    return LedgerLine(
        order=place.order.id,
        item=place.item.id,
        unit=place.item.unit,
        ordered=place.item.quantity,
        delivered=place.delivered,
        invoiced=place.invoiced,
        open=place.open,
        taken=sign * sum([p.quantity for p in portions], ZERO),
        amount=sign * sum([p.amount for p in portions], ZERO),
        used_up=_is_used_up(place, sign),
    )


def _is_used_up(place: Position, sign: int) -> bool:
    """A limit order has no quantity that ends: its limit does (LA)."""
    if sign < 0:
        return place.creditable <= 0
    return place.open_ordered <= 0 and place.item.overall_limit is None


def _natural(key: tuple[str, str]) -> tuple[tuple[int, str], ...]:
    return tuple(natural(part) for part in key)


def _item(
    case: Case,
    line: Assigned,
    portion: Portion,
    printed: InvoiceLine | None,
    expected: Decimal,
    before: tuple[Decimal, Decimal],
) -> InvoiceItem:
    item = InvoiceItem(
        case=case,
        line=line.id,
        place=portion.position,
        quantity=portion.quantity,
        amount=portion.amount,
        expected=expected,
        taken=before[0],
        taken_amount=before[1],
    )
    if printed is None or not (item.checks("BR") or item.checks("BW")):
        return item
    weighed = weight(printed, item.place.item, case.currency)
    if weighed is None:
        return item
    return replace(item, weighed=weighed, expected=item.place.value(counted(item.place, weighed)))


def _expected(case: Case, lines: Sequence[Assigned]) -> list[list[Decimal]]:
    """What the orders say of each portion. Where several make one sum, it is the sum that is
    rounded: all that is converted (MA-P34), or the portions of one line."""
    rows = [[p.position.value(p.quantity) for p in line.portions] for line in lines]
    places = [(n, m) for n, line in enumerate(lines) for m in range(len(line.portions))]
    converted = [at for at in places if lines[at[0]].portions[at[1]].position.rate]
    split = [
        [(n, m) for m in range(len(line.portions))]
        for n, line in enumerate(lines)
        if len(line.portions) > 1
    ]
    for group in [converted] if converted else split:
        portions = [lines[n].portions[m] for n, m in group]
        for (n, m), amount in zip(group, _rounded_once(portions, case.currency), strict=True):
            rows[n][m] = amount
    return rows


def _rounded_once(portions: Sequence[Portion], currency: str) -> list[Decimal]:
    """Each one's share of the sum; the remainder goes to the largest. Who made the same sum may
    have rounded others, or each: his amounts stand where none is off by more than the last digit.
    """
    values = [p.position.value(p.quantity) for p in portions]
    billed = [p.amount for p in portions]
    if billed == values:
        return billed
    total = rounded(sum((p.position.exact(p.quantity) for p in portions), ZERO), currency)
    shares = share_out(total, values, currency)
    apart = (abs(one - other) for one, other in zip(billed, shares, strict=True))
    same = sum(billed, ZERO) == total and all(off <= step(currency) for off in apart)
    return billed if same else shares

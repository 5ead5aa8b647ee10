"""Items that are ordered in one unit and priced in another: boxes by their weight."""

from decimal import Decimal

from sapmatch.matching.ledger import Position
from sapmatch.matching.units import EXACT, convert
from sapmatch.model.invoice import InvoiceLine
from sapmatch.model.money import rounded
from sapmatch.model.order import OrderItem


def weight(line: InvoiceLine, item: OrderItem, currency: str) -> Decimal | None:
    """Quantity in the price unit that a line bills, where it counts in the order's unit.

    A line has one quantity. The other one follows from its amount and its price where these do not
    fit the counted quantity; None where they do, as then nothing tells a second quantity.
    """
    if not (line.unit_price and line.quantity and line.net) or line.allowances_charges:
        return None
    if not _two_units(line, item):
        return None
    base = line.price_base_quantity or Decimal(1)
    by_count = EXACT.divide(EXACT.multiply(line.quantity, line.unit_price), base)
    by_order = EXACT.multiply(by_count, ratio(item))
    if rounded(line.net, currency) in (rounded(by_count, currency), rounded(by_order, currency)):
        return None
    return EXACT.divide(EXACT.multiply(line.net, base), line.unit_price)


def ratio(item: OrderItem) -> Decimal:
    """Price units that the order plans for one unit."""
    return EXACT.divide(item.price_unit_numerator, item.price_unit_denominator)


def received_ratio(item: OrderItem) -> Decimal | None:
    """Price units that came with one unit; None where SAP does not tell both of every receipt."""
    weights = [r.price_quantity for r in item.receipts]
    known = [w for w in weights if w is not None]
    if len(known) < len(weights) or item.delivered <= 0:
        return None
    return EXACT.divide(sum(known, Decimal(0)), item.delivered)


def counted(place: Position, weighed: Decimal) -> Decimal:
    """The quantity in the order's unit that weighs so much by the order."""
    return EXACT.divide(weighed, ratio(place.item))


def _two_units(line: InvoiceLine, item: OrderItem) -> bool:
    """Whether the line counts in the order's unit, and the price is for a unit of another kind."""
    if not item.price_unit or not line.unit:
        return False
    counts = convert(Decimal(1), line.unit, item.unit) is not None
    return counts and convert(Decimal(1), item.price_unit, item.unit) is None

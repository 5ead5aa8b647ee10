"""Comparison levels of an invoice with orders, as evidence: each level has its weight.

Levels of one field exclude each other, and a missing value weighs nothing (Fellegi and Sunter).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from sapmatch.matching.case import Case
from sapmatch.matching.keys import parties, references
from sapmatch.matching.ledger import Position
from sapmatch.matching.lines import Assigned
from sapmatch.matching.normalise import (
    company_name,
    document_number,
    name_likeness,
    order_number,
    plain,
    vat_id,
)
from sapmatch.matching.rates import Exchange
from sapmatch.matching.references import Reference
from sapmatch.matching.weights import shared
from sapmatch.model.invoice import Party
from sapmatch.model.match import Evidence
from sapmatch.model.order import ZERO, Order
from sapmatch.model.ports import OrderKey

Hits = Mapping[OrderKey, int]  # how many orders the keys have that were asked
Found = list[Evidence]

_NAME_LEVELS = ((90, "name equal"), (75, "name close"), (0, "name different"))
_USUAL = 8  # orders of one partner, as the weights have it: one in 1,000 of 8,000
_USUAL_NAME = 50  # orders of partners of one name
_QUANTITY_LEVELS = (
    (3, "three quantities are what is open"),
    (2, "two quantities are what is open"),
    (1, "one quantity is what is open"),
)


def weigh(case: Case, level: str, invoice: str | None = None, order: str | None = None) -> Evidence:
    """A level with its weight."""
    return Evidence(name=level, weight=case.weights.levels[level], invoice=invoice, order=order)


def number_level(case: Case, order: Order) -> str:
    """The strongest way in which the invoice names the order, or that it names another.

    Empty where it names none.
    """
    given, own = case.references, order_number(order.id)
    levels = [level for ref in given.named if (level := _reference_level(ref, order, own))]
    if own in given.mentioned:
        levels.append("order number in text")
    if order.side == "sales_order" and own == given.sales_order:
        levels.append("our sales order named")
    if given.spoken and not given.spoken.isdisjoint(references(order)):
        levels.append("reference at the partner equal")
    return max(levels, key=case.weights.levels.__getitem__, default="")


def _reference_level(ref: Reference, order: Order, own: str) -> str:
    if ref.text == order.id:
        return "order number equal"
    if ref.whole == own:
        return "order number equal without separators"
    if ref.misread == own:
        return "order number with misread letters"
    if own in ref.inside:
        return "order number in text"
    if ref.resembles(own):
        return "order number with a misread digit"
    return "order number different" if ref.rules_out(own) else ""


def compare_numbers(case: Case, levels: Sequence[tuple[str, Order]], hits: Hits) -> Found:
    """Order number, our number at the partner and delivery note: of several orders the weakest.

    `levels` are those of `number_level`.
    """
    level, weakest = min(levels, key=lambda one: case.weights[one[0]] if one[0] else 0)
    orders = [order for _, order in levels]
    found = [weigh(case, level, _said(case, level, weakest), weakest.id)] if level else []
    if level == "reference at the partner equal":
        found += _shared(hits, "K3", references(weakest))
    asked = case.references.delivery_notes
    notes = sorted({n for o in orders for n in _notes(o) if n in asked}) if asked else ()
    if notes:
        found += [weigh(case, "delivery note equal", notes[0], notes[0])]
        found += _shared(hits, "K2", notes)
    return found


def delivers(case: Case, order: Order) -> bool:
    """Whether one of its receipts has a delivery note that the invoice names."""
    asked = case.references.delivery_notes
    return bool(asked) and any(note in asked for note in _notes(order))


def _notes(order: Order) -> Iterator[str]:
    receipts = (receipt for item in order.items for receipt in item.receipts)
    return (document_number(r.delivery_note) for r in receipts if r.delivery_note)


def _said(case: Case, level: str, order: Order) -> str | None:
    """What of the invoice is at this level with the order, the first of several by the alphabet."""
    given, own, theirs = case.references, order_number(order.id), references(order)
    meant = [r.text for r in given.named if _reference_level(r, order, own) == level]
    if level == "order number in text" and own in given.mentioned:
        meant.append(own)
    if level == "our sales order named":
        meant.append(case.invoice.sales_order_reference or "")
    if level == "reference at the partner equal":
        meant += [r.text for r in given.named if r.whole in theirs]
        texts = case.invoice.buyer_reference, case.invoice.sales_order_reference
        meant += [text for text in texts if text and order_number(text) in theirs]
    return min(meant, default=None)


def _shared(hits: Hits, kind: str, values: Iterable[str], usual: int = 1) -> Found:
    """A value that many orders have says less: term frequency, by the orders under its key."""
    counts = [count for value in values if (count := hits.get(OrderKey(kind, value)))]
    weight = shared(min(counts, default=0), usual)
    if not weight:
        return []
    return [Evidence(name="shared by many orders", weight=weight, order=f"{min(counts)} orders")]


def compare_partner(case: Case, order: Order, hits: Hits) -> Found:
    """The better of supplier and invoicing party (MA-P05, MA-P06), with the bank account."""
    if not case.knows_partner(order.side):
        return []
    rated = [_party(case, case.partner, other) for other in parties(order)]
    best = max(rated, key=lambda found: sum(e.weight for e in found))
    levels = {e.name for e in best}
    account = _account(case, order, "VAT id equal" in levels)
    return [*best, *account, *_busy(case, levels | {e.name for e in account}, hits)]


def _busy(case: Case, levels: set[str], hits: Hits) -> Found:
    """What the best proof of the partner loses where he has many orders."""
    if "VAT id equal" in levels:
        return _shared(hits, "S", [vat_id(case.partner.vat_id) or ""], _USUAL)
    if "bank account equal" in levels:
        return _shared(hits, "S", [plain(case.invoice.iban or "")], _USUAL)
    return _shared(hits, "S", [company_name(case.partner.name) or ""], _USUAL_NAME)


def same_partner(case: Case, order: Order) -> bool:
    """Whether VAT id or name say that the order is with the invoice's sender."""
    for other in parties(order):
        levels = {e.name for e in _party(case, case.partner, other)}
        if levels & {"VAT id equal", "name equal"} and "VAT id different" not in levels:
            return True
    return False


def _party(case: Case, party: Party, other: Party) -> Found:
    found = []
    mine, theirs = vat_id(party.vat_id), vat_id(other.vat_id)
    if mine and theirs:
        level = _vat_level(mine, theirs)
        found.append(weigh(case, level, plain(party.vat_id or ""), plain(other.vat_id or "")))
    if company_name(party.name) and company_name(other.name):
        alike = name_likeness(party.name or "", other.name or "")
        level = next(name for least, name in _NAME_LEVELS if alike >= least)
        if found and found[0].name == "VAT id equal":
            level = "name equal as well" if level != "name different" else ""
        if level:
            found.append(weigh(case, level, party.name, other.name))
    return found


def _vat_level(mine: str, theirs: str) -> str:
    if mine == theirs:
        return "VAT id equal"
    # One company may be registered in several countries, and SAP shows one of its numbers.
    return "VAT id different" if mine[:2] == theirs[:2] else "VAT id of another country"


def _account(case: Case, order: Order, known: bool) -> Found:
    mine, theirs = plain(case.invoice.iban or ""), set(map(plain, order.partner_ibans))
    if not (mine and theirs):
        return []
    if mine not in theirs:
        return [weigh(case, "bank account different")]
    return [weigh(case, "bank account equal as well" if known else "bank account equal")]


def compare_dates(case: Case, orders: Sequence[Order]) -> Found:
    """Negative, but no hard stop: many an order is keyed in after the invoice (MA-P11)."""
    later = [o for o in orders if is_later(case, o)]
    if not later:
        return []
    issued = str(case.invoice.issue_date)
    return [weigh(case, "ordered after the invoice", issued, str(later[0].order_date))]


def is_later(case: Case, order: Order) -> bool:
    """Whether it was ordered after the invoice was written."""
    issued = case.invoice.issue_date
    return bool(issued and order.order_date and order.order_date > issued)


def compare_currency(case: Case, orders: Sequence[Order], exchange: Exchange) -> Found:
    """Another currency is different only where no exchange rate is known (MA-P33)."""
    others = sorted({o.currency for o in orders if o.currency != case.currency})
    if not others:
        return [weigh(case, "currency equal", case.currency, case.currency)]
    if all(exchange.rate(currency) for currency in others):
        return []
    return [weigh(case, "currency different", case.currency, others[0])]


def compare_net(case: Case, places: Sequence[Position], lines: Sequence[Assigned]) -> Found:
    """Whether the net amount, or that of the goods alone, is just what is open."""
    if not case.net or case.credit:
        return []
    if not case.lines and lines:
        return [weigh(case, "net amount is what is open", str(case.net), str(case.net))]
    due = sum([p.value(p.open) for p in places if p.open > 0], ZERO)
    later = _due_later(places)
    if due not in case.whole and later in case.whole:
        due = later
    level = "net amount is what is open" if due in case.whole else "net amount different"
    return [weigh(case, level, str(case.net), str(due))]


def _due_later(places: Sequence[Position]) -> Decimal:
    """What may be invoiced once everything has come."""
    return sum([p.value(p.open_ordered) for p in places if p.open_ordered > 0], ZERO)


def compare_lines(case: Case, lines: Sequence[Assigned]) -> Found:
    """How many of the lines that bill something have a place, and whether it is so much."""
    billed = sum(1 for line in case.lines if line.amount)
    if not billed:
        return []
    fitting = sum(1 for line in lines if line.placed and line.amount)
    level = _line_level(fitting, billed)
    return [weigh(case, level, f"{fitting} of {billed}"), *_quantities(case, lines)]


def _line_level(fitting: int, billed: int) -> str:
    if not fitting:
        return "no line fits"
    if fitting == billed:
        return "all lines fit"
    return "most lines fit" if 2 * fitting >= billed else "few lines fit"


def _quantities(case: Case, lines: Sequence[Assigned]) -> Found:
    """Each item's quantity against what is open; a limit order has none."""
    taken: dict[tuple[str, str], tuple[Position, Decimal]] = {}
    for portion in (portion for line in lines for portion in line.portions):
        place, key = portion.position, portion.position.key
        if place.item.overall_limit is None and portion.quantity > 0:
            _, before = taken.get(key, (place, ZERO))
            taken[key] = place, before + portion.quantity
    if not taken:
        return []
    rooms = [
        (quantity, (place.creditable,) if case.credit else (place.open, place.open_ordered))
        for place, quantity in taken.values()
    ]
    if any(quantity > max(room) for quantity, room in rooms):
        return [weigh(case, "a quantity exceeds what is open")]
    if any(quantity not in room for quantity, room in rooms):
        return [weigh(case, "quantities are possible")]
    return [weigh(case, next(level for least, level in _QUANTITY_LEVELS if len(rooms) >= least))]

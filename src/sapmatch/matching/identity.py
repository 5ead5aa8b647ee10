"""How sure we are that an invoice belongs to some orders: weights that add up."""

from collections.abc import Sequence

from msgspec import Struct

from sapmatch.matching.case import Case
from sapmatch.matching.keys import parties
from sapmatch.matching.ledger import Position, positions
from sapmatch.matching.lines import Assigned, assign, whole_order
from sapmatch.matching.normalise import (
    company_name,
    likeness,
    natural,
    order_number,
    plain,
    vat_id,
)
from sapmatch.matching.references import Reference
from sapmatch.model.invoice import Party
from sapmatch.model.match import Evidence
from sapmatch.model.order import ZERO, IndexedOrder, Order, OrderSide

# Tenths of log2(m/u), the likelihood ratio of Fellegi and Sunter. A missing value weighs nothing.
WEIGHTS = {
    "prior": -100,
    "order number equal": 160,
    "order number equal without separators": 150,
    "order number in text": 110,
    "order number with misread letters": 100,
    "order number different": -160,
    "our sales order named": 140,
    "reference at the partner equal": 135,
    "VAT id equal": 100,
    "VAT id of another country": -20,
    "VAT id different": -400,
    "name equal": 70,
    "name close": 40,
    "name different": -50,
    "bank account equal": 60,
    "bank account different": -20,
    "currency equal": 5,
    "currency different": -300,
    "net amount is what is open": 70,
    "ordered after the invoice": -30,
    "no line fits": -80,
    "all lines fit": 60,
}
ACCEPT = 100  # at least this score, or a person decides
MARGIN = 50  # at least this far ahead of the second
_OTHER_PARTY = ("VAT id different", "VAT id of another country", "name different")
_SAME_PARTY = ("VAT id equal", "name equal", "bank account equal")
_NAME_LEVELS = ((90, "name equal"), (70, "name close"), (0, "name different"))
_NUMBER_LEVELS = (
    "order number equal",
    "order number equal without separators",
    "order number with misread letters",
)


class Candidate(Struct, frozen=True, kw_only=True):
    """Orders that may explain the invoice together, and how well they do."""

    orders: tuple[IndexedOrder, ...]
    evidence: tuple[Evidence, ...]
    places: tuple[Position, ...]
    lines: tuple[Assigned, ...]

    @property
    def score(self) -> int:
        """The sum of the evidence (MA-P61)."""
        return sum(e.weight for e in self.evidence)

    @property
    def side(self) -> OrderSide:
        """Purchase or sales order; never mixed."""
        return self.orders[0].order.side

    @property
    def ids(self) -> tuple[str, ...]:
        """The orders in use, or all of them where no line found its place."""
        used = {p.position.order.id for line in self.lines for p in line.portions}
        return tuple(o.order.id for o in self.orders if not used or o.order.id in used)

    @property
    def other_party(self) -> bool:
        """Whether something says that the order is with somebody else, and nothing outweighs it."""
        if self.shows("VAT id different"):
            return True
        return self.shows(*_OTHER_PARTY) and not self.shows(*_SAME_PARTY)

    @property
    def compared(self) -> bool:
        """Whether anything that names the party was there on both sides."""
        return self.shows(*_SAME_PARTY, *_OTHER_PARTY, "name close")

    def shows(self, *names: str) -> bool:
        """Whether some evidence is among the names."""
        return any(e.name in names for e in self.evidence)


def candidates(case: Case, orders: Sequence[IndexedOrder]) -> tuple[Candidate, ...]:
    """Every way to explain the invoice, best first; equal scores in the order of their numbers."""
    rated = [_rate(case, group) for group in _groups(case, orders)]
    return tuple(sorted(rated, key=lambda c: (-c.score, [natural(i) for i in c.ids], c.side)))


def same_partner(party: Party, order: Order) -> bool:
    """Whether VAT id or name say that the order is with this party."""
    names = {e.name for e in _partner_evidence(party, order)}
    return bool(names & {"VAT id equal", "name equal"}) and "VAT id different" not in names


def _groups(case: Case, orders: Sequence[IndexedOrder]) -> list[tuple[IndexedOrder, ...]]:
    """Orders of one partner that the invoice names by number stand together (MA-P17)."""
    together: dict[tuple[str, str], list[IndexedOrder]] = {}
    alone = []
    for one in sorted(orders, key=lambda o: natural(o.order.id)):
        if _number_evidence(case, one.order).name in _NUMBER_LEVELS:
            together.setdefault((one.order.side, one.order.partner), []).append(one)
        else:
            alone.append((one,))
    return [*map(tuple, together.values()), *alone]


def _rate(case: Case, orders: tuple[IndexedOrder, ...]) -> Candidate:
    places = positions(orders, case.document_id)
    lines = assign(case, places) if case.lines else whole_order(case, places)
    head = orders[0].order
    evidence = [
        _weigh("prior"),
        min((_number_evidence(case, o.order) for o in orders), key=lambda e: e.weight),
        *(_partner_evidence(case.partner, head) if case.knows_partner(head.side) else ()),
        _bank_evidence(case, head),
        _currency_evidence(case, orders),
        _date_evidence(case, orders),
        _net_evidence(case, places),
        _line_evidence(case, lines),
    ]
    return Candidate(
        orders=orders,
        evidence=tuple(e for e in evidence if e.weight),
        places=places,
        lines=lines,
    )


def _weigh(name: str, invoice: str | None = None, order: str | None = None) -> Evidence:
    return Evidence(name=name, weight=WEIGHTS[name], invoice=invoice, order=order)


def _number_evidence(case: Case, order: Order) -> Evidence:
    """The strongest way in which the invoice names the order, or that it names others."""
    given, own = case.references, order_number(order.id)
    outside = order_number(order.external_reference or "")
    spoken = {*(ref.whole for ref in given.named), given.buyer_reference, given.sales_order}
    levels = [_reference_level(ref, order, own) for ref in given.named]
    if own in given.mentioned:
        levels.append("order number in text")
    if order.side == "sales_order" and own == given.sales_order:
        levels.append("our sales order named")
    if outside and outside in spoken:
        levels.append("reference at the partner equal")
    if not levels:
        return Evidence(name="", weight=0)
    return _weigh(max(levels, key=WEIGHTS.__getitem__), _said(case), order.id)


def _said(case: Case) -> str | None:
    invoice = case.invoice
    texts = (ref.text for ref in case.references.named)
    return next(texts, invoice.sales_order_reference or invoice.buyer_reference)


def _reference_level(ref: Reference, order: Order, own: str) -> str:
    if ref.text == order.id:
        return "order number equal"
    if ref.whole == own:
        return "order number equal without separators"
    if ref.misread == own:
        return "order number with misread letters"
    return "order number in text" if own in ref.inside else "order number different"


def _partner_evidence(party: Party, order: Order) -> list[Evidence]:
    """The better of supplier and invoicing party (MA-P05, MA-P06)."""
    rated = [_party_evidence(party, other) for other in parties(order)]
    return max(rated, key=lambda found: sum(e.weight for e in found))


def _party_evidence(party: Party, other: Party) -> list[Evidence]:
    found = []
    mine, theirs = vat_id(party.vat_id), vat_id(other.vat_id)
    if mine and theirs:
        found.append(_weigh(_vat_level(mine, theirs), mine, theirs))
    one, two = company_name(party.name), company_name(other.name)
    if one and two:
        alike = likeness(tuple(one.split()), tuple(two.split()))
        level = next(name for least, name in _NAME_LEVELS if alike >= least)
        trusted = any(e.name == "VAT id equal" for e in found)
        if not (trusted and level == "name different"):
            found.append(_weigh(level, party.name, other.name))
    return found


def _vat_level(mine: str, theirs: str) -> str:
    if mine == theirs:
        return "VAT id equal"
    # One company may be registered in several countries, and SAP shows one of its numbers.
    return "VAT id different" if mine[:2] == theirs[:2] else "VAT id of another country"


def _bank_evidence(case: Case, order: Order) -> Evidence:
    mine, theirs = plain(case.invoice.iban or ""), set(map(plain, order.partner_ibans))
    if not (mine and theirs and case.knows_partner(order.side)):
        return Evidence(name="", weight=0)
    return _weigh("bank account equal" if mine in theirs else "bank account different")


def _currency_evidence(case: Case, orders: Sequence[IndexedOrder]) -> Evidence:
    others = [o.order.currency for o in orders if o.order.currency != case.currency]
    name = "currency different" if others else "currency equal"
    return _weigh(name, case.currency, others[0] if others else case.currency)


def _date_evidence(case: Case, orders: Sequence[IndexedOrder]) -> Evidence:
    """Negative, but no hard stop: many an order is keyed in after the invoice (MA-P11)."""
    issued = case.invoice.issue_date
    later = [
        o.order for o in orders if issued and o.order.order_date and o.order.order_date > issued
    ]
    if not later:
        return Evidence(name="", weight=0)
    return _weigh("ordered after the invoice", str(issued), str(later[0].order_date))


def _net_evidence(case: Case, places: Sequence[Position]) -> Evidence:
    due = sum((p.value(p.open) for p in places if p.open > 0), ZERO)
    later = sum((p.value(p.open_ordered) for p in places if p.open_ordered > 0), ZERO)
    if not case.net or case.net not in (due, later):
        return Evidence(name="", weight=0)
    return _weigh("net amount is what is open", str(case.net), str(case.net))


def _line_evidence(case: Case, lines: Sequence[Assigned]) -> Evidence:
    """From no line fits to all lines fit, in proportion."""
    billed = [line.amount for line in case.lines if line.amount]
    if not billed:
        return Evidence(name="", weight=0)
    fitting = sum(1 for line in lines if line.placed and line.amount)
    if not fitting:
        return _weigh("no line fits")
    low, high = WEIGHTS["no line fits"], WEIGHTS["all lines fit"]
    weight = low + (high - low) * fitting // len(billed)
    name = "all lines fit" if fitting == len(billed) else "some lines fit"
    return Evidence(name=name, weight=weight, invoice=f"{fitting} of {len(billed)}")

"""How sure we are that an invoice belongs to some orders: weights that add up."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from sapmatch.matching.case import Case
from sapmatch.matching.clearing import cleared
from sapmatch.matching.comparisons import (
    Found,
    Hits,
    compare_currency,
    compare_dates,
    compare_lines,
    compare_net,
    compare_numbers,
    compare_partner,
    delivers,
    is_later,
    number_level,
    same_partner,
    weigh,
)
from sapmatch.matching.ledger import Position, positions
from sapmatch.matching.lines import Assigned, assign
from sapmatch.matching.normalise import natural
from sapmatch.matching.rates import exchange_of
from sapmatch.model.match import Evidence
from sapmatch.model.order import IndexedOrder, Order, OrderSide

OTHER_PARTY = frozenset(
    {
        "VAT id different",
        "VAT id of another country",
        "name different",
        "bank account different",
    }
)
_SAME_PARTY = ("VAT id equal", "name equal", "bank account equal")
NAMED = (
    "order number equal",
    "order number equal without separators",
    "order number with misread letters",
    "order number in text",
    "our sales order named",
    "reference at the partner equal",
)
_MOST_JOINED = 10  # orders that are tried together though the invoice names none of them


class Candidate(Struct, frozen=True, kw_only=True, dict=True):
    """Orders that may explain the invoice together, and how well they do."""

    orders: tuple[IndexedOrder, ...]
    evidence: tuple[Evidence, ...]
    places: tuple[Position, ...]
    lines: tuple[Assigned, ...]
    ids: tuple[str, ...]  # the orders in use, or all of them where no line found its place
    score: int  # the sum of the evidence (MA-P61)
    several: bool = False  # more than one set of its items makes the amount of a bare document

    @property
    def side(self) -> OrderSide:
        """Purchase or sales order; never mixed."""
        return self.orders[0].order.side

    @property
    def other_party(self) -> bool:
        """Whether something says that the order is with somebody else, and nothing outweighs it."""
        return is_other_party(self._names)

    @property
    def compared(self) -> bool:
        """Whether anything that names the party was there on both sides."""
        return self.shows(*_SAME_PARTY, *OTHER_PARTY, "name close")

    @property
    def named(self) -> bool:
        """Whether the invoice names the order, or a delivery of it."""
        return self.shows(*NAMED, "delivery note equal")

    @property
    def named_otherwise(self) -> bool:
        """Whether the invoice names an order, and another one by what is printed."""
        return self.shows("order number different", "order number with a misread digit")

    @property
    def complete(self) -> bool:
        """Whether every line that bills something has a place."""
        return not unplaced(self)

    def shows(self, *names: str) -> bool:
        """Whether some evidence is among the names."""
        return not self._names.isdisjoint(names)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset([e.name for e in self.evidence])


def is_other_party(names: frozenset[str]) -> bool:
    """Whether evidence of these names speaks of two parties, and none outweighs it."""
    if "VAT id different" in names:
        return True
    return not names.isdisjoint(OTHER_PARTY) and names.isdisjoint(_SAME_PARTY)


class Placed(Struct, frozen=True, kw_only=True):
    """Orders with the places of the invoice's lines, and what these say of the orders in use.

    `several`: a bare amount has more than one set of places.
    """

    orders: tuple[IndexedOrder, ...]
    used: tuple[IndexedOrder, ...]  # all of them where no line found its place
    places: tuple[Position, ...]
    lines: tuple[Assigned, ...]
    evidence: Found
    several: bool = False


class Heads:
    """What the heads of orders say; orders of one partner are compared with the sender once."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._hits: Hits = {}
        self._exchange = exchange_of(case)
        self._partners: dict[object, Found] = {}
        self._alone: dict[tuple[str, str], Found] = {}
        self._levels: dict[tuple[str, str], tuple[str, bool]] = {}
        self._weights: dict[object, int] = {}
        self._senders: dict[object, bool] = {}

    def weigh_by(self, hits: Hits) -> None:
        """How many orders have a value in common, as far as it is known by now."""
        self._hits = hits
        self._partners.clear()
        self._alone.clear()
        self._weights.clear()

    def named(self, one: IndexedOrder) -> bool:
        """Whether the invoice names the order, or a delivery of it."""
        return self._level(one.order)[1]

    def of_sender(self, order: Order) -> bool:
        """Whether VAT id or name say that the order is with the invoice's sender."""
        key = _partner_of(order)
        if key not in self._senders:
            self._senders[key] = same_partner(self._case, order)
        return self._senders[key]

    def evidence(self, orders: Sequence[IndexedOrder]) -> Found:
        """Evidence of orders that explain the invoice together."""
        if len(orders) > 1:
            return self._compared([one.order for one in orders])
        order = orders[0].order
        key = order.side, order.id
        if key not in self._alone:
            self._alone[key] = self._compared([order])
        return self._alone[key]

    def weight(self, one: IndexedOrder) -> int:
        """Sum of the evidence; orders of one partner that nothing names mostly weigh the same."""
        order = one.order
        level, named = self._level(order)
        if named:
            return _sum(self.evidence((one,)))
        key = level, _partner_of(order), order.currency, is_later(self._case, order)
        if key not in self._weights:
            self._weights[key] = _sum(self.evidence((one,)))
        return self._weights[key]

    def _compared(self, orders: Sequence[Order]) -> Found:
        case = self._case
        return [
            weigh(case, "prior"),
            *compare_numbers(case, [(self._level(o)[0], o) for o in orders], self._hits),
            *self._partner(orders[0]),
            *compare_currency(case, orders, self._exchange),
            *compare_dates(case, orders),
        ]

    def _level(self, order: Order) -> tuple[str, bool]:
        """How the invoice names the order, and whether it does, by number or by delivery."""
        key = order.side, order.id
        if key not in self._levels:
            level = number_level(self._case, order)
            self._levels[key] = level, level in NAMED or delivers(self._case, order)
        return self._levels[key]

    def _partner(self, order: Order) -> Found:
        key = _partner_of(order)
        if key not in self._partners:
            self._partners[key] = compare_partner(self._case, order, self._hits)
        return self._partners[key]


def _sum(evidence: Sequence[Evidence]) -> int:
    return sum([e.weight for e in evidence])


def _partner_of(order: Order) -> object:
    """All that compares an order's partner with the sender."""
    return (
        order.side,
        order.partner_name,
        order.partner_vat_id,
        order.invoicing_party_name,
        order.invoicing_party_vat_id,
        order.partner_ibans,
    )


class Leads(Struct, frozen=True):
    """How orders were found, by their numbers: by so many keys, and whether by their open value."""

    counts: Mapping[str, int]
    amounts: frozenset[str]

    def count(self, one: IndexedOrder) -> int:
        """Number of keys that lead to the order."""
        return self.counts.get(one.order.id, 0)

    def by_amount(self, one: IndexedOrder) -> bool:
        """Whether its open value may be the net amount."""
        return one.order.id in self.amounts


class Group(Struct, frozen=True, kw_only=True):
    """Orders that are looked at together, and the most that they can score."""

    orders: tuple[IndexedOrder, ...]
    bound: int
    named: bool  # by the invoice


def groups(case: Case, orders: Sequence[IndexedOrder], heads: Heads, leads: Leads) -> list[Group]:
    """Orders of one partner that the invoice names stand together (MA-P17), others alone.

    The most promising first: who is named, who may score most, and whom most keys lead to.
    """
    together: dict[tuple[str, str], list[IndexedOrder]] = {}
    alone: list[tuple[IndexedOrder, ...]] = []
    for one in sorted(orders, key=lambda o: natural(o.order.id)):
        if heads.named(one):
            together.setdefault((one.order.side, one.order.partner), []).append(one)
        else:
            alone.append((one,))
    named = [tuple(orders) for orders in together.values()]
    if not case.lines and not named:
        alone += _by_partner(alone)
    if len(named) + len(alone) == 1:  # as mostly: there is nothing to compare with
        return [Group(orders=(*named, *alone)[0], bound=0, named=bool(named))]
    lines = best_of_lines(case)
    found = [
        Group(orders=g, bound=_bound(case, g, heads, leads) + lines, named=n < len(named))
        for n, g in enumerate((*named, *alone))
    ]
    return sorted(found, key=lambda g: (not g.named, -g.bound, -max(map(leads.count, g.orders))))


def _by_partner(
    alone: Sequence[tuple[IndexedOrder, ...]],
) -> Iterator[tuple[IndexedOrder, ...]]:
    """A document without lines may clear items of several orders."""
    partners: dict[tuple[str, str], list[IndexedOrder]] = {}
    for (one,) in alone:
        partners.setdefault((one.order.side, one.order.partner), []).append(one)
    return (tuple(several) for several in partners.values() if len(several) > 1)


def best_of_lines(case: Case) -> int:
    """The most that lines and quantities can weigh."""
    level = ("one quantity is", "two quantities are", "three quantities are")
    if not case.lines:
        return 0
    most = case.weights[f"{level[min(len(case.lines), 3) - 1]} what is open"]
    return case.weights["all lines fit"] + max(most, case.weights["quantities are possible"])


def place(case: Case, orders: tuple[IndexedOrder, ...]) -> Placed:
    """Where the lines of the invoice belong among the items of the orders."""
    places = positions(orders, case.document_id, exchange_of(case))
    if case.lines:
        return _placed(case, orders, places, assign(case, places))
    found = cleared(case, places)
    several = found.kind in ("several", "gave up")
    return _placed(case, orders, places, found.lines, several)


def _placed(
    case: Case,
    orders: tuple[IndexedOrder, ...],
    places: tuple[Position, ...],
    lines: tuple[Assigned, ...],
    several: bool = False,
) -> Placed:
    used = _used(orders, lines)
    ids = {one.order.id for one in used}
    mine = [position for position in places if position.order.id in ids]
    evidence = [*compare_net(case, mine, lines), *compare_lines(case, lines)]
    return Placed(
        orders=orders, used=used, places=places, lines=lines, evidence=evidence, several=several
    )


def rate(case: Case, placed: Placed, heads: Heads) -> Candidate:
    """The orders as an explanation of the invoice."""
    evidence = [
        *heads.evidence(placed.used),
        *placed.evidence,
        *(weigh(case, "one order more") for _ in range(_unnamed(heads, placed.used))),
    ]
    return Candidate(
        orders=placed.orders,
        evidence=tuple(e for e in evidence if e.weight),
        ids=tuple(one.order.id for one in placed.used),
        score=_sum(evidence),
        places=placed.places,
        lines=placed.lines,
        several=placed.several,
    )


def _unnamed(heads: Heads, orders: Sequence[IndexedOrder]) -> int:
    """How many orders stand here that nothing names, beside the one that an invoice needs."""
    named = sum(map(heads.named, orders))
    return len(orders) - max(named, 1)


def ranked(found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The best first; equal scores in the order of their numbers (MA-P09).

    Orders that are left in use alone are one candidate, whatever they were looked at with.
    """
    ordered = sorted(found, key=lambda c: (-c.score, [natural(i) for i in c.ids], c.side))
    best: dict[tuple[OrderSide, tuple[str, ...]], Candidate] = {}
    for candidate in ordered:
        best.setdefault((candidate.side, candidate.ids), candidate)
    return tuple(best.values())


def joined(case: Case, found: Sequence[Candidate]) -> tuple[IndexedOrder, ...]:
    """The best with other orders of its partner, where together they explain all the lines."""
    best = found[0]
    left = unplaced(best)
    if not left or case.credit:
        return ()
    others = [c for c in found[1:] if _extends(best, c)]
    chosen = list(best.orders)
    for other in others:
        gained = left - unplaced(other)
        if gained and len(chosen) < _MOST_JOINED:
            chosen += other.orders
            left -= gained
    if left or len(chosen) == len(best.orders):
        return ()
    return tuple(sorted(chosen, key=lambda o: natural(o.order.id)))


def _extends(best: Candidate, other: Candidate) -> bool:
    mine, theirs = best.orders[0].order, other.orders[0].order
    return (mine.side, mine.partner) == (theirs.side, theirs.partner) and not other.other_party


def unplaced(candidate: Candidate) -> set[int]:
    return {n for n, line in enumerate(candidate.lines) if line.amount and not line.placed}


def _used(orders: tuple[IndexedOrder, ...], lines: Sequence[Assigned]) -> tuple[IndexedOrder, ...]:
    if len(orders) == 1:
        return orders
    used = {p.position.order.id for line in lines for p in line.portions}
    return tuple(o for o in orders if not used or o.order.id in used)


def _bound(case: Case, orders: tuple[IndexedOrder, ...], heads: Heads, leads: Leads) -> int:
    """The most that the orders can score by their heads and the net amount.

    Of several together any may turn out unused.
    """
    most = max(map(heads.weight, orders))
    certain = len(orders) == 1 and not case.invoice.allowances_charges
    open_value = not certain or leads.by_amount(orders[0])
    level = "net amount is what is open" if open_value else "net amount different"
    net = case.weights[level] if case.net else 0
    return most + max(net, 0 if case.credit else net)

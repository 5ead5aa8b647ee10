"""From keys to candidates, the strong keys first, and no further than anything can change."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from msgspec import Struct

from sapmatch.matching.case import Case
from sapmatch.matching.covering import covering
from sapmatch.matching.identity import (
    Candidate,
    Heads,
    Leads,
    Placed,
    best_of_lines,
    groups,
    joined,
    place,
    ranked,
    rate,
)
from sapmatch.matching.keys import (
    amount_keys,
    article_keys,
    misread_keys,
    month_keys,
    name_keys,
    number_keys,
    partner_keys,
)
from sapmatch.model.order import IndexedOrder
from sapmatch.model.ports import OrderKey, Orders

_SHOWN = 3  # candidates for a person to compare
_MOST_RATED = 15  # orders that the invoice does not name, the most promising ones
_ENOUGH = 120  # orders; no more articles are followed
_COMMON = 60  # orders of one article; the rarer articles of an invoice are followed first


class Found(Struct, frozen=True, kw_only=True):
    """Candidates, best first; `dropped` keys had too many hits to be followed (MA-P07)."""

    candidates: tuple[Candidate, ...] = ()
    dropped: tuple[OrderKey, ...] = ()
    keys: tuple[OrderKey, ...] = ()  # that lead to the best
    shadowed: frozenset[str] = frozenset()  # sales orders with the number of a purchase order
    partners: frozenset[str] = frozenset()  # SAP's numbers of the invoice's sender


def search(case: Case, orders: Orders) -> Found:
    """By number; where that leaves a doubt by article and amount, at last by partner."""
    desk = _Desk(case, orders)
    desk.follow(number_keys(case.references))
    desk.rate()
    # A credit without a reference belongs to an invoice, not to an order (MA-P52).
    if not case.credit and not desk.settled(by_amount=True):
        desk.ask(_partner_keys(case))
        desk.follow_amounts(amount_keys(case.invoice, case.partner))
        desk.follow_rare(article_keys(case.invoice.lines))
        desk.rate()
        if not desk.settled(by_amount=False) and desk.follow_partner():
            desk.rate()
    return desk.found()


def named_only(case: Case, orders: Orders, names: Sequence[str]) -> Found:
    """The orders that a person names, together, whatever they score; none where one is missing."""
    known = [orders.get(case.scope, name) for name in dict.fromkeys(names)]
    taken = tuple(one for one in known if one and one.order.items)
    if not taken or len(taken) < len(known) or len({one.order.side for one in taken}) > 1:
        return Found()
    return Found(candidates=(rate(case, place(case, taken), Heads(case)),))


class _Desk:
    """The orders that were found so far, and what they scored."""

    def __init__(self, case: Case, orders: Orders) -> None:
        self._case, self._orders = case, orders
        self._known: dict[str, IndexedOrder] = {}
        self._hits: dict[OrderKey, tuple[str, ...]] = {}
        self._dropped: dict[OrderKey, None] = {}
        self._amounts: set[str] = set()
        self._places: dict[tuple[tuple[str, str], ...], Placed] = {}
        self._heads = Heads(case)
        self._rated: tuple[Candidate, ...] = ()

    def ask(self, keys: Iterable[OrderKey]) -> list[OrderKey]:
        """Names under the keys; those that are followed, the ones with few orders first."""
        cap = self._case.policy.candidate_cap
        for key in keys:
            if key not in self._hits:
                self._hits[key] = self._orders.find(self._case.scope, key, cap)
                if len(self._hits[key]) > cap:
                    self._dropped[key] = None
        return sorted(
            (k for k in keys if self._hits[k] and k not in self._dropped),
            key=lambda k: (len(self._hits[k]), k),
        )

    def follow(self, keys: Sequence[OrderKey]) -> None:
        """Load what the keys lead to."""
        for key in self.ask(keys):
            self._load(self._hits[key])

    def follow_amounts(self, keys: Sequence[OrderKey]) -> None:
        """Load orders of the partner whose open value may be the net amount."""
        self.follow(keys)
        self._amounts.update(name for key in keys for name in self._hits[key])

    def follow_rare(self, keys: Sequence[OrderKey]) -> None:
        """Load by rare articles; common ones are followed where nothing rarer was found."""
        for key in self.ask(keys):
            common = len(self._hits[key]) > _COMMON and self._known
            if common or len(self._known) >= _ENOUGH:
                break
            self._load(self._hits[key])

    def follow_partner(self) -> bool:
        """Load by partner: of a busy one the orders of these months, of a damaged name by word.

        Whether there was anything new.
        """
        before = len(self._known)
        case = self._case
        keys = _partner_keys(case)
        if self._dropped.keys() & set(keys):
            keys = (*keys, *month_keys(case.partner, case.invoice.issue_date))
        self.follow(keys)
        if not any(self._hits[key] for key in keys):
            self.follow(name_keys(case.partner))
            self.follow(misread_keys(case.references))
        return len(self._known) > before

    def rate(self) -> None:
        """Rate what may be accepted or come near the best; where none is, what people are shown."""
        case = self._case
        self._heads.weigh_by({key: len(names) for key, names in self._hits.items()})
        rated: list[Candidate] = []
        accept = least = case.weights.accept
        shown = _SHOWN
        for group in groups(case, list(self._known.values()), self._heads, self._leads()):
            hopeless = group.bound < least and len(rated) >= shown
            if not group.named and (hopeless or len(rated) >= _MOST_RATED):
                break
            rated.append(rate(case, self._placed(group.orders), self._heads))
            least = max(least, rated[-1].score - case.weights.margin)
            shown = 1 if rated[-1].score >= accept and rated[-1].complete else shown
        self._rated = ranked(rated)
        if self._rated and (more := self._several()):
            together = rate(case, self._placed(more), self._heads)
            # Where the others hold nothing of it after all, it is the best once more.
            if together.ids != self._rated[0].ids:
                self._rated = ranked((*self._rated, together))

    def _several(self) -> tuple[IndexedOrder, ...]:
        """Orders that explain together what the best leaves open."""
        best, case = self._rated[0], self._case
        if best.complete and (best.named or best.score >= case.weights.accept):
            return ()
        return covering(case, self._with_articles()) or joined(case, self._rated)

    def _with_articles(self) -> list[IndexedOrder]:
        """Orders of the sender that have an article of the invoice; none where not all are read."""
        keys = [key for key in self._hits if key.type == "K4"]
        names = sorted({name for key in keys for name in self._hits[key]})
        if any(name not in self._known for name in names):
            return []
        found = [self._known[name] for name in names]
        return [one for one in found if self._heads.of_sender(one.order)]

    def _leads(self) -> Leads:
        if len(self._known) < 2:  # there is nothing to compare with
            return Leads({}, frozenset())
        counts = Counter(chain.from_iterable(self._hits.values()))
        found = {name: one.order.id for name, one in self._known.items()}
        return Leads(
            {number: counts[name] for name, number in found.items()},
            frozenset(found[name] for name in self._amounts if name in found),
        )

    def _placed(self, orders: tuple[IndexedOrder, ...]) -> Placed:
        """Once for each group, whatever else is found later."""
        key = tuple((one.order.side, one.order.id) for one in orders)
        if key not in self._places:
            self._places[key] = place(self._case, orders)
        return self._places[key]

    def settled(self, *, by_amount: bool) -> bool:
        """Whether the best is accepted, and no order that other keys lead to can come near it.

        Such an order is at best one of the sender, with a misread number, all lines and quantities;
        `by_amount` says whether its open value may still be the net amount.
        """
        if not self._rated:
            return False
        if self._rated[0].named and self._rated[0].shows("currency different"):
            return True  # a person decides, and no other order explains that better
        if self._rated[0].score < self._case.weights.accept:
            return False
        return self._rated[0].score - self._case.weights.margin > self._ceiling(by_amount)

    def _ceiling(self, by_amount: bool) -> int:
        case, weights = self._case, self._case.weights
        partner, iban = case.partner, case.invoice.iban
        best = weights["prior"] + weights["currency equal"] + best_of_lines(case)
        if partner.vat_id:
            best += weights["VAT id equal"] + weights["name equal as well"]
            best += weights["bank account equal as well"] if iban else 0
        else:
            best += weights["name equal"] + (weights["bank account equal"] if iban else 0)
        if case.references.named:
            best += max(0, weights["order number with a misread digit"])
        level = "net amount is what is open" if by_amount else "net amount different"
        return best + (weights[level] if case.net else 0)

    def found(self) -> Found:
        """What the search came to."""
        ids = self._rated[0].ids if self._rated else ()
        names = {name for name, one in self._known.items() if one.order.id in ids}
        return Found(
            candidates=self._rated,
            dropped=tuple(sorted(self._dropped)),
            keys=tuple(sorted(k for k, ids in self._hits.items() if not names.isdisjoint(ids))),
            shadowed=frozenset(o.order.id for ref, o in self._known.items() if ref != o.order.id),
            partners=self._partners(),
        )

    def _partners(self) -> frozenset[str]:
        """By name and VAT id, and by the order that the invoice belongs to for sure."""
        case = self._case
        best = [c for c in self._rated[:1] if c.score >= case.weights.accept and not c.other_party]
        sure = {one.order.id for c in best for one in c.orders}
        ours = [o.order for o in self._known.values() if case.knows_partner(o.order.side)]
        same = [order for order in ours if order.id in sure or self._heads.of_sender(order)]
        return frozenset(n for o in same for n in (o.partner, o.invoicing_party) if n)

    def _load(self, names: Iterable[str]) -> None:
        sides = self._case.policy.order_sides
        for name in names:
            if name not in self._known:
                one = self._orders.get(self._case.scope, name)
                if one and one.order.side in sides and one.order.items:
                    self._known[name] = one


def _partner_keys(case: Case) -> tuple[OrderKey, ...]:
    return partner_keys(case.partner, case.invoice.iban)

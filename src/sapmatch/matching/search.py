"""From keys to candidates, the strong keys first."""

from collections.abc import Iterator

from msgspec import Struct

from sapmatch.matching.case import Case
from sapmatch.matching.identity import ACCEPT, Candidate, candidates, same_partner
from sapmatch.matching.keys import amount_keys, number_keys, partner_keys
from sapmatch.model.order import IndexedOrder
from sapmatch.model.ports import OrderKey, Orders


class Found(Struct, frozen=True, kw_only=True):
    """Candidates, best first; `dropped` keys had too many hits to be followed (MA-P07)."""

    candidates: tuple[Candidate, ...] = ()
    dropped: tuple[OrderKey, ...] = ()
    shadowed: frozenset[str] = frozenset()  # sales orders with the number of a purchase order
    partners: frozenset[str] = frozenset()  # SAP's numbers of the invoice's sender


def search(case: Case, orders: Orders) -> Found:
    """Orders by number; only where none of them is accepted also by amount, then by partner."""
    known: dict[str, IndexedOrder] = {}
    dropped: list[OrderKey] = []
    rated: tuple[Candidate, ...] = ()
    for keys in _stages(case):
        for key in keys:
            ids = orders.find(case.scope, key, case.policy.candidate_cap)
            if len(ids) > case.policy.candidate_cap:
                dropped.append(key)
                continue
            known |= _load(case, orders, [i for i in ids if i not in known])
        rated = candidates(case, list(known.values()))
        if rated and rated[0].score >= ACCEPT:
            break
    return Found(
        candidates=rated,
        dropped=tuple(dropped),
        shadowed=frozenset(one.order.id for ref, one in known.items() if ref != one.order.id),
        partners=_partners(case, list(known.values()), rated[:1]),
    )


def _stages(case: Case) -> Iterator[tuple[OrderKey, ...]]:
    """A credit without a reference belongs to an invoice, not to an order (MA-P52)."""
    yield number_keys(case.references)
    if not case.credit:
        yield amount_keys(case.invoice, case.partner)
        yield partner_keys(case.partner)


def _load(case: Case, orders: Orders, ids: list[str]) -> dict[str, IndexedOrder]:
    found = {order_id: orders.get(case.scope, order_id) for order_id in ids}
    sides = case.policy.order_sides
    return {
        i: one for i, one in found.items() if one and one.order.side in sides and one.order.items
    }


def _partners(
    case: Case, orders: list[IndexedOrder], best: tuple[Candidate, ...]
) -> frozenset[str]:
    """By name and VAT id, and by the order that the invoice belongs to for sure."""
    sure = {
        one.order.id for c in best if c.score >= ACCEPT and not c.other_party for one in c.orders
    }
    ours = [one.order for one in orders if case.knows_partner(one.order.side)]
    same = [order for order in ours if order.id in sure or same_partner(case.partner, order)]
    return frozenset(n for o in same for n in (o.partner, o.invoicing_party) if n)

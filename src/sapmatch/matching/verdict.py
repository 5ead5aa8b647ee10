"""A decision by hand: what a person said in place of what the rules could not decide."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from msgspec.structs import replace

from sapmatch.matching.decision import MAX_ORDERS
from sapmatch.matching.identity import OTHER_PARTY, is_other_party
from sapmatch.matching.match import match
from sapmatch.model.document import EarlierInvoice
from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import ByHand, Decision, LedgerLine, State
from sapmatch.model.order import ZERO, IndexedOrder, PostedInvoice
from sapmatch.model.policy import MatchingPolicy
from sapmatch.model.ports import OrderKey, Orders, OrderScope
from sapmatch.model.review import Verdict

Anew = Callable[[Sequence[str]], Decision]


def anew(
    invoice: Invoice,
    *,
    document_id: str,
    orders: Orders,
    policy: MatchingPolicy,
    connection: str,
    client: str,
    problems: Sequence[Problem] = (),
) -> Anew:
    """Matches the invoice with the orders that a person names, with them alone.

    Duplicates are not looked for: that question is answered by the person.
    """

    def decide(only: Sequence[str]) -> Decision:
        return match(
            invoice,
            document_id=document_id,
            orders=_Unposted(orders),
            earlier=_no_earlier,
            policy=policy,
            connection=connection,
            client=client,
            problems=problems,
            only=tuple(only),
        )

    return decide


def decided_by_hand(verdict: Verdict, decision: Decision | None, *, anew: Anew) -> Decision:
    """MANUAL_MATCHED with the lines that a person took, or MANUAL_REJECTED.

    `decision` is the one that was shown, None where the reading ended in a question. Its lines
    stand as shown where it has any; the versions of the orders are those of now. Raises
    InputRejected where no order item can be invoiced for it, and where the order is another party's
    or used up and the person does not say that it is meant all the same.
    """
    if verdict.action == "reject":
        return _rejected(verdict, decision)
    orders = _wanted(verdict, decision)
    fresh = anew(orders)
    _require_place(fresh, orders)
    kept = decision if verdict.action == "accept" and decision and _has_shares(decision) else None
    if not kept:
        _require_meant(verdict, decision, fresh)
    placed = kept or fresh
    if not _has_shares(placed):
        raise InputRejected(
            f"order {_list(orders)}: no item of it fits a line of the invoice, so SAP could post "
            "nothing; name another order, or reject the invoice and enter it in SAP"
        )
    return replace(
        placed,
        state=State.MANUAL_MATCHED,
        side=fresh.side,
        orders=fresh.orders,
        order_versions=fresh.order_versions,
        explanation=(*_said(verdict, orders), *_gone(kept, fresh), *placed.explanation),
        remedy=None,
        owner=None,
        payment_block=False,
        sampled=False,
        by_hand=ByHand(sap_user=verdict.sap_user, now=verdict.token_sha256 is not None),
    )


def _rejected(verdict: Verdict, decision: Decision | None) -> Decision:
    shown = decision or Decision(state=State.MANUAL_REJECTED, policy_version="")
    return replace(
        shown,
        state=State.MANUAL_REJECTED,
        explanation=(*_said(verdict, ()), *shown.explanation),
        remedy=None,
        owner=None,
        payment_block=False,
        sampled=False,
    )


def _wanted(verdict: Verdict, decision: Decision | None) -> tuple[str, ...]:
    """The order that the person names, else those of the best candidate as it was shown."""
    if verdict.action == "match" and verdict.order:
        return (verdict.order,)
    shown = decision.orders or _best(decision) if decision else ()
    if not shown:
        raise InputRejected("there is no candidate to accept; name the order with match ORDER")
    if decision and decision.cause == "SAME_NUMBER":
        raise InputRejected(
            f"number {_list(shown)}: a purchase order and a sales order have it; take the purchase "
            "order with match ORDER, or reject the invoice and enter it in SAP"
        )
    return shown


def _best(decision: Decision) -> tuple[str, ...]:
    if decision.ranked:
        return decision.ranked[0].orders
    return tuple(decision.candidates[0].split("+")) if decision.candidates else ()


def _require_place(fresh: Decision, orders: Sequence[str]) -> None:
    """Whether the orders can still be invoiced at all."""
    if missing := [order for order in orders if order not in fresh.orders]:
        raise InputRejected(
            f"order {_list(missing)}: is no open order of this company code that the invoice "
            "could be booked on; compare its number with SAP, and extract the orders anew"
        )
    if fresh.state is State.NOT_INVOICEABLE:
        raise InputRejected(
            f"order {_list(orders)}: SAP takes no invoice for it ({fresh.cause}); have it mended "
            "there first, or name another order"
        )
    if fresh.side and len(orders) > MAX_ORDERS[fresh.side]:
        raise InputRejected(
            f"{len(orders)} orders are more than can be booked at once; enter the invoice in SAP, "
            "and reject it here"
        )


def _require_meant(verdict: Verdict, shown: Decision | None, fresh: Decision) -> None:
    """One wrong digit must not pay somebody else, or anything twice."""
    orders = _list(fresh.orders)
    asked = verdict.action == "accept" and shown and shown.cause == "OTHER_SUPPLIER"
    found = frozenset(e.name for e in fresh.evidence)
    if is_other_party(found) and not (verdict.other_supplier or asked):
        raise InputRejected(
            f"order {orders}: is with another party than the one on the invoice "
            f"({', '.join(sorted(found & OTHER_PARTY))}); compare the number. If it is meant all "
            "the same, add --other-supplier"
        )
    used_up = [f"{line.order}/{line.item}" for line in fresh.ledger if line.used_up]
    if used_up and not verdict.nothing_open:
        raise InputRejected(
            f"order {orders}: nothing is left to invoice of item {_list(used_up[:5])}; compare the "
            "number. If it is meant all the same, add --nothing-open"
        )


def _has_shares(decision: Decision) -> bool:
    return any(line.shares for line in decision.lines)


def _said(verdict: Verdict, orders: Sequence[str]) -> Iterator[str]:
    did = {
        "accept": f"accepted order {_list(orders)}",
        "match": f"chose order {_list(orders)}",
        "reject": "rejected it, and nothing is posted",
    }[verdict.action]
    yield f"{verdict.who} {did}, on {verdict.at:%Y-%m-%d}: {verdict.reason}"
    if verdict.confirmed_who and verdict.confirmed_at:
        why = f": {verdict.confirmed_reason}" if verdict.confirmed_reason else "."
        yield f"{verdict.confirmed_who} confirmed it on {verdict.confirmed_at:%Y-%m-%d}{why}"


def _gone(shown: Decision | None, fresh: Decision) -> Iterator[str]:
    """Quantities that were open when the decision was shown, and that somebody took since."""
    now = {(line.order, line.item): line.open for line in fresh.ledger}
    for line in shown.ledger if shown else ():
        left = now.get((line.order, line.item), ZERO)
        if left < min(line.open, line.taken):
            yield _remark(line, left)


def _remark(line: LedgerLine, left: Decimal) -> str:
    return (
        f"Of order {line.order} item {line.item}, {left:f} {line.unit} can be invoiced by now, and "
        f"{line.taken:f} {line.unit} are taken all the same, as decided."
    )


def _list(orders: Sequence[str]) -> str:
    return ", ".join(orders)


def _no_earlier(_scope: OrderScope, _key: OrderKey) -> tuple[EarlierInvoice, ...]:
    return ()


class _Unposted:
    """The order index without the supplier invoices that SAP holds."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    def find(self, scope: OrderScope, key: OrderKey, cap: int) -> tuple[str, ...]:
        return self._orders.find(scope, key, cap)

    def get(self, scope: OrderScope, order_id: str) -> IndexedOrder | None:
        return self._orders.get(scope, order_id)

    def posted(self, _scope: OrderScope, _key: OrderKey) -> tuple[PostedInvoice, ...]:
        return ()

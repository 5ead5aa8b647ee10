"""What a decision was taken on, so that it is taken again once that changes."""

import hashlib
from collections.abc import Sequence

from sapmatch.matching.duplicates import Earlier
from sapmatch.matching.keys import REPLACED
from sapmatch.model.document import EarlierInvoice
from sapmatch.model.match import Decision
from sapmatch.model.order import IndexedOrder, PostedInvoice
from sapmatch.model.ports import OrderKey, Orders, OrderScope
from sapmatch.model.review import Watched

MOST_KEYS = 20  # numbers come before amounts, those before names
MOST_ORDERS = 20


class NotedOrders:
    """Port Orders that notes what was asked, and what the answer was; of invoices likewise."""

    def __init__(self, orders: Orders, earlier: Earlier) -> None:
        self._orders = orders
        self._earlier = earlier
        self._invoices: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._versions: dict[str, int] = {}

    def find(self, scope: OrderScope, key: OrderKey, cap: int) -> tuple[str, ...]:
        """Names of orders under the key."""
        found = self._orders.find(scope, key, cap)
        self._keys.setdefault(f"{key.type} {key.value}", _digest(found))
        return found

    def get(self, scope: OrderScope, order_id: str) -> IndexedOrder | None:
        """One order; its version is noted."""
        found = self._orders.get(scope, order_id)
        self._versions.setdefault(order_id, found.version if found else 0)
        return found

    def posted(self, scope: OrderScope, key: OrderKey) -> tuple[PostedInvoice, ...]:
        """Supplier invoices in SAP; they come with the orders that they change."""
        return self._orders.posted(scope, key)

    def earlier(self, scope: OrderScope, key: OrderKey) -> Sequence[EarlierInvoice]:
        """Earlier invoices; those are noted that take the invoice back."""
        found = self._earlier(scope, key)
        if key.type == REPLACED:
            self._invoices[f"{key.type} {key.value}"] = _standing(found)
        return found

    def watched(self, scope: OrderScope, decision: Decision) -> Watched:
        """The first keys, and the orders that the invoice may belong to."""
        named = [name for each in decision.candidates for name in each.split("+")]
        orders = [n for n in dict.fromkeys((*decision.orders, *named)) if n in self._versions]
        return Watched(
            scope=scope,
            orders={name: self._versions[name] for name in orders[:MOST_ORDERS]},
            keys=dict(list(self._keys.items())[:MOST_KEYS]),
            invoices=self._invoices,
        )


def changed(watched: Watched, orders: Orders, earlier: Earlier, cap: int) -> bool:
    """Whether a key finds other orders or invoices by now, or an order has another version.

    Receipts, prices, releases and the reservations of other invoices all change the version.
    """
    for named, digest in watched.keys.items():
        kind, _, value = named.partition(" ")
        if _digest(orders.find(watched.scope, OrderKey(kind, value), cap)) != digest:
            return True
    for named, digest in watched.invoices.items():
        kind, _, value = named.partition(" ")
        if _standing(earlier(watched.scope, OrderKey(kind, value))) != digest:
            return True
    found = {order_id: orders.get(watched.scope, order_id) for order_id in watched.orders}
    return any((one.version if one else 0) != watched.orders[name] for name, one in found.items())


def _standing(invoices: Sequence[EarlierInvoice]) -> str:
    return _digest(sorted(one.document for one in invoices if not one.reversed))


def _digest(names: Sequence[str]) -> str:
    """Of names in the order of the index."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]

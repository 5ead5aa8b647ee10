"""Orders and earlier invoices in memory: for the command line and for tests."""

from collections.abc import Mapping, Sequence

import msgspec

from sapmatch.model.document import EarlierInvoice
from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.order import IndexedOrder, Order, PostedInvoice, Reservation, unsettled
from sapmatch.model.ports import OrderKey, OrderScope

_SALES = "sales_order/"  # number ranges of purchasing and sales may overlap


class InMemoryOrders:
    """Port Orders over dictionaries.

    Where a purchase order and a sales order have one number, the number alone means the purchase
    order, and `find` names the sales order with its side before it.
    """

    def __init__(self) -> None:
        self._orders: dict[tuple[OrderScope, str], IndexedOrder] = {}
        self._keys: dict[tuple[OrderScope, str], tuple[OrderKey, ...]] = {}
        self._ids: dict[tuple[OrderScope, OrderKey], set[str]] = {}
        self._posted: dict[tuple[OrderScope, OrderKey], dict[tuple[str, str], PostedInvoice]] = {}

    def find(self, scope: OrderScope, key: OrderKey, cap: int) -> tuple[str, ...]:
        """Ids under the key, sorted, at most `cap + 1`."""
        found = (self._shown(scope, ref) for ref in self._ids.get((scope, key), ()))
        return tuple(sorted(found))[: cap + 1]

    def get(self, scope: OrderScope, order_id: str) -> IndexedOrder | None:
        """One order with its reservations."""
        return self._orders.get(self._place(scope, order_id))

    def put(self, order: Order, keys: Sequence[OrderKey]) -> bool:
        """Replace the order; reservations stay until SAP shows their invoice.

        False where nothing changed.
        """
        scope = OrderScope(order.connection, order.client, order.company_code)
        ref = order.id if order.side == "purchase_order" else _SALES + order.id
        place = scope, ref
        before = self._orders.get(place)
        held = unsettled(order, before.reservations if before else ())
        unchanged = before and (before.order, before.reservations) == (order, held)
        if unchanged and self._keys[place] == tuple(keys):
            return False
        for key in self._keys.get(place, ()):
            self._ids[scope, key].discard(ref)
        for key in keys:
            self._ids.setdefault((scope, key), set()).add(ref)
        version = before.version + 1 if before else 1
        self._keys[place] = tuple(keys)
        self._orders[place] = IndexedOrder(order=order, version=version, reservations=held)
        return True

    def posted(self, scope: OrderScope, key: OrderKey) -> tuple[PostedInvoice, ...]:
        """Supplier invoices under the key, in the order of their numbers."""
        found = self._posted.get((scope, key), {})
        return tuple(found[number] for number in sorted(found))

    def put_posted(
        self, scope: OrderScope, invoice: PostedInvoice, keys: Sequence[OrderKey]
    ) -> bool:
        """Store the invoice's head; False where nothing changed."""
        number = (invoice.supplier_invoice, invoice.fiscal_year)
        changed = False
        for key in keys:
            known = self._posted.setdefault((scope, key), {})
            changed = changed or known.get(number) != invoice
            known[number] = invoice
        return changed

    def reserve(
        self,
        scope: OrderScope,
        versions: Mapping[str, int],
        reservations: Mapping[str, tuple[Reservation, ...]],
    ) -> None:
        """Take what a match needs, all or nothing; PreconditionFailed where an order moved on."""
        for order_id in reservations:
            known = self.get(scope, order_id)
            if known is None or known.version != versions.get(order_id):
                raise PreconditionFailed(f"order {order_id}: changed since the decision")
        for order_id, taken in reservations.items():
            place = self._place(scope, order_id)
            known = self._orders[place]
            documents = {reservation.document_id for reservation in taken}
            others = tuple(r for r in known.reservations if r.document_id not in documents)
            self._orders[place] = msgspec.structs.replace(
                known, version=known.version + 1, reservations=(*others, *taken)
            )

    def _place(self, scope: OrderScope, order_id: str) -> tuple[OrderScope, str]:
        named = scope, order_id
        return named if named in self._orders else (scope, _SALES + order_id)

    def _shown(self, scope: OrderScope, ref: str) -> str:
        number = ref.removeprefix(_SALES)
        return ref if (scope, number) in self._orders else number


class InMemoryInvoices:
    """Earlier invoices by duplicate key; `find` is what `match` takes as `earlier`."""

    def __init__(self) -> None:
        self._invoices: dict[tuple[OrderScope, OrderKey], dict[str, EarlierInvoice]] = {}

    def find(self, scope: OrderScope, key: OrderKey) -> tuple[EarlierInvoice, ...]:
        """Invoices under the key."""
        return tuple(self._invoices.get((scope, key), {}).values())

    def add(self, scope: OrderScope, keys: Sequence[OrderKey], invoice: EarlierInvoice) -> None:
        """Keep the invoice for those that come after it."""
        for key in keys:
            self._invoices.setdefault((scope, key), {})[invoice.document] = invoice

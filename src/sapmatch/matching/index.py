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
        self._shelves: dict[OrderScope, _Shelf] = {}

    def find(self, scope: OrderScope, key: OrderKey, cap: int) -> tuple[str, ...]:
        """Ids under the key, sorted, at most `cap + 1`."""
        shelf = self._shelf(scope)
        refs = shelf.first(key, cap + 1)
        return tuple(sorted(map(shelf.shown, refs)) if shelf.sales else refs)

    def get(self, scope: OrderScope, order_id: str) -> IndexedOrder | None:
        """One order with its reservations."""
        shelf = self._shelf(scope)
        return shelf.orders.get(shelf.place(order_id))

    def put(self, order: Order, keys: Sequence[OrderKey]) -> bool:
        """Replace the order; reservations stay until SAP shows their invoice.

        False where nothing changed.
        """
        shelf = self._shelf(OrderScope(order.connection, order.client, order.company_code))
        ref = order.id if order.side == "purchase_order" else _SALES + order.id
        before = shelf.orders.get(ref)
        held = unsettled(order, before.reservations if before else ())
        unchanged = before and (before.order, before.reservations) == (order, held)
        if unchanged and shelf.keys[ref] == tuple(dict.fromkeys(keys)):
            return False
        version = before.version + 1 if before else 1
        shelf.enter(ref, keys)
        shelf.orders[ref] = IndexedOrder(order=order, version=version, reservations=held)
        return True

    def posted(self, scope: OrderScope, key: OrderKey) -> tuple[PostedInvoice, ...]:
        """Supplier invoices under the key, in the order of their numbers."""
        found = self._shelf(scope).posted.get(key, {})
        return tuple(found[number] for number in sorted(found))

    def put_posted(
        self, scope: OrderScope, invoice: PostedInvoice, keys: Sequence[OrderKey]
    ) -> bool:
        """Store the invoice's head; False where nothing changed."""
        number = (invoice.supplier_invoice, invoice.fiscal_year)
        changed = False
        for key in keys:
            known = self._shelf(scope).posted.setdefault(key, {})
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
        shelf = self._shelf(scope)
        for order_id, taken in reservations.items():
            ref = shelf.place(order_id)
            known = shelf.orders[ref]
            documents = {reservation.document_id for reservation in taken}
            others = tuple(r for r in known.reservations if r.document_id not in documents)
            shelf.orders[ref] = msgspec.structs.replace(
                known, version=known.version + 1, reservations=(*others, *taken)
            )

    def _shelf(self, scope: OrderScope) -> "_Shelf":
        found = self._shelves.get(scope)
        if found is None:
            found = self._shelves[scope] = _Shelf()
        return found


class _Shelf:
    """The orders of one company code by reference: the number, of a sales order with its side.

    A reference stands in a list under each of its keys: of a million order items, most keys have
    one, and a list takes less than half of what a set does. A list is put in order when it is
    asked for, as common words lead to most orders, and only the first of them are ever wanted.
    """

    def __init__(self) -> None:
        self.orders: dict[str, IndexedOrder] = {}
        self.keys: dict[str, tuple[OrderKey, ...]] = {}
        self.refs: dict[OrderKey, list[str]] = {}
        self.unsorted: set[OrderKey] = set()
        self.sales = False  # whether there is any sales order
        self.posted: dict[OrderKey, dict[tuple[str, str], PostedInvoice]] = {}

    def enter(self, ref: str, keys: Sequence[OrderKey]) -> None:
        """File the reference under these keys and no others."""
        for key in self.keys.get(ref, ()):
            self.refs[key].remove(ref)
        self.keys[ref] = tuple(dict.fromkeys(keys))
        self.sales = self.sales or ref.startswith(_SALES)
        for key in self.keys[ref]:
            refs = self.refs.setdefault(key, [])
            if refs and ref < refs[-1]:
                self.unsorted.add(key)
            refs.append(ref)

    def first(self, key: OrderKey, count: int) -> list[str]:
        """The first references under the key."""
        refs = self.refs.get(key, [])
        if key in self.unsorted:
            refs.sort()
            self.unsorted.remove(key)
        return refs[:count]

    def place(self, order_id: str) -> str:
        """The reference under which an order is kept."""
        return order_id if order_id in self.orders else _SALES + order_id

    def shown(self, ref: str) -> str:
        """The number, unless a purchase order has the same one."""
        if not ref.startswith(_SALES):
            return ref
        number = ref[len(_SALES) :]
        return ref if number in self.orders else number


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

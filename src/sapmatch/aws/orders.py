"""The order index in DynamoDB.

<connection>#<client>#<company code>#order#<id>              order    the order and reservations
<connection>#<client>#<company code>#key#<type>#<value>      <id>     a candidate key
<connection>#<client>#<company code>#invoice#<type>#<value>  <number> an invoice in SAP
"""

import zlib
from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct

from sapmatch.aws.table import Item, Table, body
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.order import IndexedOrder, Order, PostedInvoice, Reservation, unsettled
from sapmatch.model.ports import OrderKey, OrderScope

_ORDER = "order"
LARGEST = 390_000  # bytes of a compressed order: DynamoDB takes 400 KB with names and keys
ATTEMPTS = 5  # of one put; each loss means that a match was recorded meanwhile


class StoredOrder(Struct, frozen=True, kw_only=True):
    """The body of an order's item."""

    order: Order
    keys: tuple[OrderKey, ...]
    reservations: tuple[Reservation, ...] = ()
    schema: int = 1


class DynamoOrders:
    """Port Orders over one table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, scope: OrderScope, key: OrderKey, cap: int) -> tuple[str, ...]:
        """One query per key, whatever the size of the index."""
        items = self._table.query(_pk(scope, "key", key.type, key.value), limit=cap + 1)
        return tuple(item.sk for item in items)

    def get(self, scope: OrderScope, order_id: str) -> IndexedOrder | None:
        """The order with its reservations; None where only a stale key is left of it."""
        item = self._table.get(_pk(scope, _ORDER, order_id), _ORDER)
        if item is None:
            return None
        stored = item.load(StoredOrder)
        return IndexedOrder(
            order=stored.order, version=item.version, reservations=stored.reservations
        )

    def put(self, order: Order, keys: Sequence[OrderKey], *, as_of: str = "") -> bool:
        """Written again on top of a reservation that came in between (RE-17)."""
        for _ in range(ATTEMPTS - 1):
            with suppress(PreconditionFailed):
                return self._put(order, keys, as_of)
        return self._put(order, keys, as_of)

    def _put(self, order: Order, keys: Sequence[OrderKey], as_of: str) -> bool:
        """Keys first and stale keys last, so that a reader may find too many, never too few."""
        scope = OrderScope(order.connection, order.client, order.company_code)
        pk = _pk(scope, _ORDER, order.id)
        item = self._table.get(pk, _ORDER)
        before = item.load(StoredOrder) if item else None
        after = StoredOrder(
            order=order,
            keys=tuple(sorted(keys)),
            reservations=unsettled(order, before.reservations if before else ()),
        )
        if item and (item.body == body(after) or _newer(item, as_of)):
            return False
        if len(zlib.compress(body(after))) > LARGEST:
            raise InputRejected(f"order {order.id}: is too large for the index; bill it by hand")
        known = set(before.keys) if before else set()
        for key in set(keys) - known:
            self._table.put(Item(pk=_pk(scope, "key", key.type, key.value), sk=order.id))
        version = item.version if item else 0
        self._table.put(
            Item(
                pk=pk,
                sk=_ORDER,
                version=version + 1,
                body=body(after),
                attributes={"as_of": as_of},
            ),
            expected=version or None,
            new=item is None,
        )
        for key in known - set(keys):
            self._table.delete(_pk(scope, "key", key.type, key.value), order.id)
        return True

    def posted(self, scope: OrderScope, key: OrderKey) -> tuple[PostedInvoice, ...]:
        """Supplier invoices in SAP under the key."""
        items = self._table.query(_pk(scope, "invoice", key.type, key.value))
        return tuple(item.load(PostedInvoice) for item in items)

    def put_posted(
        self,
        scope: OrderScope,
        invoice: PostedInvoice,
        keys: Sequence[OrderKey],
        *,
        as_of: str = "",
    ) -> bool:
        """Write only where SAP's invoice changed (reversed, for one)."""
        sk = f"{invoice.supplier_invoice}/{invoice.fiscal_year}"
        changed = False
        for key in keys:
            item = Item(
                pk=_pk(scope, "invoice", key.type, key.value),
                sk=sk,
                body=body(invoice),
                attributes={"as_of": as_of},
            )
            stored = self._table.get(item.pk, sk)
            if stored is None or not (stored.body == item.body or _newer(stored, as_of)):
                self._table.put(item)
                changed = True
        return changed

    def reserve(
        self, scope: OrderScope, order_id: str, version: int, reservations: Sequence[Reservation]
    ) -> dict[str, object] | None:
        """The conditional put that replaces one document's reservations on an order.

        None where the order is at another version already.
        """
        item = self._table.get(_pk(scope, _ORDER, order_id), _ORDER)
        if item is None or item.version != version:
            return None
        stored = item.load(StoredOrder)
        documents = {reservation.document_id for reservation in reservations}
        others = tuple(r for r in stored.reservations if r.document_id not in documents)
        after = StoredOrder(
            order=stored.order, keys=stored.keys, reservations=(*others, *reservations)
        )
        new = Item(
            pk=item.pk,
            sk=_ORDER,
            version=version + 1,
            body=body(after),
            attributes=item.attributes,
        )
        return self._table.put_request(new, expected=version)


def _pk(scope: OrderScope, *parts: str) -> str:
    return "#".join((scope.connection, scope.client, scope.company_code, *parts))


def _newer(stored: Item, as_of: str) -> bool:
    """Whether what is stored was read from SAP later; no time stands for now."""
    return bool(as_of) and stored.attributes.get("as_of", "") > as_of

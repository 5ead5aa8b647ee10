"""What `sapmatch match` decides against: orders from files, and what was matched before."""

import gc
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from sapmatch.cli.match_ledger import Entry, MatchLedger
from sapmatch.cli.order_files import order_rows
from sapmatch.extracting.orders import orders_from_rows
from sapmatch.matching import match
from sapmatch.matching.index import InMemoryInvoices, InMemoryOrders
from sapmatch.matching.keys import earlier_keys, order_keys, posted_keys
from sapmatch.matching.record import REMEMBERED, earlier_invoice, reservations
from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import Decision
from sapmatch.model.order import Order, PostedInvoice
from sapmatch.model.policy import ItemFields
from sapmatch.model.ports import OrderScope
from sapmatch.settings import Settings, policy_of

_SHORT = 8  # digits of a content hash, where a name is not enough


class Matchbook:
    """Decides on one invoice after the other; each one's reservation is visible to the next."""

    def __init__(self, settings: Settings, orders: Path, ledger: MatchLedger) -> None:
        """Raises InputRejected where settings, orders or ledger cannot be used.

        The ledger is locked once the orders are there, and read then.
        """
        if settings.matching is None:
            raise InputRejected("[matching]: is missing in the settings; it says what is tolerated")
        self._policy = policy_of(settings.matching, settings.write_backs.values())
        self._connection = settings.matching.connection or next(iter(settings.connections), "sap")
        known = settings.connections.get(self._connection)
        self._client = known.client if known else "000"
        self._orders = InMemoryOrders()
        self._earlier = InMemoryInvoices()
        self._names: dict[str, str] = {}  # of documents by content
        self._ledger = ledger
        gc.disable()  # nothing here is in a cycle, and looking for some takes a quarter of the time
        try:
            self._fill(orders, settings.matching.item_fields)
        finally:
            gc.enable()
        gc.freeze()  # orders stay to the end: collections need not walk over a million items again
        for entry in ledger.entries():
            self._take(entry)

    def seen(self, sha256: str) -> str | None:
        """Name of the document with the same content, if there was one before."""
        return self._names.get(sha256)

    def decide(
        self, name: str, sha256: str, invoice: Invoice, problems: Sequence[Problem] = ()
    ) -> Decision:
        """Decide, and keep what later documents must know of it."""
        identity = f"{name} ({sha256[:_SHORT]})" if name in self._names.values() else name
        decision = match(
            invoice,
            document_id=identity,
            orders=self._orders,
            earlier=self._earlier.find,
            policy=self._policy,
            connection=self._connection,
            client=self._client,
            problems=problems,
        )
        self._names[sha256] = identity
        if decision.company_code and decision.state in REMEMBERED:
            self._note(identity, sha256, invoice, decision)
        return decision

    def _note(self, identity: str, sha256: str, invoice: Invoice, decision: Decision) -> None:
        if not invoice.number or invoice.total is None or not invoice.currency:
            return
        entry = Entry(
            sha256=sha256,
            company_code=decision.company_code or "",
            invoice=earlier_invoice(identity, invoice, None),
            reservations=reservations(identity, invoice, decision) if decision.posts else {},
        )
        self._take(entry)
        if decision.posts:
            self._ledger.append(entry)

    def _take(self, entry: Entry) -> None:
        scope = OrderScope(self._connection, self._client, entry.company_code)
        earlier = entry.invoice
        self._names[entry.sha256] = earlier.document
        self._earlier.add(scope, earlier_keys(earlier), earlier)
        # An order of an earlier call may be missing in these files: then it is not decided on.
        held = {order: self._orders.get(scope, order) for order in entry.reservations}
        versions = {order: known.version for order, known in held.items() if known}
        taken = {order: entry.reservations[order] for order in versions}
        self._orders.reserve(scope, versions, taken)

    def _fill(self, path: Path, item_fields: ItemFields) -> None:
        orders, posted = self._orders_of(path, item_fields)
        if orders and not any(order.items for order in orders):
            raise InputRejected(
                f"{path}: none of its {len(orders)} orders has items; extract A_PurchaseOrderItem "
                "and A_SalesOrderItem as well, or the orders with --expand"
            )
        for order in orders:
            self._orders.put(order, order_keys(order))
        for invoice in posted:
            scope = OrderScope(self._connection, self._client, invoice.company_code)
            self._orders.put_posted(scope, invoice, posted_keys(invoice))

    def _orders_of(
        self, path: Path, item_fields: ItemFields
    ) -> tuple[list[Order], list[PostedInvoice]]:
        with ExitStack() as files:
            rows = order_rows(path, files)
            try:
                return orders_from_rows(
                    rows,
                    connection=self._connection,
                    client=self._client,
                    company_codes=self._policy.company_codes,
                    item_fields=item_fields,
                )
            except InputRejected as exc:
                raise InputRejected(f"{path}: {exc}", exc.problems) from exc

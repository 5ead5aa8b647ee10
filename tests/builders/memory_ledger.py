"""The order index and its ledger in memory, and orders to put into it."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec

from sapmatch.extracting.facts.stored import Bookkeeper, OrderKeys, PostedKeys
from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.facts import (
    Fact,
    InvoiceHead,
    InvoiceItem,
    Item,
    Movement,
    OrderHead,
    Party,
    Version,
    document_number,
)
from sapmatch.model.ledger import Account, Entry, Subject, SubjectKind, Usage
from sapmatch.model.netting import order_of
from sapmatch.model.order import IndexedOrder, Order, PostedInvoice
from sapmatch.model.ports import Ledger, OrderKey, OrderScope

_DAY = date(2026, 11, 1)


class MemoryLedger:
    """Ports Ledger and Orders; every write may be watched, and may kill the writer."""

    def __init__(self) -> None:
        self.accounts: dict[Subject, bytes] = {}
        self.entries: dict[tuple[str, str, str], dict[str, PostedInvoice | None]] = {}
        self.reads = self.writes = 0
        self.dies_at: int | None = None

    def find(self, scope: OrderScope, key: OrderKey, cap: int) -> tuple[str, ...]:
        return tuple(sorted(self._under(scope, "key", key)))[: cap + 1]

    def get(self, scope: OrderScope, order_id: str) -> IndexedOrder | None:
        number = order_id.removeprefix("sales_order/")
        kinds: tuple[SubjectKind, ...] = ("purchase_order", "sales_order")
        for kind in kinds if number == order_id else kinds[1:]:
            subject = Subject(scope.connection, scope.client, kind, number.lstrip("0"))
            account = self.load(subject)
            order = order_of(subject, account.by_key) if account else None
            if account and order and order.company_code == scope.company_code:
                return IndexedOrder(order=order, version=account.version)
        return None

    def posted(self, scope: OrderScope, key: OrderKey) -> tuple[PostedInvoice, ...]:
        found = self._under(scope, "invoice", key)
        return tuple(posted for _, posted in sorted(found.items()) if posted)

    def load(self, subject: Subject) -> Account | None:
        self.reads += 1
        stored = self.accounts.get(subject)
        return msgspec.json.decode(stored, type=Account) if stored else None

    def save(self, subject: Subject, account: Account, before: Account | None) -> None:
        known = set(before.entries) if before else set()
        for entry in account.entries:
            if entry not in known:
                self._enter(subject, entry)
        stored = self.accounts.get(subject)
        version = msgspec.json.decode(stored, type=Account).version if stored else 0
        if version != (before.version if before else 0):
            raise PreconditionFailed(subject.ref)
        kept = {(entry.place, entry.name) for entry in account.entries}
        old = (*account.stale, *before.entries, *before.stale) if before else account.stale
        stale = tuple(entry for entry in old if (entry.place, entry.name) not in kept)
        after = msgspec.structs.replace(account, stale=stale, version=version + 1)
        self._effect()
        self.accounts[subject] = msgspec.json.encode(after)
        for entry in stale:
            self._effect()
            self._place(subject, entry.place).pop(entry.name, None)
        self.accounts[subject] = msgspec.json.encode(msgspec.structs.replace(after, stale=()))

    def enter(self, subject: Subject, entry: Entry, before: Account | None) -> None:
        self._enter(subject, entry)

    def listed(self, subject: Subject, place: str, after: str = "") -> Iterator[str]:
        return iter(sorted(name for name in self._place(subject, place) if name > after))

    @property
    def usage(self) -> Usage:
        return Usage(self.reads, self.writes)

    @property
    def state(self) -> dict[str, Any]:
        """All that readers can see, without versions."""
        orders = {
            subject.ref: order_of(subject, msgspec.json.decode(stored, type=Account).by_key)
            for subject, stored in self.accounts.items()
        }
        entries = {place: names for place, names in self.entries.items() if names}
        return {"orders": {ref: one for ref, one in orders.items() if one}, "entries": entries}

    def _enter(self, subject: Subject, entry: Entry) -> None:
        self._effect()
        self._place(subject, entry.place)[entry.name] = entry.posted

    def _effect(self) -> None:
        if self.writes == self.dies_at:
            raise KeyboardInterrupt
        self.writes += 1

    def _place(self, subject: Subject, place: str) -> dict[str, PostedInvoice | None]:
        return self.entries.setdefault((subject.connection, subject.client, place), {})

    def _under(
        self, scope: OrderScope, index: str, key: OrderKey
    ) -> dict[str, PostedInvoice | None]:
        place = f"{scope.company_code}#{index}#{key.type}#{key.value}"
        return self.entries.get((scope.connection, scope.client, place), {})


def version(number: int) -> Version:
    """A version that is later than those of smaller numbers."""
    at = f"2026-11-02T08:00:{number:02d}.000000Z"
    return Version(at, at, f"run-{number:02d}")


def put(ledger: Ledger, order: Order, keys: Sequence[OrderKey], at: int = 1) -> bool:
    """Add all facts of an order under fixed keys; False where they are no news."""
    return keeper(ledger, order_keys=lambda _: keys).order(subject_of(order), facts_of(order, at))


def put_posted(
    ledger: Ledger, invoice: PostedInvoice, keys: Sequence[OrderKey], at: int = 1
) -> bool:
    """Add a supplier invoice under fixed keys; False where it is no news."""
    number = document_number(invoice.supplier_invoice, invoice.fiscal_year)
    head = InvoiceHead(
        version=version(at),
        invoice=invoice.supplier_invoice,
        year=invoice.fiscal_year,
        posted=invoice,
    )
    subject = Subject("s4", "100", "supplier_invoice", number)
    return keeper(ledger, posted_keys=lambda _: keys).document(subject, [head])


def keeper(
    ledger: Ledger,
    order_keys: OrderKeys = lambda _: (),
    posted_keys: PostedKeys = lambda _: (),
) -> Bookkeeper:
    return Bookkeeper(ledger, order_keys, posted_keys, note=lambda held: None)


def subject_of(order: Order) -> Subject:
    return Subject(order.connection, order.client, order.side, order.id.lstrip("0"))


def facts_of(order: Order, at: int = 1) -> list[Fact]:
    """The facts that an order is made of, all read at once."""
    return [*_heads(order, at), *_receipts(order, at), *_postings(order, at)]


def _heads(order: Order, at: int) -> Iterator[Fact]:
    yield OrderHead(
        version=version(at),
        id=order.id,
        company_code=order.company_code,
        partner=order.partner,
        invoicing_party=order.invoicing_party or "",
        currency=order.currency,
        order_date=order.order_date,
        external_reference=order.external_reference or "",
        released=order.released,
    )
    yield Party(
        version=version(at),
        kind="supplier" if order.side == "purchase_order" else "customer",
        number=order.partner.lstrip("0"),
        name=order.partner_name or "",
        vat_id=order.partner_vat_id or "",
    )
    for item in order.items:
        bare = msgspec.structs.replace(item, receipts=(), postings=())
        yield Item(version=version(at), item=bare)


def _receipts(order: Order, at: int) -> Iterator[Fact]:
    for item in order.items:
        for receipt in item.receipts:
            yield Movement(
                version=version(at),
                document=receipt.material_document,
                year=receipt.year,
                item=receipt.item,
                order=order.id.lstrip("0"),
                order_item=item.id.lstrip("0"),
                quantities=((item.unit, receipt.quantity),),
                posting_date=receipt.posting_date,
                delivery_note=receipt.delivery_note or "",
            )


def _postings(order: Order, at: int) -> Iterator[Fact]:
    for item in order.items:
        for posting in item.postings:
            yield InvoiceItem(
                version=version(at),
                invoice=posting.supplier_invoice,
                year=posting.fiscal_year,
                item=posting.item,
                order=order.id.lstrip("0"),
                order_item=item.id.lstrip("0"),
                quantity=posting.quantity,
                amount=posting.amount,
            )
            yield _head_of(order, posting.supplier_invoice, posting.fiscal_year, at, posting)


def _head_of(order: Order, invoice: str, year: str, at: int, posting: Any) -> InvoiceHead:
    posted = PostedInvoice(
        supplier_invoice=invoice,
        fiscal_year=year,
        company_code=order.company_code,
        invoicing_party=order.partner,
        reference=posting.reference,
        document_date=order.order_date or _DAY,
        currency=order.currency,
        gross=posting.amount,
    )
    return InvoiceHead(version=version(at), invoice=invoice, year=year, posted=posted)

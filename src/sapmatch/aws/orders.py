"""The order index and its ledger in DynamoDB.

<connection>#<client>#<kind>#<number>   ledger           facts, entries, reservations of a subject
<connection>#<client>#<kind>#<number>   ledger#<hash>#<n>  a part of facts too large for one item
<connection>#<client>#<kind>#<number>#orders             <ref>     an order that names a party
<connection>#<client>#<company code>#key#<type>#<value>      <name>    a candidate key
<connection>#<client>#<company code>#invoice#<type>#<value>  <number>  an invoice in SAP

SAP numbers orders per client, and their facts may come before their heads: only the keys that lead
to a subject name the company code.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from sapmatch.aws.table import Item, Table, body
from sapmatch.model.errors import PreconditionFailed, Throttled
from sapmatch.model.facts import Fact
from sapmatch.model.ledger import Account, Entry, Subject, SubjectKind, Usage
from sapmatch.model.netting import order_of
from sapmatch.model.order import IndexedOrder, Order, PostedInvoice, Reservation
from sapmatch.model.ports import OrderKey, OrderScope

_HEAD = "ledger"
_SALES = "sales_order/"
LARGEST = 350_000  # bytes of a compressed item: DynamoDB takes 400 KB with names and keys
READS = 5  # of a head whose parts somebody replaces meanwhile


class DynamoOrders:
    """Ports Orders and Ledger over one table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, scope: OrderScope, key: OrderKey, cap: int) -> tuple[str, ...]:
        """One query per key, whatever the size of the index."""
        items = self._table.query(_pk(scope, "key", key), limit=cap + 1)
        return tuple(item.sk for item in items)

    def get(self, scope: OrderScope, order_id: str) -> IndexedOrder | None:
        """The order with its reservations; None where only a stale key is left of it."""
        found = self._resolved(scope, order_id)
        if found is None:
            return None
        _, account, order = found
        return IndexedOrder(order=order, version=account.version, reservations=account.reservations)

    def posted(self, scope: OrderScope, key: OrderKey) -> tuple[PostedInvoice, ...]:
        """Supplier invoices in SAP under the key."""
        items = self._table.query(_pk(scope, "invoice", key))
        return tuple(item.load(PostedInvoice) for item in items)

    def reserve(
        self, scope: OrderScope, order_id: str, version: int, reservations: Sequence[Reservation]
    ) -> dict[str, Any] | None:
        """The conditional put that replaces one document's reservations on an order.

        None where the order is at another version already.
        """
        found = self._resolved(scope, order_id)
        if found is None or found[1].version != version:
            return None
        subject, account, _ = found
        documents = {reservation.document_id for reservation in reservations}
        others = tuple(r for r in account.reservations if r.document_id not in documents)
        after = msgspec.structs.replace(
            account,
            facts=() if account.parts else account.facts,
            reservations=(*others, *reservations),
        )
        head = Item(pk=_subject_pk(subject), sk=_HEAD, version=version + 1, body=body(after))
        return self._table.put_request(head, expected=version)

    def load(self, subject: Subject) -> Account | None:
        """The account, put together of its parts; read again where they were just replaced."""
        for _ in range(READS):
            item = self._table.get(_subject_pk(subject), _HEAD)
            if item is None:
                return None
            account = msgspec.structs.replace(item.load(Account), version=item.version)
            if not account.parts:
                return account
            facts = self._facts(item.pk, account.parts)
            if facts is not None:
                return msgspec.structs.replace(account, facts=facts)
        raise Throttled(f"{subject.ref}: is being written again and again; read it later")

    def save(self, subject: Subject, account: Account, before: Account | None) -> None:
        """Entries and parts first, then the head that names them, what is stale last."""
        known = set(before.entries) if before else set()
        for entry in account.entries:
            if entry not in known:
                self.enter(subject, entry, before)
        pk, version = _subject_pk(subject), before.version if before else 0
        names, parts = _divided(account)
        for name, part in zip(names, parts, strict=True):
            self._table.put(Item(pk=pk, sk=name, body=part))
        after = msgspec.structs.replace(
            account,
            facts=() if names else account.facts,
            parts=names,
            stale=_stale(subject, account, names, before),
            version=version + 1,
        )
        head = Item(pk=pk, sk=_HEAD, version=after.version, body=body(after))
        self._table.put(head, expected=version or None, new=not version)
        self._tidy(subject, after, head)

    def enter(self, subject: Subject, entry: Entry, before: Account | None) -> None:
        """Write one entry at the version that will name it; of a supplier invoice it holds the
        head."""
        item = Item(pk=_entry_pk(subject, entry.place), sk=entry.name)
        item.version = before.version + 1 if before else 1
        if entry.posted:
            item.body = body(entry.posted)
        self._table.put(item)

    def listed(self, subject: Subject, place: str, after: str = "") -> Iterator[str]:
        """Names under a place; one query, a page at a time."""
        items = self._table.query(_entry_pk(subject, place), after=after)
        return (item.sk for item in items)

    @property
    def usage(self) -> Usage:
        """Units as DynamoDB counts them."""
        return self._table.usage

    def _resolved(self, scope: OrderScope, order_id: str) -> tuple[Subject, Account, Order] | None:
        """What an order's name means in a company code: another one may have an order so named."""
        for subject in _named(scope, order_id):
            account = self.load(subject)
            order = order_of(subject, account.by_key) if account else None
            if account and order and order.company_code == scope.company_code:
                return subject, account, order
        return None

    def _tidy(self, subject: Subject, account: Account, head: Item) -> None:
        """Remove what nothing leads to any more, and note that it is gone."""
        for entry in account.stale:
            with suppress(PreconditionFailed):  # gone, or a later version of the account needs it
                pk = _entry_pk(subject, entry.place)
                self._table.delete(pk, entry.name, newest=account.version)
        if account.stale:
            head.body = body(msgspec.structs.replace(account, stale=()))
            with suppress(PreconditionFailed):  # whoever changed it since removes them again
                self._table.put(head, expected=head.version)

    def _facts(self, pk: str, parts: tuple[str, ...]) -> tuple[Fact, ...] | None:
        """Facts out of all parts, None where one is missing."""
        items = self._table.query(pk, parts[0].rpartition("#")[0] + "#")
        bodies = [item.body for item in items]
        if len(bodies) != len(parts):
            return None
        return msgspec.json.decode(b"".join(bodies), type=tuple[Fact, ...])


def _stale(
    subject: Subject, account: Account, parts: tuple[str, ...], before: Account | None
) -> tuple[Entry, ...]:
    """What led to the account before and does not now, and what may not be removed yet."""
    named = (*account.entries, *_parts(subject, parts))
    kept = {(entry.place, entry.name) for entry in named}
    old = (*before.entries, *before.stale, *_parts(subject, before.parts)) if before else ()
    stale = dict.fromkeys((*account.stale, *old))
    return tuple(entry for entry in stale if (entry.place, entry.name) not in kept)


def _parts(subject: Subject, names: Iterable[str]) -> tuple[Entry, ...]:
    """Parts as what is to be removed when they are stale."""
    return tuple(Entry(f"{subject.kind}#{subject.number}", name) for name in names)


def _divided(account: Account) -> tuple[tuple[str, ...], list[bytes]]:
    """Names and contents of the parts of facts that are too many for one item, none otherwise.

    Named by their content, so that two writers never mix theirs.
    """
    whole = body(account)
    if len(whole) <= LARGEST or len(zlib.compress(whole)) <= LARGEST:
        return (), []
    facts = body(account.facts)
    digest = hashlib.sha256(facts).hexdigest()[:32]
    parts = [facts[at : at + LARGEST] for at in range(0, len(facts), LARGEST)]
    return tuple(f"{_HEAD}#{digest}#{number:04d}" for number in range(len(parts))), parts


def _named(scope: OrderScope, order_id: str) -> Iterator[Subject]:
    """What an order's name may mean: the number alone is a purchase order's first."""
    number = order_id.removeprefix(_SALES).lstrip("0")
    kinds: tuple[SubjectKind, ...] = ("purchase_order", "sales_order")
    for kind in kinds[1:] if order_id.startswith(_SALES) else kinds:
        yield Subject(scope.connection, scope.client, kind, number)


def _pk(scope: OrderScope, index: str, key: OrderKey) -> str:
    parts = (scope.connection, scope.client, scope.company_code, index, key.type, key.value)
    return "#".join(parts)


def _subject_pk(subject: Subject) -> str:
    return "#".join((subject.connection, subject.client, subject.kind, subject.number))


def _entry_pk(subject: Subject, place: str) -> str:
    return "#".join((subject.connection, subject.client, place))

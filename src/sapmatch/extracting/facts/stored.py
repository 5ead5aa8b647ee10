"""Adds facts to the ledger, and keeps the index true to it.

Documents tell their orders before they are stored themselves, so that whoever dies in between does
it again. A party is stored before it tells: an order that names it enters itself first and reads
the party then, so that one of the two sees the other.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

import msgspec

from sapmatch.extracting.reserved import Note
from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.facts import Fact, Facts
from sapmatch.model.ledger import (
    Account,
    Entry,
    Subject,
    SubjectKind,
    by_key,
    named,
    news,
    same,
    side_of,
    told,
)
from sapmatch.model.netting import order_of, parties, posted_of
from sapmatch.model.order import Order, PostedInvoice, Reservation, unsettled
from sapmatch.model.ports import Ledger, OrderKey

T = TypeVar("T")

ATTEMPTS = 20  # of one account; each loss means that a match or another writer was faster
OrderKeys = Callable[[Order], Sequence[OrderKey]]
PostedKeys = Callable[[PostedInvoice], Sequence[OrderKey]]


class Bookkeeper:
    """Writes what a run says into one ledger; every call may be repeated.

    `note` hears of the reservations on an order before it changes.
    """

    def __init__(
        self, ledger: Ledger, order_keys: OrderKeys, posted_keys: PostedKeys, note: Note
    ) -> None:
        self.ledger = ledger
        self._order_keys = order_keys
        self._posted_keys = posted_keys
        self._note = note

    def order(self, subject: Subject, facts: Iterable[Fact]) -> bool:
        """Add facts to an order; False where they are no news."""
        said = by_key(facts)
        loose: list[Entry] = []
        return _tried(lambda: self._order(subject, said, loose))

    def document(self, subject: Subject, facts: Iterable[Fact]) -> bool:
        """Add facts to a document or business partner, and tell whom they concern.

        False where they are no news; an order may have heard of an old one, so it is told anyway.
        """
        said = by_key(facts)
        loose: list[Entry] = []
        return _tried(lambda: self._document(subject, said, loose))

    def party(self, subject: Subject, facts: Iterable[Fact]) -> Facts:
        """Add facts to a supplier or customer; what its orders have yet to hear, maybe nothing."""
        said = by_key(facts)
        return _tried(lambda: self._party(subject, said))

    def orders_of(self, party: Subject, after: str = "") -> Iterable[str]:
        """Refs of the orders that name a party, in order."""
        return self.ledger.listed(party, member(party, party).place, after)

    def heard(self, party: Subject) -> None:
        """All orders of the party heard of it; somebody who changed it meanwhile tells them."""
        account = self.ledger.load(party)
        if account and account.telling:
            with suppress(PreconditionFailed):
                self.ledger.save(party, msgspec.structs.replace(account, telling=False), account)

    def _order(
        self, subject: Subject, said: Facts, loose: list[Entry], shadowed: bool = False
    ) -> bool:
        """`loose` entries were written by an attempt that lost: nothing may lead there."""
        before = self.ledger.load(subject)
        known = before.by_key if before else {}
        new = news(known, told(subject, said, known))
        if not (new or shadowed or loose or (before and not before.is_clean)):
            return False
        facts = self._with_parties(subject, {**known, **new}, before)
        order = order_of(subject, facts)
        if order is not None and not (before and before.entries):
            self._shadow(subject, order)
        after = Account(
            facts=_sorted(facts),
            entries=self._entries(subject, facts, order, shadowed),
            reservations=_held(order, before),
        )
        if new:
            self._note(after.reservations)
        self._save(subject, after, before, loose)
        return True

    def _save(
        self, subject: Subject, after: Account, before: Account | None, loose: list[Entry]
    ) -> None:
        try:
            self.ledger.save(subject, msgspec.structs.replace(after, stale=tuple(loose)), before)
        except PreconditionFailed:
            loose += after.entries
            raise

    def _with_parties(
        self, subject: Subject, facts: Facts, before: Account | None
    ) -> dict[str, Fact]:
        """The facts, and those of parties that the order did not name before."""
        whole = dict(facts)
        for party in parties(subject, facts) if order_of(subject, facts) else ():
            entry = member(party, subject)
            if before is None or entry not in before.entries:
                self.ledger.enter(subject, entry, before)
                account = self.ledger.load(party)
                whole |= news(whole, account.by_key if account else {})
        return whole

    def _entries(
        self, subject: Subject, facts: Facts, order: Order | None, shadowed: bool
    ) -> tuple[Entry, ...]:
        """What leads to an order: its keys, and its parties."""
        if order is None:
            return ()
        is_second = subject.kind == "sales_order" and (
            shadowed or self._other_side(subject, order) is not None
        )
        name = f"sales_order/{order.id}" if is_second else order.id
        keys = (
            Entry(f"{order.company_code}#key#{key.type}#{key.value}", name)
            for key in self._order_keys(order)
        )
        members = (member(party, subject) for party in parties(subject, facts))
        return tuple(sorted({*keys, *members}, key=_address))

    def _shadow(self, subject: Subject, order: Order) -> None:
        """A purchase order takes its number for itself: a sales order of it gets a longer name."""
        if subject.kind == "purchase_order":
            other = self._other_side(subject, order)
            if other is not None:
                loose: list[Entry] = []
                _tried(lambda: self._order(other, {}, loose, shadowed=True))

    def _other_side(self, subject: Subject, order: Order) -> Subject | None:
        """The order of the other side with the same number and company code."""
        purchases = subject.kind == "purchase_order"
        other = subject.other("sales_order" if purchases else "purchase_order", subject.number)
        account = self.ledger.load(other)
        found = order_of(other, account.by_key) if account else None
        return other if found and found.company_code == order.company_code else None

    def _document(self, subject: Subject, said: Facts, loose: list[Entry]) -> bool:
        before = self.ledger.load(subject)
        known = before.by_key if before else {}
        new = news(known, said)
        facts = {**known, **new}
        is_late = any(not same(fact, facts[key]) for key, fact in said.items())
        is_news = bool(new or loose or (before and not before.is_clean))
        if not (is_news or is_late):
            return False
        others = named(subject, [*facts.values(), *said.values()])
        refs = {other.ref for other in others} | set(before.told if before else ())
        for ref in sorted(refs):
            self._tell(subject_of(subject, ref), facts)
        if is_news:
            after = Account(
                facts=_sorted(facts),
                entries=self._posted(facts),
                told=tuple(sorted(refs)),
            )
            self._save(subject, after, before, loose)
        return is_news

    def _tell(self, other: Subject, facts: Facts) -> None:
        if side_of(other):
            self.order(other, facts.values())
            return
        heard = self.party(other, facts.values())
        if heard:
            for ref in self.orders_of(other):
                self.order(subject_of(other, ref), heard.values())
            self.heard(other)

    def _posted(self, facts: Facts) -> tuple[Entry, ...]:
        """What leads to a supplier invoice: its duplicate keys."""
        posted = posted_of(facts)
        if posted is None:
            return ()
        name = f"{posted.supplier_invoice}/{posted.fiscal_year}"
        return tuple(
            Entry(f"{posted.company_code}#invoice#{key.type}#{key.value}", name, posted)
            for key in self._posted_keys(posted)
        )

    def _party(self, subject: Subject, said: Facts) -> Facts:
        before = self.ledger.load(subject)
        known = before.by_key if before else {}
        new = news(known, said)
        if not new:
            return known if before and before.telling else {}
        facts = {**known, **new}
        self.ledger.save(subject, Account(facts=_sorted(facts), telling=True), before)
        return facts


def member(party: Subject, order: Subject) -> Entry:
    """That an order names a party."""
    return Entry(f"{party.kind}#{party.number}#orders", order.ref)


def subject_of(near: Subject, ref: str) -> Subject:
    """The subject of a ref in the SAP client of another one."""
    kind, _, number = ref.partition("/")
    return near.other(msgspec.convert(kind, SubjectKind), number)


def _held(order: Order | None, before: Account | None) -> tuple[Reservation, ...]:
    reservations = before.reservations if before else ()
    return unsettled(order, reservations) if order else reservations


def _sorted(facts: Facts) -> tuple[Fact, ...]:
    return tuple(facts[key] for key in sorted(facts))


def _address(entry: Entry) -> tuple[str, str]:
    return entry.place, entry.name


def _tried(write: Callable[[], T]) -> T:
    for _ in range(ATTEMPTS - 1):
        with suppress(PreconditionFailed):
            return write()
    return write()

"""Two runs write at the same moment: whoever comes in between, both are heard."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from sapmatch.extracting.facts.reader import FactReader
from sapmatch.matching.keys import order_keys, posted_keys
from sapmatch.model.facts import Fact
from sapmatch.model.ledger import Account, Entry, Subject
from tests.builders.index_runs import START
from tests.builders.memory_ledger import MemoryLedger, keeper
from tests.builders.sap_rows import (
    COMPANIES,
    head_row,
    invoice_row,
    item_row,
    posting_row,
    supplier_row,
)

Said = dict[Subject, list[Fact]]


class InterruptedLedger(MemoryLedger):
    """Somebody else does all of his work before the call of that number."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.at: int | None = None
        self.other: Callable[[], None] = lambda: None

    def load(self, subject: Subject) -> Account | None:
        self._interrupt()
        return super().load(subject)

    def save(self, subject: Subject, account: Account, before: Account | None) -> None:
        self._interrupt()
        super().save(subject, account, before)

    def enter(self, subject: Subject, entry: Entry, before: Account | None) -> None:
        self._interrupt()
        super().enter(subject, entry, before)

    def listed(self, subject: Subject, place: str, after: str = "") -> Iterator[str]:
        self._interrupt()
        return super().listed(subject, place, after)

    def _interrupt(self) -> None:
        self.calls += 1
        if self.calls - 1 == self.at:
            self.at = None
            self.other()


def said(minute: int, **rows: list[dict[str, Any]]) -> Said:
    """What a run says, by subject."""
    reader = FactReader(COMPANIES, planned_at=START.replace(minute=minute), run=str(minute))
    found: Said = {}
    for name, given in rows.items():
        for place, row in enumerate(given):
            for line in reader.read(f"A_{name}", place, row, place).lines:
                subject = Subject("s4", "100", line.kind, line.number)
                found.setdefault(subject, []).append(line.fact)
    return found


def add(ledger: MemoryLedger, run: Said) -> None:
    books = keeper(ledger, order_keys, posted_keys)
    for subject, facts in run.items():
        if subject.kind == "purchase_order":
            books.order(subject, facts)
        elif subject.kind == "supplier_invoice":
            books.document(subject, facts)
        elif heard := books.party(subject, facts):
            for ref in books.orders_of(subject):
                number = ref.partition("/")[2]
                books.order(subject.other("purchase_order", number), heard.values())
            books.heard(subject)


ORDER = said(1, PurchaseOrder=[head_row()], PurchaseOrderItem=[item_row()])
NAME = said(2, Supplier=[supplier_row()])
RENAMED = said(3, Supplier=[supplier_row(SupplierName="Sudlicht")])
ITEM = said(4, SuplrInvcItemPurOrdRef=[posting_row("51", "440", "20")])
MOVED = said(5, SuplrInvcItemPurOrdRef=[posting_row("51", "440", "20", PurchaseOrder="4500000099")])
HEAD = said(6, SupplierInvoice=[invoice_row("51", SupplierInvoiceIsCreditMemo="X")])
REVERSAL = said(
    7,
    SupplierInvoice=[invoice_row("52", ReverseDocument="51", ReverseDocumentFiscalYear="2016")],
)


@pytest.mark.parametrize(
    ("before", "one", "two"),
    [
        ([], ORDER, NAME),
        ([], NAME, ORDER),
        ([NAME], ORDER, RENAMED),
        ([NAME], RENAMED, ORDER),
        ([NAME, ORDER], RENAMED, said(8, PurchaseOrder=[head_row(Supplier="9")])),
        ([ORDER], ITEM, HEAD),
        ([ORDER], HEAD, ITEM),
        ([ORDER], ITEM, REVERSAL),
        ([ORDER], REVERSAL, ITEM),
        ([ORDER], ITEM, MOVED),
        ([ORDER, MOVED], ITEM, HEAD),
        ([ORDER], ITEM, ORDER),
    ],
)
def test_a_run_that_comes_in_between_at_any_call_loses_nothing(
    before: list[Said], one: Said, two: Said
) -> None:
    """RE-17"""

    def ledger() -> InterruptedLedger:
        fresh = InterruptedLedger()
        for run in before:
            add(fresh, run)
        return fresh

    plain = ledger()
    start = plain.calls
    add(plain, one)
    calls = plain.calls - start
    add(plain, two)
    assert calls >= 2
    for call in range(calls):
        raced = ledger()
        raced.other = partial(add, raced, two)
        raced.at = raced.calls + call
        add(raced, one)
        assert raced.at is None
        assert raced.state == plain.state

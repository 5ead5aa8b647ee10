"""The ledger is the same whatever the order in which runs, pages and facts come."""

import copy
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sapmatch.extracting.facts.line import Line
from sapmatch.extracting.facts.reader import FactReader
from sapmatch.extracting.run import Plan
from sapmatch.matching.keys import order_keys, posted_keys
from sapmatch.model.facts import Fact, Gone, MovementHead, Party, Version
from sapmatch.model.ledger import Subject, SubjectKind, by_key, merged, news
from tests.builders.index_runs import START, IndexDesk
from tests.builders.memory_ledger import MemoryLedger, keeper
from tests.builders.sap_rows import (
    COMPANIES,
    cost_row,
    head_row,
    invoice_row,
    item_row,
    posting_row,
    receipt_row,
    schedule_row,
    supplier_row,
)

OTHER = {"PurchaseOrder": "4500000099"}
GOODS = {"MaterialDocument": "50", "MaterialDocumentYear": "2026"}
INVOICE_ITEM = {"SupplierInvoice": "51", "FiscalYear": "2016", "SupplierInvoiceItem": "1"}
SOLD = {"SalesOrder": "77", "SoldToParty": "17100001", "TransactionCurrency": "EUR"}
SCHEDULED = {
    "PurchasingDocument": "4500000012",
    "PurchasingDocumentItem": "30",
    "ScheduleLine": "1",
}
UNDOING = {"ReverseDocument": "53", "ReverseDocumentFiscalYear": "2016"}
# Each run says something else than the ones before it, or deletes it.
HISTORY: list[dict[str, Any]] = [
    {"rows": {"PurchaseOrder": [head_row(), head_row(**OTHER)]}},
    {"rows": {"PurchaseOrderItem": [item_row(), item_row(**OTHER)]}},
    {"rows": {"Supplier": [supplier_row()]}},
    {"rows": {"MaterialDocumentItem": [receipt_row("50", "101", "20")]}},
    {"rows": {"MaterialDocumentHeader": [{**GOODS, "ReferenceDocument": "LS-1"}]}},
    {"rows": {"SuplrInvcItemPurOrdRef": [posting_row("51", "440", "20")]}},
    {"rows": {"SupplierInvoice": [invoice_row("51"), invoice_row("53")]}},
    {"rows": {"SuplrInvcItemPurOrdRef": [posting_row("51", "440", "20", **OTHER)]}},
    {"rows": {"Supplier": [supplier_row(SupplierName="Sudlicht")]}},
    {"rows": {"BusinessPartner": [{"BusinessPartner": "7", "Supplier": "10100001"}]}},
    {
        "rows": {
            "BusinessPartnerTaxNumber": [
                {"BusinessPartner": "7", "BPTaxType": "DE0", "BPTaxNumber": "DE298765431"}
            ]
        }
    },
    {"rows": {"PurchaseOrder": [head_row(InvoicingParty="10100002")]}},
    {"rows": {"Supplier": [supplier_row(Supplier="10100002", SupplierName="Factoring")]}},
    {"rows": {"SuplrInvcItemPurOrdRef": [posting_row("53", "22", "1")]}},
    {"rows": {"SupplierInvoice": [invoice_row("54", **UNDOING)]}},
    {"rows": {"SalesOrder": [{**SOLD, "SalesOrganization": "S-01"}]}},
    {"rows": {}, "deleted": {"SuplrInvcItemPurOrdRef": [INVOICE_ITEM]}},
    {"rows": {}, "deleted": {"PurchaseOrder": [OTHER]}},
    {"rows": {"PurchaseOrderItem": [item_row(OrderQuantity="70")]}},
    {"rows": {"PurchaseOrderScheduleLine": [schedule_row("1", "2026-09-01", "70")]}},
    {"rows": {"PurOrdPricingElement": [cost_row("FRB1", "35"), cost_row("ZOA1", "5")]}},
    {"rows": {"PurOrdPricingElement": [cost_row("ZOA1", "5", ConditionInactiveReason="M")]}},
    {"rows": {}, "deleted": {"PurchaseOrderScheduleLine": [SCHEDULED]}},
]  # fmt: skip


def as_lines(number: int) -> list[Line]:
    """What a run of the history says."""
    reader = FactReader(COMPANIES, planned_at=START.replace(minute=number), run=f"run-{number:03d}")
    given = HISTORY[number]
    found: list[Line] = []
    for name, rows in given["rows"].items():
        for place, row in enumerate(rows):
            found += reader.read(f"A_{name}", place + 1, row, place).lines
    for name, keys in given.get("deleted", {}).items():
        for key in keys:
            found += reader.removed(f"A_{name}", key, 0)
    return found


def tell(ledger: MemoryLedger, line: Line) -> None:
    """Add one line as a run would that holds nothing else."""
    books = keeper(ledger, order_keys, posted_keys)
    subject = Subject("s4", "100", line.kind, line.number)
    if line.kind in ("purchase_order", "sales_order"):
        books.order(subject, [line.fact])
    elif line.kind in ("supplier", "customer"):
        if heard := books.party(subject, [line.fact]):
            for ref in books.orders_of(subject):
                kind, _, number = ref.partition("/")
                other = subject.other(msgspec.convert(kind, SubjectKind), number)
                books.order(other, heard.values())
            books.heard(subject)
    else:
        books.document(subject, [line.fact])


def after(numbers: Sequence[int]) -> dict[str, Any]:
    """What readers see after these runs, each line added by itself."""
    ledger = MemoryLedger()
    for number in numbers:
        for line in as_lines(number):
            tell(ledger, line)
    return ledger.state


@settings(max_examples=120)
@given(st.permutations(range(len(HISTORY))), st.lists(st.integers(0, len(HISTORY) - 1), max_size=6))
def test_the_ledger_does_not_depend_on_the_order_of_runs_nor_on_repetition(
    order: list[int], again: list[int]
) -> None:
    """RE-17"""
    assert after([*order, *again]) == after(range(len(HISTORY)))


@settings(max_examples=4)
@given(st.permutations(range(len(HISTORY))))
def test_indexed_runs_end_as_one_whole_history_whatever_their_order(order: list[int]) -> None:
    """RE-17"""
    desk = IndexDesk()
    plans: list[Plan] = [desk.plan(**run) for run in HISTORY]
    for number in order:
        desk.index(plans[number])
    assert desk.orders.state == after(range(len(HISTORY)))


def test_the_history_ends_as_its_last_words_say() -> None:
    state = after(range(len(HISTORY)))
    assert set(state["orders"]) == {"purchase_order/4500000012", "sales_order/77"}
    order = state["orders"]["purchase_order/4500000012"]
    (item,) = order.items
    assert (item.quantity, item.delivered, item.invoiced) == (Decimal(70), Decimal(20), 0)
    assert item.receipts[0].delivery_note == "LS-1"
    assert ([cost.condition for cost in item.planned_costs], item.schedule) == (["FRB1"], ())
    names = (order.partner_name, order.partner_vat_id, order.invoicing_party_name)
    assert names == ("Sudlicht", "DE298765431", "Factoring")


def test_a_run_that_dies_before_any_write_is_made_good_by_the_next_call() -> None:
    """RE-17: between keys, heads and stale keys alike."""
    start = IndexDesk()
    for run in HISTORY[:7]:
        start.run(**run)
    rows = {name: rows for run in HISTORY[8:16] for name, rows in run["rows"].items()}
    rows["SuplrInvcItemPurOrdRef"] = [posting_row("51", "440", "20", **OTHER)]
    plan = start.plan(rows)
    whole = copy.deepcopy(start)
    whole.index(plan)
    first, last = start.orders.writes, whole.orders.writes
    assert last - first > 20
    for effect in range(first, last):
        desk = copy.deepcopy(start)
        desk.orders.dies_at = effect
        with pytest.raises(KeyboardInterrupt):
            desk.index(plan)
        desk.orders.dies_at = None
        desk.index(plan)
        assert desk.orders.state == whole.orders.state


def test_a_call_that_has_no_time_does_one_batch_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sapmatch.extracting.index.BATCH", 2)
    rows = {
        "PurchaseOrder": [head_row(PurchaseOrder=f"45{n:08d}") for n in range(7)],
        "Supplier": [supplier_row()],
    }
    whole, desk = IndexDesk(), IndexDesk()
    once = whole.run(rows)
    plan = desk.plan(rows)
    calls = [desk.index(plan, out_of_time=lambda: True)]
    while not calls[-1].done:
        assert len(calls) < 20
        calls.append(desk.index(plan, out_of_time=lambda: True))
    assert len(calls) == 7  # two chunks, the parties, 2 + 2 + 2 + 1 orders; then nothing is left
    assert desk.orders.state == whole.orders.state
    assert (calls[-1].orders, calls[-1].orders_changed) == (once.orders, once.orders_changed)


def test_the_telling_of_many_orders_goes_on_where_it_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sapmatch.extracting.index.BATCH", 2)
    desk = IndexDesk()
    desk.run({"PurchaseOrder": [head_row(PurchaseOrder=f"45{n:08d}") for n in range(7)]})
    plan = desk.plan({"Supplier": [supplier_row()]})
    calls = 0
    while not desk.index(plan, out_of_time=lambda: True).done:
        calls += 1
        assert calls < 20
    assert calls >= 4
    names = {order.partner_name for order in desk.orders.state["orders"].values()}
    assert names == {"Nordlicht"}


versions = st.builds(Version, st.sampled_from("ab"), st.sampled_from("ab"), st.sampled_from("rs"))
ordered = versions.map(
    lambda version: msgspec.structs.replace(version, changed_at=version.planned_at)
)


def bags_of(version: st.SearchStrategy[Version], *, deleted: bool) -> st.SearchStrategy[Any]:
    """Facts by key; deletions have no time of change, so that with them others have none here."""
    party = st.builds(
        Party, version=version, kind=st.just("supplier"), number=st.sampled_from("12"),
        name=st.sampled_from("xy"),
    )  # fmt: skip
    head = st.builds(
        MovementHead, version=version, document=st.sampled_from("12"), year=st.just("2026"),
        posting_date=st.sampled_from([None, date(2026, 1, 1)]),
    )  # fmt: skip
    keys = st.sampled_from(["party/supplier/1", "movement_head/2/2026"])
    gone = [st.builds(Gone, version=version, of=keys)] if deleted else []
    return st.lists(st.one_of(party, head, *gone), max_size=8).map(by_key)


bags = st.sampled_from([(versions, False), (ordered, True)]).flatmap(
    lambda kind: st.tuples(*[bags_of(kind[0], deleted=kind[1])] * 3)
)


@given(bags)
def test_merging_is_idempotent_commutative_and_associative(
    given: tuple[dict[str, Fact], dict[str, Fact], dict[str, Fact]],
) -> None:
    one, two, three = given
    assert merged(one, one) == one
    assert merged(one, two) == merged(two, one)
    assert merged(merged(one, two), three) == merged(one, merged(two, three))


@given(bags)
def test_news_are_what_merging_changes_except_for_the_time_alone(
    given: tuple[dict[str, Fact], dict[str, Fact], dict[str, Fact]],
) -> None:
    old, new, _ = given
    found = {**old, **news(old, new)}
    for key, fact in merged(old, new).items():
        assert msgspec.structs.replace(found[key], version=fact.version) == fact
    assert news(merged(old, new), new) == {}

"""Invoices that wait, and invoices that contend: on the emulator's tables and machines."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from threading import Barrier
from typing import Any

import boto3
import msgspec
import pytest
from msgspec.structs import replace

from local.jobs import Jobs
from local.mailbox import Letter, Mailbox
from local.samples import nouns, world
from local.samples.einvoice import ubl
from local.stage import SETTINGS, Stage
from sapmatch.aws.documents import DynamoDocuments
from sapmatch.aws.orders import DynamoOrders
from sapmatch.aws.reviews import DynamoReviews
from sapmatch.bootstrap import sap_client
from sapmatch.clock import SystemClock
from sapmatch.matching import stored
from sapmatch.matching.keys import order_keys
from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.invoice import Invoice, ReadResult, StoredInvoice
from sapmatch.model.order import ZERO, Order
from sapmatch.model.ports import OrderScope
from sapmatch.model.stored import invoice_key
from sapmatch.settings import load
from tests.builders.aws_table import make_table
from tests.builders.memory import START, MemoryObjects, content_id
from tests.builders.memory_ledger import put
from tests.builders.read_desk import INVOICE, ORDER, POLICY

TRIES = 100
ORDERS = "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV"
RECEIPTS = "/sap/opu/odata/sap/API_MATERIAL_DOCUMENT_SRV"


def found(jobs: Jobs, name: str) -> dict[str, Any]:
    (row,) = [row for row in jobs.rows() if row["document"] == name]
    return row


def letters(running: Stage, expected: int) -> list[Letter]:
    return Mailbox(boto3.client("sqs"), running.mailbox).collect(expected)


def ordered(text: str, quantity: int, price: str) -> nouns.Order:
    """A new purchase order in SAP, of which nothing was received yet."""
    item = nouns.Item(
        id="10", material="", text=text, quantity=Decimal(quantity), price=Decimal(price)
    )
    row = {
        "PurchaseOrderItem": item.id,
        "PurchaseOrderItemText": text,
        "Plant": "1010",
        "OrderQuantity": item.quantity,
        "PurchaseOrderQuantityUnit": item.unit,
        "NetPriceAmount": item.price,
        "TaxCode": "V1",
        "GoodsReceiptIsExpected": True,
    }
    head = {
        "PurchaseOrderType": "NB",
        "CompanyCode": "1010",
        "PurchasingOrganization": "1010",
        "PurchasingGroup": "001",
        "Supplier": world.PLASTICS.number,
        "PurchaseOrderDate": date(2026, 10, 1),
    }
    made = post(ORDERS, "A_PurchaseOrder", head | {"to_PurchaseOrderItem": [row]})
    return nouns.Order(
        id=made["PurchaseOrder"], partner=world.PLASTICS, ordered=date(2026, 10, 1), items=(item,)
    )


def receive_goods(order: nouns.Order) -> None:
    """Post the goods receipt of all of it in SAP."""
    (item,) = order.items
    movement = {
        "GoodsMovementType": "101",
        "PurchaseOrder": order.id,
        "PurchaseOrderItem": item.id,
        "GoodsMovementRefDocType": "B",
        "QuantityInEntryUnit": item.quantity,
        "EntryUnit": item.unit,
    }
    day = date(2026, 11, 2)
    head = {"GoodsMovementCode": "01", "PostingDate": day, "DocumentDate": day}
    post(RECEIPTS, "A_MaterialDocumentHeader", head | {"to_MaterialDocumentItem": [movement]})


def post(service: str, entity_set: str, record: dict[str, Any]) -> dict[str, Any]:
    """Create something in SAP; returns its key."""
    with closing(sap_client(load(SETTINGS), "s4")) as sap:
        sap.prepare(service)
        return dict(sap.create(service, entity_set, record).key)


def reprice(order: nouns.Order, price: str) -> None:
    """Change the price of its only item in SAP."""
    key = {"PurchaseOrder": order.id, "PurchaseOrderItem": order.items[0].id}
    with closing(sap_client(load(SETTINGS), "s4")) as sap:
        sap.prepare(ORDERS)
        change: dict[str, Any] = {"NetPriceAmount": Decimal(price)}
        sap.update(ORDERS, "A_PurchaseOrderItem", key, change, etag="*")


def billed(number: str, order: nouns.Order, quantity: int | None = None) -> nouns.Invoice:
    """An invoice over an order, or over some of its only item."""
    whole = world.bill(number, date(2026, 11, 3), order.partner, order)
    if quantity is None:
        return whole
    return replace(whole, lines=(replace(whole.lines[0], quantity=Decimal(quantity)),))


def test_an_invoice_without_its_receipt_waits_and_alerts_nobody(jobs: Jobs, demo: str) -> None:
    """MA-P23: status says for what it waits."""
    row = found(jobs, "12-receipt-missing.xml")
    assert row["decision"] == "WAITING_RECEIPT"
    assert row["waiting"]["for"] == "receipt"
    assert jobs.parts.outbox.of(row["id"]) == ()
    assert found(jobs, "09-no-order.xml")["waiting"]["for"] == "person"


def test_an_overdue_receipt_is_told_and_waited_for_once_more(jobs: Jobs, running: Stage) -> None:
    """Reference 5: no alert until the age limit."""
    order = ordered("Kabelkanal 40 mm", 30, "3.15")
    jobs.extract("orders")
    document = keep(jobs, running, billed("OVERDUE-1", order))
    assert run_hastily(running, jobs, document)["status"] == "SUCCEEDED"
    states = [exception.state for exception in jobs.parts.outbox.of(document)]
    assert states == ["WAITING_RECEIPT", "REVIEW_EXPIRED"]


def test_a_receipt_that_arrives_later_makes_the_waiting_invoice_match_by_itself(
    jobs: Jobs,
) -> None:
    """MA-P23: nobody uploads, decides or starts anything but the extraction that is due anyway."""
    order = ordered("Kabelverschraubung M20", 25, "1.42")
    jobs.extract("orders")
    jobs.upload_as("awaited.xml", ubl(billed("AWAITED-1", order)))
    assert found(jobs, "awaited.xml")["decision"] == "WAITING_RECEIPT"
    receive_goods(order)
    jobs.extract("orders")
    jobs.settle("InvoiceMatchingArn")
    row = found(jobs, "awaited.xml")
    assert (row["decision"], row["waiting"]) == ("MATCHED", None)
    assert len(jobs.parts.documents.get(row["id"]).intents) == 1
    review = jobs.parts.reviews.get(row["id"])
    assert review is not None
    assert review.status == "closed"
    assert jobs.parts.outbox.of(row["id"]) == ()


def test_an_order_that_changes_after_the_match_is_told_once_and_the_match_stands(
    jobs: Jobs,
) -> None:
    """MA-P54"""
    order = ordered("Hutschiene 35 mm", 20, "4.10")
    receive_goods(order)
    jobs.extract("orders")
    jobs.upload_as("repriced.xml", ubl(billed("REPRICED-1", order)))
    row = found(jobs, "repriced.xml")
    assert row["decision"] == "MATCHED"
    before = jobs.parts.documents.get(row["id"])
    reprice(order, "3.60")
    for _ in range(2):
        jobs.extract("orders")
    (told,) = jobs.parts.outbox.of(row["id"])
    assert (told.state, told.cause, told.difference) == ("ORDER_CHANGED", "PP", Decimal("10.00"))
    assert jobs.parts.documents.get(row["id"]) == before
    assert jobs.parts.objects.exists(f"documents/{row['id']}/revision-1.json")


def test_an_extraction_that_brings_nothing_new_leaves_what_waits_alone(jobs: Jobs) -> None:
    before = {r.document_id: r.version for r in jobs.parts.reviews.open()}
    jobs.extract("orders")
    jobs.settle("InvoiceMatchingArn")
    assert {r.document_id: r.version for r in jobs.parts.reviews.open()} == before
    assert before


def test_two_invoices_uploaded_at_once_for_one_delivery_do_not_both_match(jobs: Jobs) -> None:
    """MA-P18, through queue and machines."""
    order = ordered("Verteilerdose IP 65", 10, "8.60")
    receive_goods(order)
    jobs.extract("orders")
    bills = {"twin-a.xml": billed("TW-1001", order), "twin-b.xml": billed("XZ-7349", order, 9)}
    for name, bill in bills.items():
        jobs.put(f"incoming/{name}", ubl(bill))
    jobs.wait(lambda: {row["document"] for row in jobs.rows()} >= set(bills))
    jobs.settle("InvoiceMatchingArn")
    decided = sorted(found(jobs, name)["decision"] for name in bills)
    assert decided == ["MATCHED", "OUT_OF_TOLERANCE"]


def test_of_two_invoices_at_the_same_moment_exactly_one_gets_the_last_open_quantity(
    running: Stage,
) -> None:
    """MA-P18: a hundred times."""
    desk = contended_desk()
    with ThreadPoolExecutor(2) as pool:
        for n in range(TRIES):
            item = replace(ORDER.items[0], net_price=Decimal(50 + n))
            order = replace(ORDER, id=f"{4500100000 + n}", items=(item,))
            put(desk.orders, order, order_keys(order))  # type: ignore[arg-type]
            wanted = (item.quantity, item.quantity / 2)
            twins = [arrive(desk, order, n, quantity) for quantity in wanted]
            for twin in twins:
                assert stored.match_stored(twin, desk, START, lambda *_: ())[1].posts
            won = list(pool.map(partial(records, desk, Barrier(2)), twins))
            assert sorted(won) == [False, True], n
            loser = twins[won.index(False)]
            assert not stored.match_stored(loser, desk, START, lambda *_: ())[1].posts
            assert taken(desk, order.id) == wanted[won.index(True)]


def contended_desk() -> stored.Desk:
    """A desk over tables of its own."""
    orders, documents = make_table("orders"), make_table("documents", "by_review")
    return stored.Desk(
        objects=MemoryObjects(),
        documents=DynamoDocuments(documents, orders, make_table("intents"), SystemClock()),
        reviews=DynamoReviews(documents),
        orders=DynamoOrders(orders),
        policy=POLICY,
        connection="s4",
        client="100",
    )


def arrive(desk: stored.Desk, order: Order, n: int, quantity: Decimal) -> str:
    """An invoice over some of the order, too unlike all others to be a duplicate."""
    document = content_id(f"{order.id}/{quantity}".encode())
    net = quantity * (order.items[0].net_price or ZERO)
    tax = net * Decimal("0.19")
    invoice: Invoice = replace(
        INVOICE,
        number=document[:12].upper(),
        issue_date=date(2020, 1, 1) + timedelta(days=10 * n),
        order_references=(order.id,),
        net=net,
        tax=tax,
        total=net + tax,
        lines=(replace(INVOICE.lines[0], quantity=quantity, unit_price=None, net=net),),
    )
    record = DocumentRecord(
        id=document, bucket="b", key="k", version_id=None, size=1, received_at=START
    )
    desk.documents.create(record)
    kept = StoredInvoice(
        id=document,
        content=document,
        bucket="b",
        key="k",
        version=None,
        result=ReadResult(outcome="read", invoice=invoice),
    )
    desk.objects.write(invoice_key(document), msgspec.json.encode(kept))
    return document


def records(desk: stored.Desk, barrier: Barrier, document: str) -> bool:
    """Whether the match could be recorded."""
    barrier.wait(timeout=30)
    try:
        stored.record_stored(document, desk, lambda *_: ())
    except PreconditionFailed:
        return False
    return True


def taken(desk: stored.Desk, order_id: str) -> Decimal:
    """What is reserved of an order."""
    order = desk.orders.get(OrderScope("s4", "100", "1010"), order_id)
    assert order is not None
    return sum((reservation.quantity for reservation in order.reservations), ZERO)


@contextmanager
def hasty_machine(running: Stage, seconds: int) -> Iterator[str]:
    """The state machine of a document as deployed, but for the time that it waits."""
    machines = boto3.client("stepfunctions")
    deployed = machines.describe_state_machine(
        stateMachineArn=running.outputs["InvoiceMatchingArn"]
    )
    definition = json.loads(deployed["definition"])
    definition["States"]["AwaitDecision"]["TimeoutSeconds"] = seconds
    made = machines.create_state_machine(
        name=f"hasty-{seconds}",
        definition=json.dumps(definition),
        roleArn=deployed["roleArn"],
    )["stateMachineArn"]
    yield made
    machines.delete_state_machine(stateMachineArn=made)


def keep(jobs: Jobs, running: Stage, bill: nouns.Invoice) -> str:
    """A document that no upload was heard of: only the test starts its workflow."""
    data = ubl(bill)
    document = content_id(data)
    key = f"documents/{document}.xml"
    version = jobs.put(key, data)
    record = DocumentRecord(
        id=document,
        bucket=running.outputs["BucketName"],
        key=key,
        version_id=version,
        size=len(data),
        received_at=SystemClock().now(),
    )
    jobs.parts.documents.create(record)
    return document


def run_hastily(running: Stage, jobs: Jobs, document: str) -> Any:
    with hasty_machine(running, 3) as machine:
        started = boto3.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps({"document_id": document})
        )
        return jobs.end(started["executionArn"])


def test_a_wait_ends_in_time_with_a_last_mail(jobs: Jobs, running: Stage) -> None:
    """Nobody decided: nothing is posted, and somebody hears of it."""
    order = world.NEVER_ORDERED
    document = keep(jobs, running, world.bill("LATE-1", date(2026, 11, 4), order.partner, order))
    letters(running, 0)
    assert run_hastily(running, jobs, document)["status"] == "SUCCEEDED"
    review = jobs.parts.reviews.get(document)
    assert review is not None
    assert (review.state, review.status, review.token) == ("NO_CANDIDATE", "expired", None)
    states = [exception.state for exception in jobs.parts.outbox.of(document)]
    assert states == ["NO_CANDIDATE", "REVIEW_EXPIRED"]
    assert len(letters(running, 2)) == 2
    assert jobs.parts.documents.get(document).state == "NO_CANDIDATE"


@pytest.fixture(autouse=True)
def _calm(jobs: Jobs) -> Iterator[None]:
    yield
    jobs.settle("InvoiceMatchingArn")

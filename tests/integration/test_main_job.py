"""The whole job on the emulator: the stack as deployed, SAP and Textract as stand-ins."""

import json
import subprocess
import sys
from datetime import date
from typing import Any

import boto3
import pytest

from local import decision
from local.accounts import DECIDER, DESTINATION_USER, SAP_USER
from local.demo import CHANGES
from local.jobs import Jobs
from local.mailbox import Mailbox
from local.samples import world
from local.samples.einvoice import ubl
from local.stage import BUILD, SAMPLES, Stage
from sapmatch.bootstrap.deciding import ask
from sapmatch.reviewing.asked import Asked
from tests.conftest import ROOT
from tests.integration.conftest import sap_changes, sap_requests
from tests.integration.test_deciding import decided, excepted, too_much

EXPECTED = json.loads((SAMPLES / "expected.json").read_text())


def demo_lines() -> dict[str, Any]:
    lines = (ROOT / "build" / "demo.jsonl").read_text().splitlines()
    return {line["document"]: line for line in map(json.loads, lines)}


def found(jobs: Jobs, name: str) -> dict[str, Any]:
    (row,) = [row for row in jobs.rows() if row["document"] == name]
    return row


def mails(running: Stage, expected: int) -> list[str]:
    """States that were told."""
    letters = Mailbox(boto3.client("sqs"), running.mailbox).collect(expected)
    return [letter.attributes["state"] for letter in letters]


def test_the_demo_prints_every_decision_verbatim(demo: str) -> None:
    assert {name: line["decision"] for name, line in demo_lines().items()} == {
        name: want["decision"] for name, want in EXPECTED.items()
    }
    for state in {want["decision"] for want in EXPECTED.values()}:
        assert state in demo


def test_every_kind_of_document_was_read_by_its_own_way(demo: str) -> None:
    ways = {(line["kind"], line["method"]) for line in demo_lines().values()}
    assert {
        ("ubl", "xml"),
        ("cii", "xml"),
        ("hybrid", "xml"),
        ("pdf-text", "text-layer"),
        ("scan", "textract"),
    } <= ways


def test_what_the_demo_shows_is_what_sap_logged(demo_requests: list[dict[str, Any]]) -> None:
    """The stand-in's own request log is the witness: one document per match, none besides."""
    shown = {
        one["SupplierInvoice"]
        for line in demo_lines().values()
        for one in line["sap"]
        if "SupplierInvoice" in one
    }
    created = [
        key
        for request in demo_requests
        for key in request["created"] or ()
        if key.startswith("A_SupplierInvoice(") and request["user"] != DECIDER
    ]
    matched = [
        name
        for name, want in EXPECTED.items()
        if want["decision"] in ("MATCHED", "WITHIN_TOLERANCE") and want["order"].startswith("45")
    ]
    assert len(created) == len(shown) == len(matched)
    assert all(any(f"'{number}'" in key for key in created) for number in shown)


def test_the_sales_order_carries_the_invoice_number(demo_requests: list[dict[str, Any]]) -> None:
    (held,) = demo_lines()["11-sales-order.xml"]["sap"]
    assert held == {"SalesOrder": "1000045", "AssignmentReference": "DV-2026-0311"}
    patched = [name for r in demo_requests if r["method"] == "PATCH" for name in r["changed"]]
    assert patched.count("A_SalesOrder('1000045')") == 1


def test_the_demo_shows_a_lost_answer_that_made_no_second_document(
    demo: str, demo_requests: list[dict[str, Any]]
) -> None:
    """RE-22, MA-P62: SAP's own log is the witness."""
    lines = (ROOT / "build" / "demo-writes.jsonl").read_text().splitlines()
    (lost,) = [one for one in map(json.loads, lines) if one["ended"] == "read back"]
    number, _, year = lost["key"].partition("/")
    document = f"A_SupplierInvoice(SupplierInvoice='{number}',FiscalYear='{year}')"
    (post,) = [r for r in demo_requests if document in r["created"]]
    assert (post["method"], post["fault"], lost["held"]) == ("POST", "drop-answer", "parked")
    assert "6 POSTs of supplier invoices, 1 of their answers lost, 6 documents" in demo


def test_the_demo_shows_what_sap_refused_of_a_dropped_file(demo: str) -> None:
    """OD-P85: in SAP's own words, with the good records written."""
    lines = (ROOT / "build" / "demo-writes.jsonl").read_text().splitlines()
    dropped = [one for one in map(json.loads, lines) if one["flow"] == "order_confirmations"]
    assert [one["ended"] for one in dropped] == ["by answer", "by answer", "refused"]
    assert dropped[0]["changes"] == {"OrderQuantity": ["12", "15.000"]}
    assert "Less is ordered than was received already" in dropped[2]["messages"]
    assert "/responses/order_confirmations/" in demo


def test_who_decided_is_in_saps_change_log(demo: str) -> None:
    """What a person accepted is theirs there, all else the technical users'."""
    changes = [json.loads(line) for line in CHANGES.read_text().splitlines()]
    (theirs,) = [each for each in changes if each["user"] == DECIDER]
    assert (theirs["change"], theirs["document"][:18]) == ("created", "A_SupplierInvoice(")
    assert {each["user"] for each in changes} == {DECIDER, SAP_USER}
    assert theirs["document"] in demo


def test_a_destination_is_asked_by_the_broker_alone(
    demo_requests: list[dict[str, Any]], jobs: Jobs
) -> None:
    reads = [r for r in demo_requests if r["user"] == DESTINATION_USER]
    assert any(r["path"].endswith("/A_SalesOrder") and r["status"] == 200 for r in reads)
    assert "BrokerToken" in (BUILD / "emulator.log").read_text()


def test_status_shows_the_same_as_the_demo(running: Stage) -> None:
    command = [sys.executable, "-m", "sapmatch.cli", "status", "--stage", "local", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    rows = {row["document"]: row for row in map(json.loads, done.stdout.splitlines())}
    for name, line in demo_lines().items():
        if name == decision.DOCUMENT:
            assert rows[name]["decision"] == "MANUAL_MATCHED"
            continue
        assert (rows[name]["decision"], rows[name]["orders"]) == (line["decision"], line["orders"])


def test_uploading_everything_again_changes_nothing_in_sap(jobs: Jobs) -> None:
    """RE-1, RE-8: the second upload of the same content finds its workflow done."""
    before = sap_changes()
    for name in EXPECTED:
        jobs.put(f"incoming/{name}", (SAMPLES / "invoices" / name).read_bytes())
    jobs.quiet()
    for flow in ("supplier_invoice", "sales_order"):
        jobs.write_back(flow)
    assert sap_changes() == before


def test_the_same_file_under_another_name_is_told_as_a_copy(jobs: Jobs, running: Stage) -> None:
    """MA-P44"""
    mails(running, 0)
    jobs.upload_as("again.xml", (SAMPLES / "invoices" / "01-ubl-matched.xml").read_bytes())
    assert "DUPLICATE" in mails(running, 1)


def test_a_lost_answer_is_read_back_and_never_sent_again(jobs: Jobs) -> None:
    """RE-22, MA-P62: SAP executed the call in the decider's name, its answer never came."""
    document = excepted(jobs, "lost-answer.xml", ubl(too_much("LOST-1", 8)))
    ask("local", Asked(document=document, action="accept", reason="delivered by hand"))
    decided(jobs, document, "MANUAL_MATCHED")
    before = len(sap_requests())
    jobs.fault("drop-answer")
    jobs.write_back("supplier_invoice")
    (held,) = found(jobs, "lost-answer.xml")["sap_now"]
    assert held["SupplierInvoiceIDByInvcgParty"] == "LOST-1"
    created = [r for r in sap_requests()[before:] if r["created"]]
    assert len(created) == 1
    posts = [
        r
        for r in sap_requests()[before:]
        if r["method"] == "POST" and r["path"].endswith("/A_SupplierInvoice")
    ]
    assert len(posts) == 1
    assert posts[0]["fault"] == "drop-answer"


def test_a_file_dropped_into_the_inbox_is_written_to_sap(jobs: Jobs) -> None:
    """The general S3 -> SAP flow; run again with the same bytes it changes nothing."""
    record = [{"SalesOrder": "1000046", "HeaderBillingBlockReason": "08"}]
    before = len(sap_changes())
    jobs.drop("sales_order_fields", "blocks.json", json.dumps(record).encode())
    changes = sap_changes()[before:]
    assert [method for method, _ in changes] == ["PATCH"]
    (answer,) = jobs.responses("sales_order_fields")
    assert (answer["record"], answer["status"]) == ("1", "updated")


def test_a_dropped_file_with_a_mistake_is_told_and_nothing_is_sent(
    jobs: Jobs, running: Stage
) -> None:
    before = sap_changes()
    mails(running, 0)
    jobs.drop("sales_order_fields", "wrong.json", b'[{"HeaderBillingBlockReason": "08"}]')
    assert sap_changes() == before
    assert "FILE_REJECTED" in mails(running, 1)


UNREADABLE = {
    "empty.xml": (b"", "EMPTY"),
    "picture.pdf": (b"GIF89a" + bytes(40), "TYPE_MISMATCH"),
    "entities.xml": (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><Invoice>&a;</Invoice>',
        "XML_ENTITIES",
    ),
    "other.xml": (b"<Document><NotAnInvoice/></Document>", "UNSUPPORTED"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_bad_upload_ends_as_a_record_with_a_reason_and_a_mail(
    jobs: Jobs, running: Stage, name: str
) -> None:
    """RE-4"""
    data, reason = UNREADABLE[name]
    mails(running, 0)
    jobs.upload_as(name, data)
    row = found(jobs, name)
    assert (row["decision"], row["cause"]) == ("REJECTED", reason)
    assert "REJECTED" in mails(running, 1)
    assert jobs.stored(f"incoming/{name}") == data


def test_an_overwrite_while_it_is_processed_is_a_document_of_its_own(
    jobs: Jobs, running: Stage
) -> None:
    """RE-3: AWS's events name the version (the emulator's do not, so they are sent by hand)."""
    order = world.NEVER_ORDERED
    bills = [world.bill(f"OVER-{n}", date(2026, 10, n), order.partner, order) for n in (1, 2)]
    begun = len(jobs.rows())
    versions = [jobs.put("incoming/overwritten.xml", ubl(bill)) for bill in bills]
    for version in versions:
        stored = {"key": "incoming/overwritten.xml", "version-id": version}
        detail = {"bucket": {"name": running.outputs["BucketName"]}, "object": stored}
        boto3.client("sqs").send_message(
            QueueUrl=running.outputs["IntakeQueueUrl"], MessageBody=json.dumps({"detail": detail})
        )
    jobs.wait(lambda: len(jobs.rows()) >= begun + 2)
    jobs.settle("InvoiceMatchingArn")
    records = [jobs.parts.documents.get(row["id"]) for row in jobs.rows()]
    read = {r.number: r.version_id for r in records if r.key == "incoming/overwritten.xml"}
    assert read == {"OVER-1": versions[0], "OVER-2": versions[1]}


def test_a_poison_message_is_kept_and_the_others_are_done(jobs: Jobs, running: Stage) -> None:
    """RE-7: it returns to the queue until the redrive policy moves it to the dead letters."""
    queue = running.outputs["IntakeQueueUrl"]
    sqs = boto3.client("sqs")
    policy = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])
    assert json.loads(policy["Attributes"]["RedrivePolicy"])["maxReceiveCount"] in (3, 4, 5)
    sqs.send_message(QueueUrl=queue, MessageBody="no event at all")
    jobs.upload_as("beside-poison.xml", b"<x/>")
    assert found(jobs, "beside-poison.xml")["decision"] == "REJECTED"
    assert jobs.queued() == 1


def test_no_state_carries_more_than_32_kib(jobs: Jobs) -> None:
    """RE-9"""
    texts = [text for machine in MACHINES for text in jobs.payloads(machine)]
    assert len(texts) > len(EXPECTED)
    assert max(len(text.encode()) for text in texts) < 32_768


def test_no_log_holds_a_bank_account() -> None:
    """What the functions, servers and the emulator wrote."""
    logs = {path.name: path.read_text(errors="replace") for path in BUILD.glob("*.log")}
    assert len(logs) >= 5
    assert [name for name, text in logs.items() if world.DRIVES.iban in text] == []


MACHINES = ("ExtractionArn", "InvoiceMatchingArn", "WriteBackArn")

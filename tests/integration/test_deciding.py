"""Exception -> mail -> `sapmatch decide` -> the workflow goes on -> intent, on the local stage."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import boto3
import pytest
from msgspec.structs import replace

from local.accounts import DECIDER
from local.jobs import Jobs
from local.mailbox import Mailbox
from local.samples import world
from local.samples.einvoice import ubl
from local.samples.nouns import Invoice
from local.stage import Stage
from sapmatch.bootstrap.deciding import ask
from sapmatch.cli import main
from sapmatch.reviewing.asked import Asked

ORDER = world.DRIVES_ORDER  # invoiced to its last piece: whatever comes now is too much
OPEN = ("OUT_OF_TOLERANCE", "AMBIGUOUS", "NO_CANDIDATE", "SUSPECTED_DUPLICATE")


def too_much(number: str, quantity: int, order: str = ORDER.id) -> Invoice:
    """An invoice over pieces of the second item that were never ordered."""
    whole = world.bill(number, date(2026, 12, 1), ORDER.partner, ORDER, order=order)
    return replace(whole, lines=(replace(whole.lines[1], quantity=Decimal(quantity)),))


def found(jobs: Jobs, name: str) -> dict[str, Any]:
    (row,) = [row for row in jobs.rows() if row["document"] == name]
    return row


def excepted(jobs: Jobs, name: str, data: bytes) -> str:
    """Upload a file that a person has to decide on, and wait until its workflow does."""
    jobs.upload_as(name, data)
    document: str = found(jobs, name)["id"]

    def waits() -> bool:
        review = jobs.parts.reviews.get(document)
        return review is not None and review.token is not None

    jobs.wait(waits)
    return document


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and answer of a command."""
    capsys.readouterr()
    code = main([*words, "--stage", "local", "--json"])
    return code, json.loads(capsys.readouterr().out)


def decided(jobs: Jobs, document: str, state: str) -> None:
    jobs.wait(lambda: jobs.parts.documents.get(document).state == state)
    jobs.settle("InvoiceMatchingArn")


def test_an_accepted_exception_goes_on_to_an_intent(
    jobs: Jobs, running: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    mailbox = Mailbox(boto3.client("sqs"), running.mailbox)
    mailbox.collect(0)
    document = excepted(jobs, "decide-accept.xml", ubl(too_much("HAND-11", 1)))
    (letter,) = mailbox.collect(1)
    short = document[:12]
    assert f"sapmatch decide {short} accept" in letter.body

    assert main(["exceptions", "--stage", "local", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (row,) = [row for row in listed if row["id"] == document]
    assert (row["state"], row["number"]) == ("OUT_OF_TOLERANCE", "HAND-11")
    code, shown = said(capsys, "exceptions", "show", short)
    assert (code, shown["key"]) == (0, "incoming/decide-accept.xml")
    assert shown["actions"] == ["accept", "match ORDER", "reject", "wait"]

    wish = ("decide", short, "accept", "--reason", "delivered by hand", "--decision", "1")
    code, answer = said(capsys, *wish)
    assert (code, answer["outcome"], answer["goes_on"]) == (0, "decided", True)
    decided(jobs, document, "MANUAL_MATCHED")
    record = jobs.parts.documents.get(document)
    assert (record.orders, record.matched, len(record.intents)) == ((ORDER.id,), True, 1)
    assert "delivered by hand" in (record.summary or "")

    code, refused = said(capsys, *wish)
    assert (code, refused["outcome"]) == (3, "refused")
    assert f"{DECIDER} accepted it" in refused["message"]
    assert jobs.parts.documents.get(document) == record
    assert mailbox.collect(0, seconds=0) == []


def test_a_rejected_exception_ends_and_posts_nothing(
    jobs: Jobs, capsys: pytest.CaptureFixture[str]
) -> None:
    document = excepted(jobs, "decide-reject.xml", ubl(too_much("HAND-22", 2)))
    short = document[:12]
    code, waiting = said(capsys, "decide", short, "wait", "--reason", "asking the supplier")
    assert (code, waiting["outcome"]) == (0, "waiting")
    assert found(jobs, "decide-reject.xml")["waiting"]["for"] == "person"
    code, answer = said(capsys, "decide", short, "reject", "--reason", "never ordered")
    assert (code, answer["outcome"]) == (0, "decided")
    decided(jobs, document, "MANUAL_REJECTED")
    row = found(jobs, "decide-reject.xml")
    assert (row["sap"], row["waiting"]) == ([], None)
    _, shown = said(capsys, "exceptions", "show", short)
    spoken = [event["said"]["reason"] for event in shown["history"] if "said" in event]
    assert spoken == ["asking the supplier", "never ordered"]
    code, refused = said(capsys, "replay", short)
    assert (code, refused["outcome"]) == (3, "refused")


def test_a_person_names_the_order_of_an_invoice_without_one(
    jobs: Jobs, capsys: pytest.CaptureFixture[str]
) -> None:
    document = excepted(jobs, "decide-match.xml", ubl(too_much("HAND-33", 3, order="")))
    assert found(jobs, "decide-match.xml")["decision"] in OPEN
    wish = ("decide", document[:12], "match")
    code, refused = said(capsys, *wish, "4500009999", "--reason", "named by phone")
    assert (code, refused["outcome"]) == (3, "refused")
    assert "is no open order of this company code" in refused["message"]
    code, refused = said(capsys, *wish, ORDER.id, "--reason", "named by phone")
    assert (code, refused["outcome"]) == (3, "refused")
    assert "add --nothing-open. Order" in refused["message"]
    despite = ("--nothing-open", "--reason", "named by phone")
    code, answer = said(capsys, *wish, ORDER.id, *despite)
    assert (code, answer["outcome"]) == (0, "decided")
    assert answer["taken"][0].startswith(f"Order {ORDER.id} is of supplier {ORDER.partner.number}")
    decided(jobs, document, "MANUAL_MATCHED")
    assert jobs.parts.documents.get(document).orders == (ORDER.id,)


def test_a_file_that_cannot_be_read_can_only_be_rejected(
    jobs: Jobs, capsys: pytest.CaptureFixture[str]
) -> None:
    document = excepted(jobs, "decide-unreadable.xml", b"<Decide><NotAnInvoice/></Decide>")
    wish = ("decide", document[:12])
    code, refused = said(capsys, *wish, "accept", "--reason", "looks fine")
    assert (code, refused["outcome"]) == (3, "refused")
    code, answer = said(capsys, *wish, "reject", "--reason", "is no invoice")
    assert (code, answer["outcome"]) == (0, "decided")
    decided(jobs, document, "MANUAL_REJECTED")


def test_of_many_at_the_same_moment_one_decides(jobs: Jobs) -> None:
    """RE-17"""
    document = excepted(jobs, "decide-race.xml", ubl(too_much("HAND-44", 4)))
    wishes = [Asked(document=document, action="reject", reason=f"reason {n}") for n in range(6)]
    with ThreadPoolExecutor(len(wishes)) as pool:
        answers = list(pool.map(partial(ask, "local"), wishes))
    outcomes = sorted(answer["outcome"] for answer in answers)
    assert outcomes == ["decided", *["refused"] * 5]
    decided(jobs, document, "MANUAL_REJECTED")
    review = jobs.parts.reviews.get(document)
    assert review is not None
    (winner,) = [n for n, answer in enumerate(answers) if answer["outcome"] == "decided"]
    assert review.verdict is not None
    assert review.verdict.reason == f"reason {winner}"


def test_what_was_decided_by_hand_is_written_back_in_the_deciders_name(jobs: Jobs) -> None:
    """SAP's own change log is the witness."""
    before = len(jobs.sap("changes"))
    jobs.write_back("supplier_invoice")
    written = [
        each
        for name in ("decide-accept.xml", "decide-match.xml")
        for each in found(jobs, name)["sap"]
    ]
    assert {each["state"] for each in written} == {"CONFIRMED"}
    changes = jobs.sap("changes")[before:]
    assert [(each["user"], each["change"]) for each in changes] == [(DECIDER, "created")] * 2

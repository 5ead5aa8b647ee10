"""What nobody was told is told by the deployed digest, in one mail."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import boto3

from local.jobs import Jobs
from local.mailbox import Letter, Mailbox
from local.stage import Stage
from sapmatch.model.document import ExceptionRecord

STORM = 300


def exception(number: int, raised_at: datetime) -> ExceptionRecord:
    return ExceptionRecord(
        document_id=f"storm-{number:060}",
        state="OUT_OF_TOLERANCE",
        cause="PP",
        subject=f"[sapmatch] Price too high: {number}.00 EUR over {number:012}",
        body="What\n  Invoice R-7: price too high.\n" * 20,
        raised_at=raised_at,
        total=Decimal(number),
        currency="EUR",
        owner="purchasing" if number % 2 else "accounts_payable",
    )


def letters(running: Stage, expected: int) -> list[Letter]:
    return Mailbox(boto3.client("sqs"), running.mailbox).collect(expected)


def send_digest(running: Stage) -> int:
    answer = boto3.client("lambda").invoke(
        FunctionName=running.outputs["SendDigestName"], Payload=b"{}"
    )
    payload = answer["Payload"].read()
    assert "FunctionError" not in answer, payload
    told: int = json.loads(payload)["told"]
    return told


def test_a_storm_is_one_mail_and_every_exception_is_told_once(jobs: Jobs, running: Stage) -> None:
    """RE-28, RE-29"""
    send_digest(running)
    letters(running, 0)
    before = datetime.now(UTC) - timedelta(hours=1)
    storm = [exception(n, before + timedelta(seconds=n)) for n in range(STORM)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(jobs.parts.outbox.store, storm))
    assert send_digest(running) == STORM
    (letter,) = letters(running, 1)
    assert letter.subject.startswith(f"[sapmatch] {STORM} exceptions: 44850.00 EUR")
    assert letter.attributes["state"] == "DIGEST"
    assert letter.attributes["owner"] == "several"
    assert "150: outside the tolerances, for purchasing" in letter.body
    assert "299.00 EUR | Price too high: 299.00 EUR over 000000000299 | purchasing" in letter.body
    (told,) = {e.digest for e in jobs.parts.outbox.of(storm[7].document_id)}
    assert told == letter.attributes["document"].removeprefix("digest/")
    assert send_digest(running) == 0
    assert letters(running, 0) == []


def test_a_single_exception_that_was_not_mailed_is_mailed_as_it_is(
    jobs: Jobs, running: Stage
) -> None:
    """RE-28: what a function left behind that died between record and mail."""
    send_digest(running)
    letters(running, 0)
    lost = exception(1_000, datetime.now(UTC) - timedelta(minutes=10))
    jobs.parts.outbox.store(lost)
    assert send_digest(running) == 1
    (letter,) = letters(running, 1)
    assert (letter.subject, letter.body) == (lost.subject, lost.body)
    assert letter.attributes["cause"] == "PP"

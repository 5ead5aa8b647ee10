"""Logons of the deployed stage: rotated while a run goes on, stopped before SAP locks a user."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from local.accounts import SAP_PASSWORD, SAP_USER, SECRET
from local.jobs import Jobs
from local.mailbox import Letter, Mailbox
from local.stage import Stage
from tests.integration.conftest import sap_requests

LINES = 22  # rows of extraction order_lines, each read by a request of its own
OTHER = f"{SAP_USER}_2"  # the second of two users that take turns
CHANGED, COMING = "canary-of-the-changed-password", f"canary-of-the-second-user-{uuid.uuid4()}"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


@pytest.fixture(autouse=True)
def as_before(running: Stage) -> Iterator[None]:
    """SAP and the secret are left as they were found."""
    yield
    give(running, SAP_USER, SAP_PASSWORD)
    give(running, OTHER, "")  # whoever still holds the second user's password reads the secret anew
    store({"user": SAP_USER, "password": SAP_PASSWORD})


def give(running: Stage, user: str, password: str) -> None:
    """Set a password in SAP."""
    running.sap("logon", {"users": {user: {"password": password, "failed_logons": 0}}})


def store(fields: dict[str, str]) -> None:
    """Put a new version of the secret of connection s4_basic."""
    client = boto3.client("secretsmanager")
    client.put_secret_value(SecretId=SECRET, SecretString=json.dumps(fields))


def begin(jobs: Jobs, name: str) -> str:
    run_id = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}-{name}"
    return jobs.begin("ExtractionArn", {"extraction": "order_lines", "run_id": run_id})


def rotate() -> None:
    """What Secrets Manager does on its schedule; the emulator's never calls the function."""
    client = boto3.client("lambda")
    pages = client.get_paginator("list_functions").paginate()
    names = [each["FunctionName"] for page in pages for each in page["Functions"]]
    (function,) = [name for name in names if "RotateSecret" in name]
    arn = boto3.client("secretsmanager").describe_secret(SecretId=SECRET)["ARN"]
    token = str(uuid.uuid4())
    for step in STEPS:
        event = {"SecretId": arn, "ClientRequestToken": token, "Step": step}
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        payload = answer["Payload"].read()
        assert "FunctionError" not in answer, (step, payload)


def reads(since: int, user: str) -> list[dict[str, Any]]:
    rows = [r for r in sap_requests()[since:] if r["path"].endswith("/A_PurchaseOrderItem")]
    return [r for r in rows if r["user"] == user and r["status"] == 200]


def letters(running: Stage, expected: int) -> list[Letter]:
    return Mailbox(boto3.client("sqs"), running.mailbox).collect(expected)


def test_a_secret_that_is_rotated_while_a_run_goes_on_fails_no_run(
    jobs: Jobs, running: Stage
) -> None:
    """RE-26, CO-T2: two users take turns, and the one that goes gets another password at once."""
    give(running, OTHER, COMING)
    coming = {"next_user": OTHER, "next_password": COMING}
    store({"user": SAP_USER, "password": SAP_PASSWORD, **coming})
    begun = len(sap_requests())
    running.sap("faults", {"next": "delay:0.6", "count": LINES, "of": "reads"})
    execution = begin(jobs, "rotated")
    jobs.wait(lambda: len(reads(begun, SAP_USER)) > 1)
    rotate()
    give(running, SAP_USER, CHANGED)
    assert jobs.finish(execution)["rows"] == LINES
    assert reads(begun, OTHER)
    assert not running.sap("users")[SAP_USER]["locked"]
    found = boto3.client("secretsmanager").get_secret_value(SecretId=SECRET)
    fields = json.loads(found["SecretString"])
    assert fields == {"user": OTHER, "password": COMING, "next_user": SAP_USER}
    assert "AWSPENDING" not in found["VersionStages"]


def test_a_wrong_password_is_sent_twice_and_then_nothing_until_it_is_replaced(
    jobs: Jobs, running: Stage
) -> None:
    """CO-T1, RE-25: over all functions; one mail tells it, and nothing is restarted after it."""
    assert jobs.extract("order_lines")["rows"] == LINES
    letters(running, 0)
    give(running, SAP_USER, CHANGED)
    ends = [jobs.end(begin(jobs, f"refused-{n}")) for n in range(3)]
    assert [(end["status"], end["error"]) for end in ends] == [("FAILED", "LogonRefused")] * 3
    assert running.sap("users")[SAP_USER] == {"failed_logons": 2, "locked": False}
    told = letters(running, 2)
    (stopped,) = [each for each in told if each.attributes["state"] == "LOGON_STOPPED"]
    assert "s4_basic" in stopped.subject
    assert "sapmatch release s4_basic --stage local" in stopped.body
    assert any("EXTRACTION_FAILED" in each.subject for each in told)
    assert jobs.extract("sales_orders")["rows"] > 0  # another connection of the same system

    store({"user": SAP_USER, "password": CHANGED})
    assert jobs.extract("order_lines")["rows"] == LINES
    assert running.sap("users")[SAP_USER] == {"failed_logons": 0, "locked": False}
    assert letters(running, 0) == []

"""A mail about a run of write-back can be acted on by whoever reads it."""

import shlex
from typing import Any

import msgspec
import pytest

from sapmatch.cli import _parsed
from tests.builders.exceptions import Team

FLOW, RUN = "order_confirmations", "369eae4d"
INBOX = f"updates/{FLOW}/inbox/confirmations.csv"
NOT_THERE = "SAP has no record with this key"
LESS = (
    "ZLOCAL_SAP/083: Less is ordered than was received already; "
    "error /IWBEP/CM_MGW_RT/022: An exception was raised; SAP transaction id 4711"
)
BUCKET = "s3://sapmatch-test"


@pytest.fixture
def team() -> Team:
    return Team()


def answer(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "record": str(number),
        "status": "rejected",
        "key": {"PurchaseOrder": f"45000009{number:02}", "PurchaseOrderItem": "10"},
        "sap_message": NOT_THERE,
        "http_status": 404,
        "cause": "MISSING",
        "remedy": "Correct the key.",
        "intent": f"{number:02}" * 32,
        **fields,
    }


def told(
    team: Team,
    *answers: dict[str, Any],
    source: str | None = INBOX,
    reason: str | None = None,
    **file: Any,
) -> str:
    """The subject and body of the first mail about a run with these answers."""
    lines = [*answers, {"summary": {"records": len(answers)}}]
    stored = b"\n".join(msgspec.json.encode(line) for line in lines)
    team.objects.write(f"responses/{FLOW}/{RUN}.ndjson", stored)
    known = {"source": source and {"key": source}, "records": (), **file}
    team.objects.write(f"updates/{FLOW}/runs/{RUN}/update.json", msgspec.json.encode(known))
    team.exceptions.about_run(FLOW, RUN, reason)
    return "\n".join(team.mailer.sent[0][:2])


def commands(mail: str) -> list[str]:
    lines = (line.strip() for line in mail.splitlines())
    return [line for line in lines if line.startswith(("sapmatch ", "aws "))]


def test_it_names_the_file_the_record_and_the_document_in_sap(team: Team) -> None:
    refused = answer(3, sap_message=LESS, http_status=400, cause=None, remedy="Correct it.")
    mail = told(team, answer(1, status="updated"), refused)
    subject, body = mail.split("\n", 1)
    assert subject == (
        "[sapmatch] SAP refused 1 of 2 records of confirmations.csv (order_confirmations)"
    )
    assert "4500000903/10 (record 3, intent 030303030303)" in body
    assert "ZLOCAL_SAP/083: Less is ordered than was received already; SAP trans" in body
    assert "An exception was raised" not in body
    assert "-> Correct it." in body
    assert "Whoever dropped the file, with accounts payable." in body
    assert f"{BUCKET}/{INBOX}" in body
    assert f"{BUCKET}/responses/{FLOW}/{RUN}.csv" in body


def test_equal_refusals_are_one_line_with_their_documents(team: Team) -> None:
    mail = told(team, *(answer(number) for number in range(31)))
    assert mail.count(NOT_THERE) == 1
    assert f"31 records: {NOT_THERE}" in mail
    assert "4500000900/10 (record 0" in mail
    assert "and 26 more" in mail


def test_its_commands_are_understood(team: Team) -> None:
    mail = told(team, answer(1), answer(2), answer(3, intent=None))
    found = commands(mail)
    for line in found:
        if line.startswith("sapmatch"):
            assert _parsed(shlex.split(line)[1:]).stage == "test"
    assert "sapmatch replay 010101010101 --stage test" in found
    assert f"sapmatch replay --flow {FLOW} --run {RUN} --stage test" in found
    assert f"aws s3 cp confirmations.csv {BUCKET}/updates/{FLOW}/inbox/" in found


def test_what_sap_never_saw_is_not_said_to_be_refused_by_it(team: Team) -> None:
    rows = [
        answer(
            number,
            sap_message=f"row {number} (line {number + 1}): OrderQty: is no field",
            cause="INVALID",
            http_status=None,
            key=None,
            intent=None,
        )
        for number in (1, 2)
    ]
    mail = told(team, *rows)
    assert "refused" not in mail.lower().split("what to do")[0]
    assert mail.startswith("[sapmatch] Not written to SAP: 2 of 2 records of confirmations.csv")
    assert "2 records: OrderQty: is no field" in mail
    assert "record 1, line 2" in mail
    assert "record 2, line 3" in mail
    assert not [line for line in commands(mail) if "replay" in line], "there is no intent"


def test_an_insert_is_named_by_its_reference(team: Team) -> None:
    reference = {"PurchaseOrderByCustomer": "K-77"}
    record = {"intent": "01" * 32, "record": "1", "key": {}, "reference": reference}
    mail = told(team, answer(1, key=None), records=[record])
    assert "K-77 (record 1, intent" in mail


def test_what_an_earlier_run_left_is_named_with_its_own_file(team: Team) -> None:
    """After an outage one run sends the records of several files."""
    earlier = {"source": {"key": f"updates/{FLOW}/inbox/monday.csv"}}
    team.objects.write(f"updates/{FLOW}/runs/r0/update.json", msgspec.json.encode(earlier))
    record = {"intent": "01" * 32, "record": "1", "key": {}, "reference": {}, "run_id": "r0"}
    mail = told(team, answer(1), source=None, records=[record])
    assert "4500000901/10 (record 1 of monday.csv, intent 010101010101)" in mail


def test_those_that_were_not_sent_because_of_it_are_counted(team: Team) -> None:
    rest = [answer(n, status="not_executed", cause="STOPPED") for n in (2, 3)]
    assert "2 records behind them were not sent" in told(team, answer(1), *rest)


def test_a_refused_file_is_named_with_its_mistakes_by_row(team: Team) -> None:
    mistakes = [("file", "has no field Order"), ("first line", "names no column Item")]
    mistakes += [(f"row {n}: Text", "is too long") for n in range(1, 9)]
    lines = [{"record": r, "status": "rejected", "sap_message": m} for r, m in mistakes]
    file = f"updates/{FLOW}/inbox/wrong file.csv"
    mail = told(team, *lines, source=file, reason="FILE_REJECTED")
    subject, body = mail.split("\n", 1)
    assert subject == "[sapmatch] Refused as a whole: wrong file.csv (order_confirmations)"
    assert "wrong file.csv was refused as a whole: nothing of it was sent" in body
    assert "The file has no field Order" in body
    assert "first line: names no column Item" in body
    assert "Text: is too long (row 1, row 2, row 3, row 4, row 5 and 3 more)" in body
    assert f"aws s3 cp 'wrong file.csv' {BUCKET}/updates/{FLOW}/inbox/" in commands(body)


def test_a_name_of_a_file_is_no_command(team: Team) -> None:
    mail = told(team, answer(1, intent=None), source=f"updates/{FLOW}/inbox/$(rm -rf x);.csv")
    (dropped, _) = commands(mail)
    assert shlex.split(dropped)[3] == "$(rm -rf x);.csv"


def test_a_flow_that_nobody_knows_is_not_named_as_the_place_to_drop_it(team: Team) -> None:
    line = {"record": "flow", "status": "rejected", "sap_message": "x is not in the settings"}
    team.objects.write(f"responses/{FLOW}/{RUN}.ndjson", msgspec.json.encode(line))
    team.exceptions.about_run(FLOW, RUN, "FILE_REJECTED")
    body = team.mailer.sent[0][1]
    assert "The flow x is not in the settings" in body
    assert f"aws s3 cp FILE {BUCKET}/updates/FLOW/inbox/" in body


def test_unknown_and_rejected_records_are_two_mails(team: Team) -> None:
    told(team, answer(1), answer(2, status="unknown", sap_message=None, cause=None))
    assert len(team.mailer.sent) == 2
    subject, body = team.mailer.sent[1][:2]
    assert "Not known whether SAP has 1 of 2 records of confirmations.csv" in subject
    assert "sapmatch intents show 020202020202 --stage test" in commands(body)


def test_a_failed_run_is_told_without_a_response_file(team: Team) -> None:
    (raised,) = team.exceptions.about_run("supplier_invoice", "r1", "WORKFLOW_FAILED")
    assert raised.state == "WORKFLOW_FAILED"
    assert "supplier_invoice" in team.mailer.sent[0][1]
    assert "not known how far it came" in team.mailer.sent[0][1]


def test_the_same_unknown_record_is_mailed_once_however_many_runs_meet_it(team: Team) -> None:
    for run, intents in (("r1", "a"), ("r2", "a"), ("r3", "ab")):
        answers = [{"record": f"{run}-1", "status": "unknown", "intent": i} for i in intents]
        lines = b"\n".join(msgspec.json.encode(a) for a in answers)
        team.objects.write(f"responses/f/{run}.ndjson", lines)
        team.exceptions.about_run("f", run)
    assert len(team.mailer.sent) == 2

"""What became of every record of a run: NDJSON for programs, CSV for people, side by side.

`responses/<flow>/<run>.ndjson` has one line for each record and the counts as the last one;
`responses/<flow>/<run>.csv` has the same records: comma, CRLF (RFC 4180), with the byte order mark
by which a spreadsheet knows UTF-8, and no cell that it would take for a formula.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from sapmatch.model.errors import Problem
from sapmatch.model.intent import Cause, Intent, IntentState, Record
from sapmatch.model.messages import for_people
from sapmatch.model.ports import Objects
from sapmatch.writing.files.csv_rows import is_formula
from sapmatch.writing.plan import Refused
from sapmatch.writing.remedies import INVALID, remedy

Status = Literal["created", "updated", "already_there", "rejected", "unknown", "not_executed"]
STATUSES: tuple[Status, ...] = (
    "created",
    "updated",
    "already_there",
    "rejected",
    "unknown",
    "not_executed",
)
COLUMNS = (
    "record", "status", "key", "sap_message", "http_status", "cause", "remedy", "attempts",
    "first_sent", "sent_at", "ended_at", "state", "intent",
)  # fmt: skip
CREATED = 201  # HTTP
_STATUS: dict[IntentState, Status] = {
    IntentState.REJECTED: "rejected",
    IntentState.SENT: "unknown",
    IntentState.UNKNOWN: "unknown",
    IntentState.RECONCILING: "unknown",
    IntentState.CONFLICTING: "unknown",
    IntentState.PLANNED: "not_executed",
    IntentState.CLAIMED: "not_executed",
    IntentState.HELD: "not_executed",
    IntentState.ABSENT: "not_executed",
    IntentState.VOID: "not_executed",
}


def status(intent: Intent) -> Status:
    """The state of an intent as users know it."""
    if intent.state is not IntentState.CONFIRMED:
        return _STATUS[intent.state]
    if intent.confirmed_by == "read":
        return "already_there"
    created = intent.operation == "insert" or (
        intent.operation == "upsert" and intent.http_status == CREATED
    )
    return "created" if created else "updated"


def response(record: str, intent: Intent) -> dict[str, Any]:
    """One record as `sapmatch write --json` prints it."""
    return {
        "record": record,
        "status": status(intent),
        "key": intent.key or None,
        "sap_message": "; ".join(intent.sap_messages) or None,
        "http_status": intent.http_status,
    }


def full_response(record: str, intent: Intent) -> dict[str, Any]:
    """One record as its response file has it: `response` with why, when and how often."""
    return response(record, intent) | {
        "cause": intent.cause,
        "remedy": remedy(intent),
        "attempts": intent.attempts,
        "first_sent": intent.first_sent,
        "sent_at": intent.sent_at,
        "ended_at": intent.ended_at,
        "state": intent.state,
        "intent": intent.id,
    }


def refusal(refused: Refused) -> dict[str, Any]:
    """A record that was not sent because of what is wrong with it, as `response` has it."""
    messages = (f"{problem.field}: {problem.message}" for problem in refused.problems)
    return {
        "record": refused.record,
        "status": "rejected",
        "key": None,
        "sap_message": "; ".join(messages),
        "http_status": None,
    }


def full_refusal(refused: Refused) -> dict[str, Any]:
    """The same as its response file has it."""
    return refusal(refused) | {"cause": Cause.INVALID, "remedy": INVALID}


def summary(statuses: Iterable[str]) -> dict[str, dict[str, int]]:
    """The last line: how many records there are, and how many of each status."""
    counts = Counter(statuses)
    by_status: dict[str, int] = {name: counts[name] for name in STATUSES}
    return {"summary": {"records": counts.total(), **by_status}}


def response_key(flow_name: str, run_id: str) -> str:
    """Where the response file of a run lies; its CSV stands beside it."""
    return f"responses/{flow_name}/{run_id}.ndjson"


def store_responses(
    flow_name: str,
    run_id: str,
    outcomes: Iterable[tuple[str, Intent]],
    objects: Objects,
    refused: Sequence[Refused] = (),
) -> str:
    """Write both response files of a run, replacing earlier ones; returns the key of the NDJSON.

    `refused` are the records that were never planned; lines stand in the order of the file.
    """
    lines = [full_response(record, intent) for record, intent in outcomes]
    return _store(flow_name, run_id, in_order(lines, refused), objects)


def in_order(lines: Sequence[Record], refused: Sequence[Refused]) -> list[Record]:
    """Answers and refusals together; numbered records in the order of their numbers."""
    every = [*lines, *map(full_refusal, refused)]
    return sorted(every, key=lambda line: _number(line["record"])) if refused else every


def store_mistakes(
    flow_name: str, run_id: str, mistakes: Iterable[Problem], objects: Objects
) -> str:
    """Write the response files of a file that was refused as a whole; returns the NDJSON's key."""
    lines: list[Record] = [
        {"record": mistake.field, "status": "rejected", "sap_message": mistake.message}
        for mistake in mistakes
    ]
    return _store(flow_name, run_id, lines, objects)


def as_csv(lines: Iterable[Mapping[str, Any]]) -> bytes:
    """Answers as a table for people."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for line in lines:
        shown = {**line, "sap_message": for_people(line.get("sap_message") or "")}
        table.writerow([_cell(shown.get(name)) for name in COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def _store(flow_name: str, run_id: str, lines: Sequence[Record], objects: Objects) -> str:
    end = summary(line["status"] for line in lines)
    key = response_key(flow_name, run_id)
    objects.write(f"{key.removesuffix('.ndjson')}.csv", as_csv(lines))
    objects.write(key, b"".join(msgspec.json.encode(line) + b"\n" for line in [*lines, end]))
    return key


def _cell(value: Any) -> str:
    """A value as text; what a spreadsheet would execute gets an apostrophe before it."""
    if isinstance(value, Mapping):
        text = "/".join(str(part) for part in value.values())
    else:
        text = "" if value is None else str(msgspec.to_builtins(value))
    return f"'{text}" if is_formula(text) else text


def _number(record: str) -> int:
    return int(record) if record.isdigit() else 0

"""What became of every record: one JSON line each, then the counts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from sapmatch.model.errors import Problem
from sapmatch.model.intent import Intent, IntentState, Record
from sapmatch.model.ports import Objects

Status = Literal["created", "updated", "already_there", "rejected", "unknown", "not_executed"]
STATUSES: tuple[Status, ...] = (
    "created",
    "updated",
    "already_there",
    "rejected",
    "unknown",
    "not_executed",
)
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


def summary(statuses: Iterable[str]) -> dict[str, dict[str, int]]:
    """The last line: how many records there are, and how many of each status."""
    counts = Counter(statuses)
    by_status: dict[str, int] = {name: counts[name] for name in STATUSES}
    return {"summary": {"records": counts.total(), **by_status}}


def response_key(flow_name: str, run_id: str) -> str:
    """Where the response file of a run lies."""
    return f"responses/{flow_name}/{run_id}.ndjson"


def store_responses(
    flow_name: str, run_id: str, outcomes: Iterable[tuple[str, Intent]], objects: Objects
) -> str:
    """Write the response file of a run, replacing an earlier one; returns its key.

    Lines are those of `write --json` with the intent's id, attempts and times.
    """
    lines: list[Record] = [
        response(record, intent)
        | {
            "intent": intent.id,
            "attempts": intent.attempts,
            "first_sent": intent.first_sent,
            "sent_at": intent.sent_at,
            "state": intent.state,
        }
        for record, intent in outcomes
    ]
    return _store(flow_name, run_id, lines, objects)


def store_mistakes(
    flow_name: str, run_id: str, mistakes: Iterable[Problem], objects: Objects
) -> str:
    """Write the response file of a dropped file that was refused as a whole; returns its key."""
    lines: list[Record] = [
        {"record": mistake.field, "status": "rejected", "sap_message": mistake.message}
        for mistake in mistakes
    ]
    return _store(flow_name, run_id, lines, objects)


def _store(flow_name: str, run_id: str, lines: Sequence[Record], objects: Objects) -> str:
    end = summary(line["status"] for line in lines)
    data = b"".join(msgspec.json.encode(line) + b"\n" for line in [*lines, end])
    key = response_key(flow_name, run_id)
    objects.write(key, data)
    return key

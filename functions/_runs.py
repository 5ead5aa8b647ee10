"""What write-back runs share: their time, and their answer to the state machine."""

from datetime import datetime, timedelta
from typing import Any

from functions._metrics import aged, measured
from functions._runtime import failed
from functions._waking import is_changed
from sapmatch.bootstrap import Services
from sapmatch.bootstrap.writing import reading_desk
from sapmatch.model.errors import SapmatchError
from sapmatch.model.intent import Cause
from sapmatch.model.ports import Clock
from sapmatch.writing.runs.audit import Audit, audit_flow
from sapmatch.writing.runs.leftover import ages, reconcile_flow
from sapmatch.writing.runs.run import RunResult, respond

# For the exchange that is under way: Lambda would cut it off, and its answer would be lost.
MARGIN = timedelta(seconds=180)


def deadline(context: Any, clock: Clock, margin: timedelta = MARGIN) -> datetime:
    """From when on this call begins no other record: Lambda would end it in the middle."""
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return clock.now() + left - margin


def run_answer(result: RunResult) -> dict[str, Any]:
    """Counts by what has to happen next: what time resolves, and what needs a person (`rejected`).

    `wait_seconds` until a lost answer may be read back, or what is held be sent.
    """
    aged(OldestUnknownIntentSeconds=result.oldest_unknown_seconds)
    counts = result.counts
    return {
        "flow": result.flow,
        "run_id": result.run_id,
        "confirmed": sum(counts.get(s, 0) for s in ("created", "updated", "already_there")),
        "rejected": counts.get("rejected", 0) + result.conflicts,
        "unknown": result.unknown,
        "planned_again": result.again,
        "held": result.held,
        "stopped": result.stopped is not None,
        "wait_seconds": result.wait_seconds or 0,
    }


def reconciled(parts: Services, owner: str, until: datetime) -> dict[str, Any]:
    """Read back what runs of all flows left; a flow that fails is logged, and keeps none back."""
    looked, wrong = 0, 0
    for name, flow in parts.settings.write_backs.items():
        try:
            desk = reading_desk(parts, flow.connection, owner)
            looked += reconcile_flow(name, desk=desk, objects=parts.objects, until=until)
        except SapmatchError as exc:
            failed("reconcile_intents", exc, flow=name)
            wrong += 1
    _measure(parts)
    measured(FlowsNotReconciled=wrong)
    return {"looked": looked, "failed": wrong}


def told(parts: Services, flow: str, run_id: str, reason: str | None) -> int:
    """Tell what became of a run, whatever killed it; returns how many exceptions.

    Where somebody else changed the fields of a matched order, its match is decided anew.
    """
    intents = respond(flow, run_id, parts.intents, parts.objects)
    moved = {i.document_id for i in intents if i.cause is Cause.MOVED and i.document_id}
    raised = parts.exceptions.about_run(flow, run_id, reason)
    for document_id in sorted(moved):
        is_changed(parts, document_id)
    return len(raised)


def audited(parts: Services, until: datetime) -> tuple[list[Audit], list[str]]:
    """Every flow of inserts beside SAP, and the names of those that could not be compared."""
    audits, failures = [], []
    for name, flow in parts.settings.write_backs.items():
        if flow.operation != "insert":
            continue
        try:
            audit = audit_flow(
                name,
                flow,
                sap=parts.sap(flow.connection),
                intents=parts.intents,
                objects=parts.objects,
                clock=parts.clock,
                until=until,
            )
        except SapmatchError as exc:
            failed("audit_writes", exc, flow=name)
            failures.append(name)
            continue
        audits.append(audit)
        failures += [] if audit.complete else [name]
    return audits, failures


def _measure(parts: Services) -> None:
    """Alarms watch the ages of the oldest, of all flows."""
    found = [ages(name, parts.intents, parts.clock) for name in parts.settings.write_backs]
    aged(
        OldestUnknownIntentSeconds=max((age.unknown for age in found), default=0),
        OldestHeldIntentSeconds=max((age.held for age in found), default=0),
    )

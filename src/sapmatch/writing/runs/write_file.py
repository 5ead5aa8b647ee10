"""One file of records into SAP from this machine, for `sapmatch write`."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from sapmatch.model.errors import InputRejected, SapmatchError
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import UNDECIDED, Change, Intent, IntentState, Record
from sapmatch.writing.desk import Desk, Work
from sapmatch.writing.inbox import finding_fields, parse
from sapmatch.writing.mapping.apply import FieldMapping
from sapmatch.writing.plan import Check, Parsed, accepted, checked, place, stored
from sapmatch.writing.problems import file_problem, refused
from sapmatch.writing.response_file import full_refusal, full_response, summary
from sapmatch.writing.runs.attended import AttendedRun
from sapmatch.writing.runs.turn import FINE

OWNER = "sapmatch write"
SLICE = 20  # records that SAP is asked for, and that are waited for, together
BATCHES = 10  # of a slice that travels in batches
_SENT = (*UNDECIDED, IntentState.CONFLICTING, IntentState.CONFIRMED)
Progress = Callable[[int, int], None]


class Payloads(Protocol):
    """Where payloads are kept by key."""

    def write_once(self, key: str, data: bytes) -> bool:
        """Store only where nothing is stored yet; False where something was."""
        ...

    def read(self, key: str) -> bytes:
        """The bytes; InputRejected where there are none."""
        ...


class Source(Struct, frozen=True, kw_only=True):
    """A file of records, and what is done with them; `name` is that of the flow."""

    data: bytes
    name: str
    flow: WriteBack
    client: str
    mapping: FieldMapping | None = None


def read(source: Source, now: datetime, check: Check | None) -> Parsed:
    """The writes of the file; InputRejected where it as a whole, or every record, is wrong.

    With `on_error` stop it is too where one record is, once all mistakes are known.
    """
    flow = source.flow
    if check:
        _require_set(flow, check)
    found = parse(
        source.data,
        source.name,
        msgspec.structs.replace(flow, on_error="continue"),
        source.client,
        mapping=source.mapping,
        source=hashlib.sha256(source.data).hexdigest(),
        now=now,
    )
    found = checked(found, check, flow.on_error) if check else accepted(found, flow.on_error)
    if not found.planned:
        raise found.refusal()
    return found


def _require_set(flow: WriteBack, check: Check) -> None:
    """A set whose key is not known may be mistyped: $metadata tells which there are."""
    if finding_fields(flow):
        return
    whole = Change(kind="delete", service=flow.service, entity_set=flow.entity_set)
    wrong = [problem for problem in check(whole) if problem.code == "UNKNOWN_NAME"]
    if wrong:
        said = (problem.message.removeprefix(f"{flow.entity_set}: ") for problem in wrong)
        raise refused(*(file_problem(message, flow.entity_set) for message in said))


def write_file(
    source: Source, desk: Desk, payloads: Payloads, progress: Progress | None = None
) -> Iterator[dict[str, Any]]:
    """Write the records of a file in their order; yields one full response each, then the
    summary.

    Nobody else may take an intent of the desk. The same call goes on where it stopped. A lost
    answer is read back within this run where the quiet time allows, else by the next one; so is
    what an earlier content of the file left undecided, counted as `earlier_unknown`. Interrupted,
    it says what became of the records that were under way. Raises InputRejected before anything is
    sent where the file has mistakes; after the summary, what kept records from being written
    (SapUnavailable, LogonRefused, AuthorizationMissing, ServiceNotActivated).
    """
    run = AttendedRun(desk, source.flow.batch)
    wanted = _checked(source, desk, run)
    left = run.read_back(_earlier(source, desk, payloads, wanted))
    if source.flow.operation != "insert":
        run.note_sent(desk.intents.due(source.name, _SENT))
    found = place(wanted, desk.intents, source.flow.on_error)
    statuses: list[str] = []
    for line in _lines(found, _written(found, source, desk, payloads, run)):
        statuses.append(line["status"])
        if source.flow.on_error == "stop" and line["status"] not in FINE:
            run.stop()
        if progress:
            progress(len(statuses), len(found.planned) + len(found.refused))
        yield line
    yield summary(statuses) | ({"earlier_unknown": len(left)} if left else {})
    run.complain()


def _checked(source: Source, desk: Desk, run: AttendedRun) -> Parsed:
    """The writes, checked against $metadata; where SAP cannot give it, nothing will be sent."""
    now = desk.clock.now()
    try:
        return read(source, now, desk.sap.check)
    except InputRejected:
        raise
    except SapmatchError as exc:
        run.fail(exc)
        return read(source, now, None)


def _earlier(source: Source, desk: Desk, payloads: Payloads, found: Parsed) -> Iterator[Work]:
    """What was sent to this system, is not decided, and stands in this file no more."""
    here = {(intent.id, intent.payload_sha256) for intent, _ in found.planned}
    system = source.flow.connection, source.client
    for intent in desk.intents.due(source.name, tuple(UNDECIDED)):
        is_here = (intent.id, intent.payload_sha256) in here
        if (intent.connection, intent.client) == system and not is_here:
            yield intent, _decoded(payloads.read(intent.payload_key))


def _lines(found: Parsed, written: Iterator[Intent]) -> Iterator[dict[str, Any]]:
    """One response for each record, in the order of the file."""
    names = (intent.record for intent, _ in found.planned)
    answered = (full_response(name, each) for name, each in zip(names, written, strict=True))
    wrong = map(full_refusal, found.refused)
    return in_order(answered, wrong)


def in_order(*lines: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Responses in the order of the file, each as late as it can be taken."""
    return merge(*lines, key=lambda line: int(line["record"]))


def _written(
    found: Parsed, source: Source, desk: Desk, payloads: Payloads, run: AttendedRun
) -> Iterator[Intent]:
    """What became of every record that could be sent."""
    for intent, payload in found.planned:
        payloads.write_once(intent.payload_key, payload)
    intents = stored(found.planned, desk.intents)
    _require_service(intents, source.flow)
    size = 1 if source.flow.on_error == "stop" else max(SLICE, BATCHES * source.flow.batch)
    for start in range(0, len(intents), size):
        part = slice(start, start + size)
        records = (_decoded(payload) for _, payload in found.planned[part])
        yield from _taken(list(zip(intents[part], records, strict=True)), desk, run)


def _require_service(intents: Sequence[Intent], flow: WriteBack) -> None:
    """What the ledger knows of another service is no answer for this one."""
    for intent in intents:
        if intent.service != flow.service:
            raise InputRejected(
                f"row {intent.record}: the ledger has it for service {intent.service}; name "
                "another file with --ledger to write it by this one"
            )


def _taken(work: Sequence[Work], desk: Desk, run: AttendedRun) -> Iterator[Intent]:
    """The records as far as they go; interrupted, as far as they went."""
    done = 0
    try:
        for intent in run.write(work):
            done += 1
            yield intent
    except KeyboardInterrupt:
        yield from (desk.intents.get(intent.id) for intent, _ in work[done:])
        raise


def _decoded(payload: bytes) -> Record:
    return msgspec.json.decode(payload, type=Record)

"""Update files: the writes of one run as one JSON object, readable before and after it.

`updates/<flow>/runs/<run>/update.json`, schema 2:

    {"schema": 2, "flow": NAME, "run_id": ID,
     "source": null | {"key": INBOX FILE, "version_id": ID or null,
                        "sha256": HEX, or null where it was not read},
     "records": [{"record": NAME, "intent": ID, "operation", "service", "entity_set",
                  "function": NAME or null, "run_id": RUN OF ITS DROPPED FILE or null,
                  "key": {FIELD: VALUE}, "reference": {FIELD: VALUE},
                  "payload": {...}}],        a record as SAP takes it, nested for a deep create
     "refused": [{"record": NAME, "problems": [{"code", "message", "field", "values"}]}],
     "mistakes": 0}                          of a dropped file that was refused as a whole

The order of the records is the order of the writes. A file is written once and never changed.
Schema 1, the one before, has neither `function` nor `refused`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Intent, IntentState, Operation, Record
from sapmatch.model.ports import Intents, Objects
from sapmatch.writing.files.rows import require_size
from sapmatch.writing.files.update_rows import READABLE, SCHEMA
from sapmatch.writing.inbox import parse
from sapmatch.writing.mapping.apply import FieldMapping
from sapmatch.writing.plan import Parsed, Planned, Refused, place, stored
from sapmatch.writing.problems import file_problem, listed, refused
from sapmatch.writing.response_file import store_mistakes

MOST_RECORDS = 500  # per run; what is left over is the next run's
MOST_DROPPED = 5_000  # records of a dropped file, which is one run
# Planned, and whatever an earlier run left open: those are read back, not sent.
_OPEN = (
    IntentState.PLANNED,
    IntentState.CLAIMED,
    IntentState.SENT,
    IntentState.UNKNOWN,
    IntentState.RECONCILING,
    IntentState.ABSENT,
    IntentState.HELD,
)
_READERS = 8  # objects that are read or written at a time


class Source(Struct, frozen=True, kw_only=True):
    """The dropped file that a run came from; it stays as it is."""

    key: str
    version_id: str | None
    sha256: str | None = None


class UpdateRecord(Struct, frozen=True, kw_only=True):
    """One write."""

    record: str
    intent: str
    operation: Operation
    service: str
    entity_set: str
    key: dict[str, str]
    reference: dict[str, str]
    payload: Record
    function: str | None = None
    run_id: str | None = None


class UpdateFile(Struct, frozen=True, kw_only=True):
    """All writes of one run, and the records of its file that are not sent (`refused`).

    `mistakes` are those of a dropped file that was refused as a whole.
    """

    flow: str
    run_id: str
    records: tuple[UpdateRecord, ...] = ()
    source: Source | None = None
    refused: tuple[Refused, ...] = ()
    mistakes: int = 0
    schema: int = SCHEMA


def update_key(flow_name: str, run_id: str) -> str:
    """Where the update file of a run lies."""
    return f"updates/{flow_name}/runs/{run_id}/update.json"


def collect(
    flow_name: str, intents: Intents, objects: Objects, run_id: str, now: datetime
) -> UpdateFile:
    """Write the update file of a run from the flow's open intents: urgent ones, then oldest first.

    What is held for later than `now` is left to a later run. The same run again finds its file.
    Without open intents the file is empty, and where another run of the flow is at work: it would
    only wait for it, as all runs do that are started meanwhile.
    """
    if objects.exists(update_key(flow_name, run_id)):
        return load(flow_name, run_id, objects)
    if _is_at_work(flow_name, intents, now):
        return _store(UpdateFile(flow=flow_name, run_id=run_id), objects)
    found = (intent for intent in intents.due(flow_name, _OPEN) if not _is_held(intent, now))
    return collect_these(flow_name, list(islice(found, MOST_RECORDS)), objects, run_id)


def collect_these(
    flow_name: str, due: Sequence[Intent], objects: Objects, run_id: str
) -> UpdateFile:
    """Write the update file of a run from these intents."""
    with ThreadPoolExecutor(_READERS) as pool:
        payloads = list(pool.map(objects.read, (intent.payload_key for intent in due)))
    records = _records(zip(due, payloads, strict=True))
    return _store(UpdateFile(flow=flow_name, run_id=run_id, records=records), objects)


def collect_inbox(
    flow_name: str,
    flow: WriteBack,
    client: str,
    *,
    inbox_key: str,
    version_id: str | None,
    intents: Intents,
    objects: Objects,
    run_id: str,
    now: datetime,
    mapping: FieldMapping | None = None,
) -> UpdateFile:
    """Write the update file of a run from a dropped file; plans its intents first.

    Records with a mistake are `refused`, those of a flow that stops on errors all together. A file
    that is wrong as a whole plans nothing, and the response file of the run names every mistake.
    """
    if objects.exists(update_key(flow_name, run_id)):
        return load(flow_name, run_id, objects)
    source = Source(key=inbox_key, version_id=version_id)
    file = UpdateFile(flow=flow_name, run_id=run_id, source=source)
    try:
        _require_inbox(flow_name, flow)
        require_size(objects.size(inbox_key, version_id))
        data = objects.read(inbox_key, version_id)
        file = replace(file, source=replace(source, sha256=hashlib.sha256(data).hexdigest()))
        parsed = parse(
            data,
            flow_name,
            flow,
            client,
            mapping=mapping,
            source=run_id,
            now=now,
            most=MOST_DROPPED,
        )
        parsed = _of_run(place(parsed, intents, flow.on_error), run_id)
        if not parsed.planned:
            raise parsed.refusal()
    except InputRejected as wrong:
        return _refuse(file, wrong, objects)
    return _plan(file, parsed, intents, objects)


def _refuse(file: UpdateFile, wrong: InputRejected, objects: Objects) -> UpdateFile:
    if not wrong.problems:  # no mistake of the file: it is gone, or the stores are wrong
        raise wrong
    store_mistakes(file.flow, file.run_id, wrong.problems, objects)
    return _store(replace(file, mistakes=len(wrong.problems)), objects)


def _plan(file: UpdateFile, parsed: Parsed, intents: Intents, objects: Objects) -> UpdateFile:
    with ThreadPoolExecutor(_READERS) as pool:
        list(pool.map(lambda one: objects.write_once(one[0].payload_key, one[1]), parsed.planned))
    stored(parsed.planned, intents)
    records = _records(parsed.planned)
    return _store(replace(file, records=records, refused=parsed.refused), objects)


def refuse_inbox(
    flow_name: str, run_id: str, source: Source, known: Iterable[str], objects: Objects
) -> UpdateFile:
    """The update file of a run from a file that was dropped for a flow that nobody knows."""
    remedy = f"drop the file into the inbox of a known flow: {listed(sorted(known)) or 'none'}"
    mistake = refused(file_problem(f"{flow_name} is not in the settings; {remedy}", "flow"))
    store_mistakes(flow_name, run_id, mistake.problems, objects)
    return _store(UpdateFile(flow=flow_name, run_id=run_id, source=source, mistakes=1), objects)


def load(flow_name: str, run_id: str, objects: Objects) -> UpdateFile:
    """The update file of a run; raises InputRejected where there is none or it is unreadable."""
    key = update_key(flow_name, run_id)
    try:
        file = msgspec.json.decode(objects.read(key), type=UpdateFile)
    except msgspec.DecodeError as exc:
        raise InputRejected(f"{key}: is no update file; collect the run again") from exc
    if file.schema not in READABLE:
        raise InputRejected(f"{key}: has schema {file.schema}, which this version does not read")
    return file


def _of_run(parsed: Parsed, run_id: str) -> Parsed:
    """By it whoever reads a record back later finds its response file."""
    planned = tuple((replace(intent, run_id=run_id), data) for intent, data in parsed.planned)
    return replace(parsed, planned=planned)


def _is_at_work(flow_name: str, intents: Intents, now: datetime) -> bool:
    """Whether a worker of another run lives: its claims last for minutes only."""
    claimed = intents.due(flow_name, (IntentState.CLAIMED,))
    return any(one.lease_until is not None and one.lease_until > now for one in claimed)


def _is_held(intent: Intent, now: datetime) -> bool:
    until = intent.next_probe_at
    return intent.state is IntentState.HELD and until is not None and until > now


def _require_inbox(flow_name: str, flow: WriteBack) -> None:
    if flow.source != "inbox":
        message = f'{flow_name} takes no files: its source is "{flow.source}"; use another inbox'
        raise refused(file_problem(message, "flow"))


def _store(file: UpdateFile, objects: Objects) -> UpdateFile:
    if objects.write_once(update_key(file.flow, file.run_id), msgspec.json.encode(file)):
        return file
    return load(file.flow, file.run_id, objects)


def _records(planned: Iterable[Planned]) -> tuple[UpdateRecord, ...]:
    return tuple(
        UpdateRecord(
            record=intent.record,
            intent=intent.id,
            operation=intent.operation,
            service=intent.service,
            entity_set=intent.entity_set,
            key=intent.key,
            reference=intent.reference,
            function=intent.function,
            run_id=intent.run_id,
            payload=_payload(intent, payload),
        )
        for intent, payload in planned
    )


def _payload(intent: Intent, data: bytes) -> Record:
    if hashlib.sha256(data).hexdigest() != intent.payload_sha256:
        raise InputRejected(f"{intent.payload_key}: is not what was planned; restore the object")
    return msgspec.json.decode(data, type=Record)

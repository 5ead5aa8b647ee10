"""Writes before they are sent: planned, checked, put in their place, or planned once more."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Change, Intent, IntentState, Record
from sapmatch.model.ports import Intents
from sapmatch.writing.identity import (
    SAME_DOCUMENT,
    corrected_id,
    encoded,
    intent_id,
    payload_key,
)
from sapmatch.writing.problems import listed, refused, row_problem

Planned: TypeAlias = tuple[Intent, bytes]
OnError: TypeAlias = Literal["stop", "continue"]
Check: TypeAlias = Callable[[Change], Sequence[Problem]]
_CORRECTIONS = 100  # of one refused record, before a person has to look
_NOTHING_DONE = (IntentState.REJECTED, IntentState.VOID)
_KEPT = (
    "flow", "connection", "client", "operation", "service", "entity_set", "reference", "key",
    "document_id", "function", "effect", "marker", "on_behalf_of", "record", "run_id",
)  # fmt: skip
_TAKEN = "is under way or done with another content; compare it with SAP and change it by an update"


class Refused(Struct, frozen=True, kw_only=True):
    """A record of a file that is not sent, and why."""

    record: str
    problems: tuple[Problem, ...]


class Parsed(Struct, frozen=True, kw_only=True):
    """A file as its writes, in its order; `refused` are the records that cannot be written."""

    planned: tuple[Planned, ...] = ()
    refused: tuple[Refused, ...] = ()

    def refusal(self) -> InputRejected:
        """The file as a whole refused, for the mistakes of its records."""
        problems = (problem for record in self.refused for problem in record.problems)
        return refused(*problems, records=len(self.planned) + len(self.refused))


def new_intent(
    flow_name: str,
    flow: WriteBack,
    client: str,
    payload: Record,
    *,
    business_key: Mapping[str, str],
    once: bool = False,
    source: str = "",
    **fields: Any,
) -> Planned:
    """An intent of the flow with its payload bytes.

    `once`: one write per business key for ever; otherwise one per payload, and per `source` where
    the same change may be wanted again later.
    """
    data = encoded(payload)
    digest = hashlib.sha256(data).hexdigest()
    revision = "" if once else digest + source + (flow.function or "")
    intent = Intent(
        id=intent_id(
            flow.connection, client, flow.operation, flow.entity_set, business_key, revision
        ),
        flow=flow_name,
        connection=flow.connection,
        client=client,
        operation=flow.operation,
        service=flow.service,
        entity_set=flow.entity_set,
        payload_key=payload_key(data),
        payload_sha256=digest,
        function=flow.function,
        effect=flow.effect,
        **fields,
    )
    return intent, data


def accepted(parsed: Parsed, on_error: OnError) -> Parsed:
    """The same; with `stop` a file with one wrong record is refused as a whole: InputRejected."""
    if parsed.refused and on_error == "stop":
        raise parsed.refusal()
    return parsed


def checked(parsed: Parsed, check: Check, on_error: OnError) -> Parsed:
    """Without what $metadata rules out (`SapWriter.check`): unknown, read-only, too long fields."""
    return accepted(_sifted(parsed, lambda planned: _ruled_out(planned, check)), on_error)


def place(parsed: Parsed, intents: Intents, on_error: OnError) -> Parsed:
    """The writes under the ids that they have beside what is stored already.

    A refused insert may come again with another content, then as a new intent. What is under way or
    done with another content is refused: a second one could be a second document.
    """
    places = {intent.id: _place(intent, intents) for intent, _ in parsed.planned}

    def taken(planned: Planned) -> Iterator[Problem]:
        if places[planned[0].id] is None:
            yield row_problem(f"row {planned[0].record}", None, _TAKEN)

    free = _sifted(parsed, taken)
    moved = tuple((places[intent.id] or intent, payload) for intent, payload in free.planned)
    return accepted(Parsed(planned=moved, refused=free.refused), on_error)


def stored(planned: Sequence[Planned], intents: Intents) -> list[Intent]:
    """Plan the placed writes; raises InputRejected where another worker was faster with one."""
    found = intents.plan([intent for intent, _ in planned])
    for (intent, _), there in zip(planned, found, strict=True):
        if _another(there, intent):
            raise InputRejected(f"row {intent.record}: {_TAKEN}")
    return found


def replayed(intent: Intent, before: bytes, payload: Record | None = None) -> Planned:
    """A refused or voided write once more: `before` is its payload, `payload` the corrected one.

    It has an id of its own, the same for every repetition, so no second is planned beside it
    (`replay_of` finds it). Raises InputRejected for any other state, and for a correction that
    would be another document.
    """
    if intent.state not in _NOTHING_DONE:
        raise InputRejected(
            f"intent {intent.id}: is {intent.state}, and only what is REJECTED or VOID may be sent "
            "once more; what is unknown is read back, what is done is changed by an update"
        )
    data = before if payload is None else encoded(_correction(intent, before, payload))
    kept = {name: getattr(intent, name) for name in _KEPT}
    planned = Intent(
        id=corrected_id(intent.id),
        payload_key=payload_key(data),
        payload_sha256=hashlib.sha256(data).hexdigest(),
        urgent=True,
        corrects=intent.id,
        **kept,
    )
    return planned, data


def replay_of(intent: Intent, intents: Intents) -> Intent | None:
    """The last one that stands in the place of a refused write, None where none does."""
    last: Intent | None = None
    for _ in range(_CORRECTIONS):
        there = _stored(corrected_id((last or intent).id), intents)
        if there is None:
            return last
        last = there
    return last


def change_of(intent: Intent, payload: Record) -> Change:
    """What is to be sent, as it can be checked before; an upsert as if it were new."""
    record = {**intent.key, **payload} if intent.operation == "upsert" else payload
    kinds: dict[str, Any] = {"insert": "create", "upsert": "create"}
    return Change(
        kind=kinds.get(intent.operation, intent.operation),
        service=intent.service,
        entity_set=intent.entity_set,
        key={} if intent.operation in kinds else dict(intent.key),
        record=record,
        function=intent.function,
    )


def _sifted(parsed: Parsed, mistakes: Callable[[Planned], Iterator[Problem]]) -> Parsed:
    good: list[Planned] = []
    bad = list(parsed.refused)
    for planned in parsed.planned:
        problems = tuple(mistakes(planned))
        if problems:
            bad.append(Refused(record=planned[0].record, problems=problems))
        else:
            good.append(planned)
    return Parsed(planned=tuple(good), refused=tuple(sorted(bad, key=_number)))


def _number(refused: Refused) -> int:
    return int(refused.record) if refused.record.isdigit() else 0


def _ruled_out(planned: Planned, check: Check) -> Iterator[Problem]:
    intent, payload = planned
    for found in check(change_of(intent, msgspec.json.decode(payload, type=Record))):
        message = found.message.removeprefix(f"{found.field}: ")
        yield row_problem(f"row {intent.record}", found.field, message)


def _correction(intent: Intent, before: bytes, payload: Record) -> Record:
    """The corrected payload of the same document; its key may stand in it and is left out."""
    former = {**msgspec.json.decode(before, type=Record), **intent.key}
    names = (*intent.reference, *SAME_DOCUMENT.get(intent.entity_set, ()), *intent.key)
    moved = [n for n in names if n in payload and payload[n] != former.get(n)]
    moved += [n for n in names if n not in payload and n not in intent.key and n in former]
    if moved:
        raise InputRejected(
            f"intent {intent.id}: the correction has another {listed(moved)}, so it is another "
            "document; write it as a file of its own"
        )
    return {name: value for name, value in payload.items() if name not in intent.key}


def _place(intent: Intent, intents: Intents) -> Intent | None:
    """Behind all that SAP refused of the same record; None where its place is taken."""
    if intent.operation != "insert":
        return intent
    same: Intent | None = None
    for _ in range(_CORRECTIONS):
        there = _stored(intent.id, intents)
        if there is None:
            return same or intent
        if there.state not in _NOTHING_DONE:
            return None if _another(there, intent) else intent
        same = same if _another(there, intent) else intent
        intent = msgspec.structs.replace(intent, id=corrected_id(intent.id), corrects=intent.id)
    return None


def _another(there: Intent, intent: Intent) -> bool:
    return there.payload_sha256 != intent.payload_sha256


def _stored(intent_id: str, intents: Intents) -> Intent | None:
    try:
        return intents.get(intent_id)
    except InputRejected:
        return None

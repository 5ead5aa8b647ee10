"""Files that a user wrote: a JSON array or NDJSON of records, passed on to SAP as they are."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Intent, Record
from sapmatch.writing.identity import business_key, key_fields, reference_fields
from sapmatch.writing.plan import new_intent

MOST_BYTES = 50_000_000
MOST_RECORDS = 100_000
SHOWN = 20  # mistakes in the message; all of them are in `problems`
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def parse_inbox(
    data: bytes,
    flow_name: str,
    flow: WriteBack,
    connection: str,
    client: str,
    *,
    source: str = "",
    now: datetime | None = None,
) -> list[tuple[Intent, bytes]]:
    """Intents for the records of a file, in its order, each with its payload.

    Numbers with a fraction become strings, as V2 takes decimals (OD-P40); all else is passed on.
    Updates, upserts and deletes carry the key fields in the record. `source` names the drop: the
    same change in a later drop is a new one, while an insert stays the same for ever. Raises
    InputRejected that names every mistake by row and field.
    """
    flow = msgspec.structs.replace(flow, connection=connection)
    rows = list(_rows(data))
    problems = [problem for number, row in rows for problem in _check(number, row, flow)]
    problems += _repeated(rows, flow)
    if problems:
        raise _rejected(problems)
    common = {"created_at": now}
    return [
        _planned(flow_name, flow, client, row, source, {"record": str(number), **common})
        for number, row in rows
    ]


def _planned(
    flow_name: str,
    flow: WriteBack,
    client: str,
    row: Record,
    source: str,
    fields: Mapping[str, Any],
) -> tuple[Intent, bytes]:
    if flow.operation == "insert":
        reference = {name: str(row[name]) for name in reference_fields(flow)}
        return new_intent(
            flow_name,
            flow,
            client,
            row,
            business_key=business_key(flow, row),
            once=True,
            reference=reference,
            **fields,
        )
    key = {name: str(row[name]) for name in key_fields(flow)}
    payload = {name: value for name, value in row.items() if name not in key}
    return new_intent(
        flow_name, flow, client, payload, business_key=key, source=source, key=key, **fields
    )


def _rows(data: bytes) -> Iterator[tuple[int, Any]]:
    """Row number from 1 and value; raises InputRejected where the file is not readable at all."""
    if len(data) > MOST_BYTES:
        raise _rejected([_problem("file", f"is over {MOST_BYTES} bytes; split it")])
    text = data.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        raise _rejected([_problem("file", "is empty")])
    rows = _array(text) if text.startswith(b"[") else _lines(text)
    if not rows:
        raise _rejected([_problem("file", "holds no record")])
    if len(rows) > MOST_RECORDS:
        raise _rejected([_problem("file", f"holds over {MOST_RECORDS} records; split it")])
    yield from enumerate(rows, start=1)


def _array(text: bytes) -> list[Any]:
    try:
        rows: list[Any] = _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise _rejected([_problem("file", f"is no JSON: {exc}")]) from exc
    return rows


def _lines(text: bytes) -> list[Any]:
    rows: list[Any] = []
    problems: list[Problem] = []
    try:
        return [_decoder.decode(text)]  # one object, however it is laid out
    except (msgspec.DecodeError, RecursionError):
        lines = text.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            rows.append(_decoder.decode(line))
        except (msgspec.DecodeError, RecursionError) as exc:
            problems.append(_problem(f"line {number}", f"is no JSON: {exc}"))
    if problems:
        raise _rejected(problems)
    return rows


def _check(number: int, row: Any, flow: WriteBack) -> Iterator[Problem]:
    where = f"row {number}"
    if not isinstance(row, dict) or not row:
        yield _problem(where, "must be an object with fields")
        return
    inserting = flow.operation == "insert"
    fields = reference_fields(flow) if inserting else key_fields(flow)
    purpose = "SAP is searched by it for what was created" if inserting else "it is in the key"
    for name in fields:
        if not _names_something(row.get(name)):
            yield _problem(f"{where}: {name}", f"must be given as text: {purpose}")
    if not fields:
        yield _problem(where, f"{flow.entity_set} has no known key; name it with a reference")
    if flow.operation in ("update", "upsert"):
        yield from _check_change(where, row, fields, flow)


def _names_something(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _check_change(
    where: str, row: Record, fields: Sequence[str], flow: WriteBack
) -> Iterator[Problem]:
    if not row.keys() - set(fields):
        yield _problem(where, "changes no field")
    for name, value in row.items():
        if isinstance(value, dict | list) and flow.operation == "update":
            yield _problem(
                f"{where}: {name}", "is nested: SAP takes no deep update, change items one by one"
            )


def _repeated(rows: Sequence[tuple[int, Any]], flow: WriteBack) -> list[Problem]:
    """Two inserts under one reference could not be told apart when they are read back.

    Of two changes of one record the second would hide what became of the first.
    """
    fields = reference_fields(flow) if flow.operation == "insert" else key_fields(flow)
    first: dict[tuple[str, ...], int] = {}
    problems: list[Problem] = []
    for number, row in rows:
        named = isinstance(row, dict) and all(_names_something(row.get(n)) for n in fields)
        if not fields or not named:
            continue
        values = (str(row[name]) for name in fields)
        reference = tuple(v.upper() if flow.operation == "insert" else v for v in values)
        earlier = first.setdefault(reference, number)
        if earlier != number:
            names = ", ".join(fields)
            problems.append(_problem(f"row {number}: {names}", f"is the same as in row {earlier}"))
    return problems


def _problem(field: str, message: str) -> Problem:
    return Problem(code="RECORD", message=message, field=field)


def _rejected(problems: Sequence[Problem]) -> InputRejected:
    lines = [f"\n  {problem.field}: {problem.message}" for problem in problems[:SHOWN]]
    more = f"\n  and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return InputRejected(f"{len(problems)} mistake(s) in the file{''.join(lines)}{more}", problems)

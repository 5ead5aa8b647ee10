"""Files that a user wrote as writes: checked row by row, mapped where the flow has a mapping."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import Problem
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Record
from sapmatch.writing.files.rows import MOST_RECORDS, Row, Rows, read_rows
from sapmatch.writing.files.update_rows import is_update_file, rows_of_update_file
from sapmatch.writing.identity import business_key, encoded, key_fields, reference_fields
from sapmatch.writing.mapping.apply import FieldMapping, applied, missing_columns
from sapmatch.writing.marker import marked, marker
from sapmatch.writing.plan import Parsed, Planned, Refused, accepted, new_intent
from sapmatch.writing.problems import file_problem, listed, refused, row_problem, shown

OPERATION = "operation"  # the one field of a record that is not SAP's
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class _Batch(Struct, frozen=True, kw_only=True):
    """What all records of one file have in common."""

    flow_name: str
    flow: WriteBack
    client: str
    source: str
    now: datetime | None


def parse(
    data: bytes,
    flow_name: str,
    flow: WriteBack,
    client: str,
    *,
    mapping: FieldMapping | None = None,
    source: str = "",
    now: datetime | None = None,
    most: int = MOST_RECORDS,
) -> Parsed:
    """The writes of a file, in its order; each is named by the number of its row.

    JSON array, NDJSON, one JSON object, CSV, or an update file of our own. Numbers with a fraction
    become strings with the same digits, as V2 takes decimals (OD-P40); all else is passed on.
    Updates, upserts, deletes and calls carry the key fields in the record. `source` names the drop:
    the same change in a later drop is a new one, while an insert stays the same for ever.
    Raises InputRejected where the file as a whole is wrong, or a record is and the flow stops on
    errors; otherwise what is wrong with a record stands in `refused`, by row and field.
    """
    found = read_rows(data, most)
    if is_update_file(found):
        rows = rows_of_update_file(found.rows[0], flow, most)
    else:
        rows = _mapped(found, mapping) if mapping else _as_they_are(found, flow)
    batch = _Batch(flow_name=flow_name, flow=flow, client=client, source=source, now=now)
    return accepted(_urgent(_planned(_checked(rows, flow), batch), flow), flow.on_error)


def _urgent(parsed: Parsed, flow: WriteBack) -> Parsed:
    """A small drop goes before what is planned in bulk."""
    if len(parsed.planned) > flow.urgent_below:
        return parsed
    hasty = tuple((replace(intent, urgent=True), data) for intent, data in parsed.planned)
    return replace(parsed, planned=hasty)


def _as_they_are(found: Rows, flow: WriteBack) -> list[Row]:
    """Records in SAP's fields; one that names another operation than the flow's is in no file."""
    problems = [
        row_problem(row.where, OPERATION, f"is another one than {flow.operation}, which all are")
        for row in found.rows
        if isinstance(row.record, dict)
        and row.record.get(OPERATION, flow.operation) != flow.operation
    ]
    if found.columns:
        problems += _wrong_columns(found.columns, flow)
    if problems:
        raise refused(*problems)
    return [_without_operation(row) for row in found.rows]


def _without_operation(row: Row) -> Row:
    if not isinstance(row.record, dict) or OPERATION not in row.record:
        return row
    record = {name: value for name, value in row.record.items() if name != OPERATION}
    return replace(row, record=record)


def _wrong_columns(columns: Sequence[str], flow: WriteBack) -> Iterator[Problem]:
    for name in columns:
        if not (name.isascii() and name.isidentifier()):
            message = f"{shown(name)} is no field of SAP; name its fields, or give a mapping"
            yield file_problem(message, "first line")
    for name in finding_fields(flow):
        if name not in columns:
            yield file_problem(f"names no column {name}, which every record needs", "first line")


def _mapped(found: Rows, mapping: FieldMapping) -> list[Row]:
    """Every record in SAP's fields, as the mapping makes them."""
    records = [row.record for row in found.rows if isinstance(row.record, dict)]
    names = found.columns or {name for record in records for name in record}
    missing = missing_columns(mapping, names)
    if missing:
        message = f"has no field {listed(missing)}, which the mapping of {mapping.name} takes"
        raise refused(file_problem(message))
    return [_mapped_row(row, mapping) for row in found.rows]


def _mapped_row(row: Row, mapping: FieldMapping) -> Row:
    if not isinstance(row.record, dict) or row.problems:
        return row
    record, wrong = applied(mapping, {"record": row.record})
    problems = tuple(row_problem(row.where, target, message) for target, message in wrong)
    return replace(row, record=record, problems=problems)


def _checked(rows: Sequence[Row], flow: WriteBack) -> Iterator[Row]:
    """Every row with all that is wrong with it.

    Two inserts under one reference could not be told apart when they are read back; of two changes
    of one record the second would hide what became of the first.
    """
    names = finding_fields(flow)
    if not names:
        message = "its key is not known here: name the fields that a record is found by (reference)"
        raise refused(file_problem(message, flow.entity_set))
    first: dict[tuple[str, ...], Row] = {}
    for row in rows:
        problems = list(row.problems) or [*_mistakes(row, flow, names)]
        if not problems and all(name in row.record for name in names):
            earlier = first.setdefault(_identity(row.record, names, flow), row)
            if earlier is not row:
                message = f"is the same as in {earlier.where}"
                problems = [row_problem(row.where, listed(names), message)]
        yield replace(row, problems=tuple(problems))


def _identity(record: Record, names: Sequence[str], flow: WriteBack) -> tuple[str, ...]:
    values = (str(record[name]) for name in names)
    return tuple(value.upper() if flow.operation == "insert" else value for value in values)


def _mistakes(row: Row, flow: WriteBack, names: Sequence[str]) -> Iterator[Problem]:
    record = row.record
    if not isinstance(record, dict) or not record:
        yield row_problem(row.where, None, "must be an object with fields")
        return
    purpose = "SAP is searched by it" if flow.operation == "insert" else "it is in the key"
    for name in names:
        if wrong := _wrong_name(record.get(name)):
            yield row_problem(row.where, name, f"{wrong}: {purpose}")
    if flow.operation in ("update", "upsert"):
        yield from _wrong_change(row, flow, names)
    if flow.marker and flow.marker in record:
        yield row_problem(row.where, flow.marker, "is the flow's marker field; leave it out")


def _wrong_name(value: Any) -> str | None:
    """Why SAP could not be asked for exactly this; blanks at the ends are not kept there."""
    if value is None or value == "":
        return "is missing or empty"
    if isinstance(value, bool) or not isinstance(value, str | int):
        return "must be given as text"
    if _CONTROL.search(str(value)):
        return "holds a control character"
    return "begins or ends with a blank" if str(value) != str(value).strip() else None


def _wrong_change(row: Row, flow: WriteBack, names: Sequence[str]) -> Iterator[Problem]:
    if not row.record.keys() - set(names):
        yield row_problem(row.where, None, "changes no field")
    for name, value in row.record.items():
        if isinstance(value, dict | list) and flow.operation == "update":
            message = "is nested: SAP takes no deep update, change items one by one"
            yield row_problem(row.where, shown(name), message)


def finding_fields(flow: WriteBack) -> tuple[str, ...]:
    """Fields by which a record is found in SAP.

    Those of an upsert are the key, or the reference of the flow where SAP gives the key.
    """
    if flow.operation == "insert" or (flow.operation == "upsert" and flow.reference):
        return reference_fields(flow)
    return key_fields(flow)


def _planned(rows: Iterator[Row], batch: _Batch) -> Parsed:
    planned: list[Planned] = []
    bad: list[Refused] = []
    for row in rows:
        if row.problems:
            bad.append(Refused(record=str(row.number), problems=row.problems))
        else:
            planned.append(_write(row, batch))
    return Parsed(planned=tuple(planned), refused=tuple(bad))


def _write(row: Row, batch: _Batch) -> Planned:
    flow, names = batch.flow, finding_fields(batch.flow)
    given = {name: str(row.record[name]) for name in names}
    common: dict[str, Any] = {"record": str(row.number), "created_at": batch.now}
    if names == key_fields(flow) and flow.operation != "insert":
        payload = {name: value for name, value in row.record.items() if name not in given}
        return _at_key(given, payload, batch, common)
    once = business_key(flow, row.record)
    identity = encoded([flow.entity_set, once]).decode()
    payload = row.record | marked(flow, identity)
    return new_intent(
        batch.flow_name,
        flow,
        batch.client,
        payload,
        business_key=once,
        once=flow.operation == "insert",
        source=batch.source,
        reference=given,
        marker=marker(identity) if flow.marker else None,
        **common,
    )


def _at_key(
    key: Mapping[str, str], payload: Record, batch: _Batch, common: Mapping[str, Any]
) -> Planned:
    return new_intent(
        batch.flow_name,
        batch.flow,
        batch.client,
        payload,
        business_key=key,
        source=batch.source,
        key=dict(key),
        **common,
    )

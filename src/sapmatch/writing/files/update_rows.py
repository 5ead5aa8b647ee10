"""Update files of our own that are dropped again: their records in SAP's fields."""

from collections.abc import Iterator
from typing import Any

from sapmatch.model.errors import Problem
from sapmatch.model.flow import WriteBack
from sapmatch.writing.files.rows import Row, Rows
from sapmatch.writing.problems import file_problem, refused, row_problem

SCHEMA = 2
READABLE = (1, SCHEMA)  # the present one and the one before (RE-32)
_MARKS = ("schema", "records")  # no field of SAP begins with a small letter


def is_update_file(rows: Rows) -> bool:
    """Whether a file says that it is one."""
    record = rows.rows[0].record
    return rows.single and isinstance(record, dict) and any(name in record for name in _MARKS)


def rows_of_update_file(file: Row, flow: WriteBack, most: int) -> list[Row]:
    """Its records as key and payload together; InputRejected where it is none, or another flow's.

    Records may name operation, entity set and service: then those of the flow.
    """
    found, records = file.record, file.record.get("records")
    if file.problems:
        raise refused(*file.problems)
    if found.get("schema") not in READABLE:
        message = f"is none that is known here; {' and '.join(map(str, READABLE))} are"
        raise refused(file_problem(message, "schema"))
    if not isinstance(records, list) or not records:
        raise refused(file_problem("must be a list with records", "records"))
    if len(records) > most:
        raise refused(file_problem(f"holds over {most} records; split it"))
    rows = [_row(number, each) for number, each in enumerate(records, start=1)]
    problems = [problem for row in rows for problem in _of_another_flow(row, flow)]
    if problems:
        raise refused(*problems)
    return [_merged(row) for row in rows]


def _row(number: int, record: Any) -> Row:
    return Row(number=number, record=record)


def _of_another_flow(row: Row, flow: WriteBack) -> Iterator[Problem]:
    for name in ("operation", "entity_set", "service"):
        wanted = getattr(flow, name)
        if isinstance(row.record, dict) and row.record.get(name, wanted) != wanted:
            yield row_problem(row.where, name, "is another one than the flow's")


def _merged(row: Row) -> Row:
    record = row.record if isinstance(row.record, dict) else {}
    key, payload = record.get("key", {}), record.get("payload")
    if not isinstance(key, dict) or not isinstance(payload, dict):
        problem = row_problem(row.where, "payload", "must be an object with fields, and so the key")
        return Row(number=row.number, problems=(problem,))
    return Row(number=row.number, record={**key, **payload})

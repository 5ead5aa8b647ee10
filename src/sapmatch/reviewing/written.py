"""What is known of one run of write-back: its response file, and the update file it was made of."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from sapmatch.model.messages import for_people
from sapmatch.model.ports import Objects
from sapmatch.reviewing.asked import SHORT_ID

_ROW = re.compile(r"(?:^|(?<=; ))row \d+(?: \(line (\d+)\))?(?:: )?")
_DOCUMENT = re.compile(r"[0-9a-f]{64}")


class Answer(Struct, frozen=True, kw_only=True):
    """One record of a response file; `name` is its key or reference in SAP, `line` of its file.

    `file` is the key of that file where an earlier run left the record to this one.
    """

    record: str
    status: str
    said: str
    remedy: str
    name: str = ""
    line: str | None = None
    file: str | None = None
    intent: str | None = None
    cause: str | None = None
    http_status: int | None = None

    @property
    def place(self) -> str:
        """The record as people look for it."""
        if _DOCUMENT.fullmatch(self.record):
            return f"document {self.record[:SHORT_ID]}"
        line = f", line {self.line}" if self.line else ""
        of_file = f" of {self.file.rpartition('/')[2]}" if self.file else ""
        return f"record {self.record}{line}{of_file}"


class WrittenRun(Struct, frozen=True, kw_only=True):
    """A run with its answers; `source` is the key of the dropped file, `records` how many it had.

    `table` is the key of its response file for people, None where there is none.
    """

    flow: str
    run_id: str
    answers: tuple[Answer, ...] = ()
    records: int = 0
    source: str | None = None
    table: str | None = None

    def with_status(self, status: str) -> tuple[Answer, ...]:
        """Those of the answers that have it."""
        return tuple(answer for answer in self.answers if answer.status == status)


def written_run(flow: str, run_id: str, objects: Objects) -> WrittenRun:
    """The run as it is stored; whatever is not there yet stays empty."""
    lines = _response_lines(f"{_responses(flow, run_id)}.ndjson", objects)
    file = _update_file(flow, run_id, objects)
    planned = {each["intent"]: each for each in file.get("records", ())}
    earlier = {each.get("run_id") for each in planned.values()} - {None, run_id}
    files = {run: _file(_update_file(flow, run, objects)) for run in sorted(earlier)}
    answers = tuple(
        _answer(line, planned.get(line.get("intent"), {}), files)
        for line in lines
        if "summary" not in line
    )
    return WrittenRun(
        flow=flow,
        run_id=run_id,
        answers=answers,
        records=len(answers),
        source=_file(file),
        table=f"{_responses(flow, run_id)}.csv" if lines else None,
    )


def alike(answers: Sequence[Answer]) -> dict[tuple[str, str], list[Answer]]:
    """By what was said about them and what to do: one group for many records."""
    groups: dict[tuple[str, str], list[Answer]] = {}
    for answer in answers:
        groups.setdefault((answer.said, answer.remedy), []).append(answer)
    return groups


def _responses(flow: str, run_id: str) -> str:
    return f"responses/{flow}/{run_id}"


def _response_lines(key: str, objects: Objects) -> list[dict[str, Any]]:
    stored = objects.read(key).splitlines() if objects.exists(key) else []
    return [msgspec.json.decode(line) for line in stored]


def _update_file(flow: str, run_id: str, objects: Objects) -> dict[str, Any]:
    key = f"updates/{flow}/runs/{run_id}/update.json"
    found: dict[str, Any] = msgspec.json.decode(objects.read(key)) if objects.exists(key) else {}
    return found


def _file(update_file: Mapping[str, Any]) -> str | None:
    """The key of the dropped file that it was made of."""
    return (update_file.get("source") or {}).get("key")


def _answer(
    line: Mapping[str, Any], planned: Mapping[str, Any], files: Mapping[str, str | None]
) -> Answer:
    """Mistakes of a row are told without their row: equal ones shall be found equal."""
    record, said = str(line.get("record")), line.get("sap_message") or line.get("status") or ""
    row = _ROW.match(said) or _ROW.match(record)
    return Answer(
        record=record,
        status=line.get("status") or "",
        said=for_people(_ROW.sub("", said)),
        remedy=line.get("remedy") or "",
        name=_name(line) or _name(planned),
        file=files.get(planned.get("run_id", "")),
        line=row and row[1],
        intent=line.get("intent"),
        cause=line.get("cause"),
        http_status=line.get("http_status"),
    )


def _name(line: Mapping[str, Any]) -> str:
    """`4500000990/10`"""
    return "/".join(
        str(value) for value in (line.get("key") or line.get("reference") or {}).values()
    )

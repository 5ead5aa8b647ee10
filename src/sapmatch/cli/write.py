"""`sapmatch write CONNECTION ENTITY_SET FILE --operation ...`."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from sapmatch.bootstrap import sap_client
from sapmatch.bootstrap.writing import rules_of
from sapmatch.cli import output
from sapmatch.cli.ledger import SUFFIX, LedgerFile
from sapmatch.cli.options import add_common, add_connection, connection_of, existing
from sapmatch.cli.responses import kept
from sapmatch.cli.write_options import add_flow, flow_of, mapping_table
from sapmatch.clock import SystemClock
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, TransientError
from sapmatch.model.messages import for_people
from sapmatch.settings import Settings
from sapmatch.writing.desk import Desk
from sapmatch.writing.files.rows import require_size
from sapmatch.writing.mapping.apply import mapping_of
from sapmatch.writing.response_file import COLUMNS as ALL_COLUMNS
from sapmatch.writing.runs.dry_run import dry_run
from sapmatch.writing.runs.turn import FINE
from sapmatch.writing.runs.write_file import OWNER, Source, write_file

if TYPE_CHECKING:
    from sapmatch.sap.odata.client import ODataClient

REFUSED = 3
COLUMNS = ("Record", "Status", "Key", "Note")
KEPT = frozenset(ALL_COLUMNS) - {"record", "status", "key", "sap_message", "http_status"}
PLAN = ("Record", "Action", "Key", "Changes", "Note")
SLACK = timedelta(seconds=2)  # one process: what is written ahead leaves at once, or not at all
SAVERS = 8  # records whose write-ahead is forced to disk together
Lines = Iterable[dict[str, Any]]
Table = Callable[[Lines], None]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_connection(parser)
    parser.add_argument("file", metavar="FILE", help="a JSON array, JSON lines, or CSV")
    add_flow(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="show old and new values, send nothing"
    )
    parser.add_argument("--responses", metavar="DIR", type=Path, help="keep the answers there")
    parser.add_argument(
        "--ledger", metavar="FILE", type=Path, help=f"what was sent (else FILE{SUFFIX})"
    )
    parser.add_argument("--yes", action="store_true", help="delete and call without asking")
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write every record at most once; 3 where one of them is not in SAP as it should be."""
    existing([arguments.file])
    settings = connection_of(arguments)
    source = _source(arguments, settings)
    if arguments.dry_run:
        shown = _show(arguments, _planned(settings, source), _show_plan)
        return REFUSED if any(line.get("action") == "refuse" for line in shown) else 0
    if not _agreed(arguments, source):
        return 0
    lines = kept(
        arguments.responses, Path(arguments.file).name, _written(arguments, settings, source)
    )
    shown = _show(arguments, lines, _show_answers)
    fine = all(line["status"] in FINE for line in shown if "status" in line)
    left = any("earlier_unknown" in line for line in shown)
    return 0 if fine and not left else REFUSED


def _source(arguments: argparse.Namespace, settings: Settings) -> Source:
    flow = flow_of(arguments, settings)
    path = Path(arguments.file)
    try:
        require_size(path.stat().st_size)
        data = path.read_bytes()
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be read ({exc.strerror})") from exc
    except InputRejected as exc:
        raise InputRejected(f"{path}: {exc}", exc.problems) from exc
    return Source(
        data=data,
        name=arguments.entity_set,
        flow=flow,
        client=settings.connections[flow.connection].client,
        mapping=mapping_of(arguments.entity_set, flow, mapping_table(arguments, flow)),
    )


def _agreed(arguments: argparse.Namespace, source: Source) -> bool:
    """Whether whoever sits there wants what cannot be undone; a script said so by its command."""
    flow = source.flow
    asked = flow.operation in ("delete", "call") and sys.stdin.isatty() and not arguments.yes
    if not asked:
        return True
    verb = f"call {flow.function} for" if flow.operation == "call" else "delete"
    output.note(
        f"{verb} the records of {arguments.file} in {flow.entity_set} of {flow.connection}, "
        f"client {source.client}? [y/N]"
    )
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _planned(settings: Settings, source: Source) -> Iterator[dict[str, Any]]:
    """The plan of a run that sends nothing; of the file alone where SAP cannot be asked."""
    try:
        sap = sap_client(settings, source.flow.connection)
    except InputRejected as exc:
        yield from _offline(source, exc)
        return
    with sap:
        try:
            lines = list(dry_run(source, sap, SystemClock().now()))
        except TransientError as exc:
            lines = list(_offline(source, exc))
    yield from lines


def _offline(source: Source, error: Exception) -> Lines:
    output.note(f"SAP was not asked, so this is the plan of the file alone: {error}")
    return dry_run(source, None, SystemClock().now())


def _written(
    arguments: argparse.Namespace, settings: Settings, source: Source
) -> Iterator[dict[str, Any]]:
    ledger = arguments.ledger or Path(f"{arguments.file}{SUFFIX}")
    name = source.flow.connection
    with (
        LedgerFile(ledger) as intents,
        sap_client(settings, name) as sap,
        output.progress("writing") as progress,
    ):
        desk = _desk(name, settings.connections[name], sap, intents)
        yield from write_file(source, desk, intents, progress)


def _desk(name: str, connection: Connection, sap: "ODataClient", intents: LedgerFile) -> Desk:
    rules = replace(rules_of(connection), slack=SLACK, skew=timedelta(0))  # one clock
    return Desk(
        sap=sap,
        intents=intents,
        clock=SystemClock(),
        rules=rules,
        owner=OWNER,
        savers=SAVERS,
        answer_seconds=connection.read_timeout,
        system=(name, connection.client),
    )


def _show(arguments: argparse.Namespace, lines: Lines, table: Table) -> list[dict[str, Any]]:
    """Print the lines as they come, those before an error too; returns them."""
    shown: list[dict[str, Any]] = []
    with _told(arguments):
        try:
            for line in lines:
                shown.append(line)
                if arguments.json:
                    output.json_line(_printed(line))
        finally:
            if shown and not arguments.json:
                table([line for line in shown if "status" in line])
                _show_counts(shown)
    return shown


@contextmanager
def _told(arguments: argparse.Namespace) -> Iterator[None]:
    """Mistakes with the name of the file, and a full disk with what became of the writes."""
    try:
        yield
    except output.OutputFailed as exc:
        done = "nothing was sent" if arguments.dry_run else "what was sent stands in the ledger"
        raise InputRejected(f"{exc}; {done}") from exc
    except InputRejected as exc:
        where = f"{arguments.file}: " if exc.problems else ""
        raise InputRejected(f"{where}{exc}", exc.problems) from exc


def _printed(line: dict[str, Any]) -> dict[str, Any]:
    """Times, attempts and remedies are for the response files."""
    return {name: value for name, value in line.items() if name not in KEPT}


def _show_answers(records: Lines) -> None:
    rows = ((n["record"], n["status"], _key(n["key"]), _said(n)) for n in records)
    output.table(COLUMNS, rows)


def _show_plan(records: Lines) -> None:
    rows = (
        (n["record"], n["action"], _key(n["key"]), _changes(n["changes"]), n["sap_message"])
        for n in records
    )
    output.table(PLAN, rows)


def _show_counts(lines: Lines) -> None:
    for line in lines:
        if "summary" in line:
            counts = line["summary"].items()
            output.line(", ".join(f"{name} {count}" for name, count in counts if count))
        if "earlier_unknown" in line:
            output.note(
                f"{line['earlier_unknown']} record(s) that an earlier run sent are not decided "
                "yet, and stand in this file no more: run the command again later"
            )


def _said(line: dict[str, Any]) -> list[str]:
    return [text for text in (for_people(line["sap_message"] or ""), line["remedy"]) if text]


def _changes(changes: dict[str, dict[str, Any]]) -> list[str]:
    return [
        f"{name}: {_value(each['old'])} -> {_value(each['new'])}"
        if "old" in each
        else f"{name}: {_value(each['new'])}"
        for name, each in changes.items()
    ]


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _key(key: dict[str, str] | None) -> str:
    return "/".join((key or {}).values())

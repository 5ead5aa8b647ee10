"""`sapmatch write CONNECTION ENTITY_SET FILE --operation ...`."""

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

from sapmatch.bootstrap import sap_client
from sapmatch.cli import output
from sapmatch.cli.ledger import SUFFIX, LedgerFile
from sapmatch.cli.options import add_common, add_connection, connection_of, existing, service_of
from sapmatch.clock import SystemClock
from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Operation
from sapmatch.settings import Settings
from sapmatch.writing.inbox import parse_inbox
from sapmatch.writing.response_file import response, summary
from sapmatch.writing.run import FINE
from sapmatch.writing.write_file import write_file

REFUSED = 3
COLUMNS = ("Record", "Status", "Key", "SAP says")
Lines = Iterable[dict[str, Any]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_connection(parser)
    parser.add_argument("file", metavar="FILE", help="a JSON array, or one JSON object a line")
    parser.add_argument("--operation", choices=get_args(Operation), required=True)
    parser.add_argument(
        "--reference",
        metavar="FIELD",
        action="append",
        default=[],
        help="field by which SAP can be searched for a record (may be repeated)",
    )
    parser.add_argument("--on-error", choices=("stop", "continue"), default="continue")
    parser.add_argument("--dry-run", action="store_true", help="check the file, send nothing")
    parser.add_argument("--responses", metavar="DIR", type=Path, help="keep the answers there")
    parser.add_argument(
        "--ledger", metavar="FILE", type=Path, help=f"what was sent (else FILE{SUFFIX})"
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write every record at most once; 3 where one of them is not in SAP as it should be."""
    existing([arguments.file])
    settings = connection_of(arguments)
    flow = _flow(arguments, service_of(arguments, settings))
    data = Path(arguments.file).read_bytes()
    if arguments.dry_run:
        _show(arguments, _checked(settings, flow, data))
        return 0
    lines = _kept(arguments, _written(arguments, settings, flow, data))
    statuses = _show(arguments, lines)
    return 0 if statuses <= set(FINE) else REFUSED


def _flow(arguments: argparse.Namespace, service: str) -> WriteBack:
    return WriteBack(
        connection=arguments.connection,
        service=service,
        entity_set=arguments.entity_set,
        operation=arguments.operation,
        reference=tuple(arguments.reference),
        on_error=arguments.on_error,
    )


def _checked(settings: Settings, flow: WriteBack, data: bytes) -> Lines:
    """The answers of a run that sends nothing; needs neither SAP nor a ledger."""
    client = settings.connections[flow.connection].client
    planned = parse_inbox(data, flow.entity_set, flow, flow.connection, client)
    lines = [response(intent.record, intent) for intent, _ in planned]
    return [*lines, summary(line["status"] for line in lines)]


def _written(
    arguments: argparse.Namespace, settings: Settings, flow: WriteBack, data: bytes
) -> Iterator[dict[str, Any]]:
    connection = settings.connections[flow.connection]
    ledger = arguments.ledger or Path(f"{arguments.file}{SUFFIX}")
    with (
        LedgerFile(ledger) as intents,
        sap_client(settings, flow.connection) as sap,
        output.progress("writing") as progress,
    ):
        yield from write_file(
            sap,
            data,
            flow=flow,
            flow_name=flow.entity_set,
            connection=flow.connection,
            client=connection.client,
            ledger=intents,
            clock=SystemClock(),
            on_error=flow.on_error,
            dry_run=False,
            quiet_seconds=connection.settle_seconds,
            probe_spacing_seconds=connection.probe_spacing_seconds,
            progress=progress,
        )


def _kept(arguments: argparse.Namespace, lines: Lines) -> Iterator[dict[str, Any]]:
    """The lines, also written to the folder for responses as they come."""
    if arguments.responses is None:
        yield from lines
        return
    path = arguments.responses / f"{Path(arguments.file).name}.responses.ndjson"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w", encoding="utf-8")
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be written ({exc.strerror})") from exc
    with file:
        for line in lines:
            file.write(json.dumps(line) + "\n")
            yield line


def _show(arguments: argparse.Namespace, lines: Lines) -> set[str]:
    """Print the lines, those before an error too; returns the statuses."""
    shown: list[dict[str, Any]] = []
    try:
        for line in lines:
            shown.append(line)
            if arguments.json:
                output.json_line(line)
    except InputRejected as exc:
        where = f"{arguments.file}: " if exc.problems else ""
        raise InputRejected(f"{where}{exc}", exc.problems) from exc
    finally:
        if shown and not arguments.json:
            _show_table(shown)
    return {line["status"] for line in shown if "status" in line}


def _show_table(lines: list[dict[str, Any]]) -> None:
    records = [line for line in lines if "status" in line]
    rows = ((n["record"], n["status"], _key(n["key"]), n["sap_message"]) for n in records)
    output.table(COLUMNS, rows)
    for counts in (line["summary"] for line in lines if "summary" in line):
        output.line(", ".join(f"{name} {count}" for name, count in counts.items() if count))


def _key(key: dict[str, str] | None) -> str:
    return "/".join((key or {}).values())

"""`sapmatch extract CONNECTION ENTITY_SET --to DIR`."""

import argparse
import time
from pathlib import Path

import msgspec

from sapmatch.bootstrap import sap_client
from sapmatch.cli import output
from sapmatch.cli.options import add_common, add_connection, connection_of, positive, service_of
from sapmatch.extracting.local import ExtractSummary, extract_entity_set
from sapmatch.model.query import Query


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_connection(parser)
    parser.add_argument("--to", metavar="DIR", required=True, type=Path)
    parser.add_argument("--filter", metavar="F", help="$filter as SAP takes it")
    parser.add_argument("--select", metavar="A,B", default="", help="only these fields")
    parser.add_argument("--expand", metavar="N", default="", help="with these navigations")
    parser.add_argument("--format", metavar="ndjson|csv", default="ndjson")
    parser.add_argument(
        "--values",
        choices=("raw", "typed"),
        default="raw",
        help="NDJSON rows as SAP sent them (default), or with plain values",
    )
    parser.add_argument(
        "--delta", action="store_true", help="only what changed since the last call"
    )
    parser.add_argument("--page-size", metavar="N", type=positive, help="rows asked for at a time")
    parser.add_argument(
        "--parallel", metavar="N", type=positive, help="connections to SAP kept open"
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write DIR/<EntitySet>.<format> and print one summary."""
    settings = connection_of(arguments, parallel=arguments.parallel)
    service = service_of(arguments, settings)
    began = time.monotonic()
    with (
        sap_client(settings, arguments.connection) as sap,
        output.progress(arguments.entity_set) as progress,
    ):
        summary = extract_entity_set(
            sap,
            service,
            arguments.entity_set,
            _query(arguments),
            to=arguments.to,
            format=arguments.format,
            values=arguments.values,
            delta=arguments.delta,
            progress=progress,
        )
    _show(summary, round(time.monotonic() - began, 3), as_json=arguments.json)
    return 0


def _query(arguments: argparse.Namespace) -> Query:
    return Query(
        select=_names(arguments.select),
        expand=_names(arguments.expand),
        filter=arguments.filter,
        page_size=arguments.page_size,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _show(summary: ExtractSummary, seconds: float, *, as_json: bool) -> None:
    if as_json:
        found = msgspec.structs.asdict(summary)
        note = found.pop("note")
        output.json_line({**found, "seconds": seconds, **({"note": note} if note else {})})
        return
    files = ", ".join(summary.files)
    output.line(f"{summary.entity_set}: {summary.rows} rows in {seconds} s -> {files}")
    if summary.note:
        output.line(summary.note)

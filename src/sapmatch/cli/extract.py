"""`sapmatch extract CONNECTION ENTITY_SET --to DIR`."""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sapmatch.bootstrap import sap_client
from sapmatch.cli import output
from sapmatch.cli.options import (
    add_common,
    add_connection,
    connection_of,
    filled,
    names,
    service_of,
    up_to,
)
from sapmatch.clock import SystemClock
from sapmatch.extracting.local import (
    ROWS_REFUSED,
    ExtractSummary,
    Wanted,
    Work,
    extract_entity_set,
)
from sapmatch.folder import FolderControl, FolderObjects, work_folder
from sapmatch.limits.permits import Permits
from sapmatch.model.auth import secret_of
from sapmatch.model.errors import InputRejected, ResyncRequired
from sapmatch.model.flow import EntitySet, Output
from sapmatch.settings import Settings
from sapmatch.settings.extraction import MOST_READERS, MOST_ROWS

REFUSED = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_connection(parser)
    parser.add_argument("--to", metavar="DIR", required=True, type=Path)
    _add_query(parser)
    _add_output(parser)
    parser.add_argument(
        "--delta",
        action="store_true",
        help="read only what changed since the last call; the file holds all that SAP holds",
    )
    parser.add_argument(
        "--reload", action="store_true", help="forget what was read before and load everything"
    )
    parser.add_argument(
        "--page-size",
        metavar="N",
        type=up_to(MOST_ROWS),
        help=f"rows asked for at a time, up to {MOST_ROWS} (default 1000)",
    )
    parser.add_argument(
        "--parallel",
        metavar="N",
        type=up_to(MOST_READERS),
        help=f"parts that are read at a time, up to {MOST_READERS} (default 1)",
    )
    add_common(parser)
    parser.set_defaults(run=run)


def _add_query(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--filter", metavar="F", type=filled, help="$filter as SAP takes it")
    parser.add_argument("--select", metavar="A,B", type=names, default=(), help="only these fields")
    parser.add_argument(
        "--expand", metavar="N", type=names, default=(), help="with these navigations"
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("ndjson", "csv", "parquet"), default="ndjson")
    parser.add_argument(
        "--values",
        choices=("raw", "typed"),
        help="NDJSON rows as SAP sent them (default), or with plain values",
    )
    parser.add_argument("--compression", choices=("none", "gzip", "zstd"), default="none")
    parser.add_argument(
        "--flatten", action="store_true", help="a row of its own for each expanded one"
    )
    parser.add_argument(
        "--labels",
        action="store_true",
        help="name columns by SAP's labels, BUKRS and the like in English",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write DIR/<EntitySet>.<format> and print one summary; 3 where its rows were refused."""
    try:
        _extract(arguments)
    except InputRejected as exc:
        if not any(problem.code == ROWS_REFUSED for problem in exc.problems):
            raise
        output.complain(str(exc))
        return REFUSED
    return 0


def _extract(arguments: argparse.Namespace) -> None:
    settings = connection_of(arguments, parallel=arguments.parallel)
    wanted = _wanted(arguments, settings)
    began = time.monotonic()
    with (
        sap_client(settings, arguments.connection) as sap,
        work_folder(arguments.to, wanted.entity_set.name) as folder,
        output.RowProgress(arguments.entity_set) as progress,
        _reload_named(),
    ):
        summary = extract_entity_set(
            wanted,
            to=arguments.to,
            sap=sap,
            work=work_in(folder / ("delta" if arguments.delta else "full"), wanted),
            clock=SystemClock(),
            progress=progress,
        )
    _show(summary, round(time.monotonic() - began, 3), as_json=arguments.json)


def _wanted(arguments: argparse.Namespace, settings: Settings) -> Wanted:
    connection = settings.connections[arguments.connection]
    entity_set = EntitySet(
        service=service_of(arguments, settings),
        name=arguments.entity_set,
        select=arguments.select,
        expand=arguments.expand,
        filter=arguments.filter,
    )
    wanted = Wanted(
        connection=arguments.connection,
        system=f"{connection.url} {connection.client} {secret_of(connection.auth)}",
        entity_set=entity_set,
        output=_output(arguments),
        delta=arguments.delta,
        reload=arguments.reload,
        parallel=arguments.parallel or 1,
    )
    if arguments.page_size is None:
        return wanted
    return msgspec.structs.replace(wanted, page_size=arguments.page_size)


def _output(arguments: argparse.Namespace) -> Output:
    """InputRejected for options that would do nothing."""
    if arguments.values == "raw" and arguments.format != "ndjson":
        raise InputRejected(
            f"--values raw: {arguments.format} is always typed; leave it out, or write NDJSON"
        )
    if arguments.flatten and not arguments.expand:
        raise InputRejected("--flatten: there is nothing to flatten without --expand; add it")
    return Output(
        format=arguments.format,
        values=arguments.values or "raw",
        compression=arguments.compression,
        nested="flatten" if arguments.flatten else "nested",
        labels=arguments.labels,
    )


def work_in(folder: Path, wanted: Wanted) -> Work:
    """The ports of a run whose objects lie in a folder."""
    control = FolderControl(folder / "control")
    return Work(
        folder=folder,
        objects=FolderObjects(folder / "objects"),
        control=control,
        permits=Permits(control, SystemClock(), wanted.connection, wanted.parallel),
    )


@contextmanager
def _reload_named() -> Iterator[None]:
    try:
        yield
    except ResyncRequired as exc:
        raise ResyncRequired(f"{exc}; here: the same command with --reload") from exc


def _show(summary: ExtractSummary, seconds: float, *, as_json: bool) -> None:
    if as_json:
        found = msgspec.structs.asdict(summary)
        optional = {name: found.pop(name) for name in ("changed", "deleted", "note")}
        known = {name: value for name, value in optional.items() if value is not None}
        output.json_line({**found, "seconds": seconds, **known})
        return
    files = ", ".join(summary.files)
    output.line(f"{summary.entity_set}: {summary.rows} rows in {seconds} s -> {files}")
    if summary.changed is not None:
        output.line(f"read {summary.changed} new or changed rows, {summary.deleted} are gone")
    if summary.note:
        output.line(summary.note)

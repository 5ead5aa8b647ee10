"""`sapmatch tables list CONNECTION`, `sapmatch tables read CONNECTION ALIAS [--key K]`."""

import argparse
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

from sapmatch.bootstrap.users import rfc_of, users_of
from sapmatch.cli import output
from sapmatch.cli.options import add_action, connection_of, filled
from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import RfcStructure
from sapmatch.sap.tables.grammar import Table
from sapmatch.sap.tables.reader import described, identity, parts, settings_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_action(actions, "list", "list the tables that the settings describe", run_list)
    read = add_action(actions, "read", "read the rows of a table", run_read)
    read.add_argument("alias", metavar="ALIAS", type=filled, help="as `tables list` names it")
    read.add_argument(
        "--key",
        metavar="K",
        type=filled,
        help="only this row; parts of a key are joined by ':', and a ':' inside of one is '\\:'",
    )


def run_list(arguments: argparse.Namespace) -> int:
    """One line for each alias; nothing is asked of SAP."""
    found = [
        {
            "alias": table.alias,
            "table": table.table,
            "keys": [column.name for column in table.keys],
            "columns": list(table.names),
            "sub_tables": [sub.table for sub in table.subs],
        }
        for table in _described(arguments).values()
    ]
    if arguments.json:
        for line in found:
            output.json_line(line)
    else:
        columns = ("alias", "table", "keys", "columns", "sub_tables")
        output.table(columns, ([line[name] for name in columns] for line in found))
    return 0


def run_read(arguments: argparse.Namespace) -> int:
    """Rows as they come; each with its key as one text and as an object."""
    settings = connection_of(arguments)
    tables = _described(arguments)
    alias = arguments.alias.upper()
    if alias not in tables:
        known = ", ".join(sorted(tables)) or "none"
        raise InputRejected(f"{arguments.alias}: no table has this alias; known are {known}")
    table = tables[alias]
    key = parts(arguments.key) if arguments.key else ()
    with closing(users_of(settings, arguments.connection)) as side:
        rows = _told(side.tables.rows(alias, key))
        if arguments.json:
            for row in rows:
                output.json_line(_record(table, row))
        else:
            output.table(table.names, ([row[name] for name in table.names] for row in rows))
    return 0


def _told(rows: Iterable[RfcStructure]) -> Iterator[RfcStructure]:
    """The rows; on stderr where there is none."""
    number = 0
    for number, row in enumerate(rows, start=1):  # noqa: B007 - it is looked at behind the loop
        yield row
    if not number:
        output.note("no row is like that")


def _record(table: Table, row: RfcStructure) -> dict[str, Any]:
    """Rows of sub tables as a list: each has a line."""
    below = {sub.name for sub in table.subs}
    values = {
        name: str(value or "").splitlines() if name in below else value
        for name, value in row.items()
    }
    key = {column.name: row[column.name] for column in table.keys}
    return {"id": identity(table, row), "key": key, "row": values}


def _described(arguments: argparse.Namespace) -> dict[str, Table]:
    connection = connection_of(arguments).connections[arguments.connection]
    rfc = rfc_of(arguments.connection, connection)
    return described(rfc, settings_of(arguments.connection))

"""`sapmatch call CONNECTION FUNCTION --json-input FILE`, or `--json @FILE`."""

import argparse
import base64
import binascii
import json
import re
import sys
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NoReturn

from sapmatch.bootstrap.rfc import rfc_transport
from sapmatch.cli import output
from sapmatch.cli.options import add_settings, connection_of, names
from sapmatch.model.errors import InputRejected, SapRejected
from sapmatch.model.rfc import (
    Field,
    FunctionInterface,
    Parameter,
    Rfc,
    RfcInput,
    RfcResult,
    RfcScalar,
    RfcStructure,
    RfcTable,
    RfcTransport,
)
from sapmatch.sap.rfc.hidden import is_hash, passwords_in
from sapmatch.sap.rfc.reading import READS
from sapmatch.sap.rfc.values import value_of
from sapmatch.sap.tables.allowed import denied_in

REFUSED = 3
LARGEST = 10_000_000  # bytes of input
_TABLES = re.compile(r"READ_TABLE|TABLE_ENTRIES")
_TYPED: Final = frozenset({"date", "time", "decimal", "float"})


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("connection", metavar="CONNECTION", help="its name in the settings")
    parser.add_argument("function", metavar="FUNCTION", help="one of its rfc.functions")
    parser.add_argument(
        "--json-input",
        metavar="FILE|JSON",
        help="parameters by name: a value, the fields of a structure, or the rows of a table; "
        "FILE, @FILE, - for stdin, or JSON itself",
    )
    parser.add_argument(
        "--json",
        metavar="@FILE|JSON",
        nargs="?",
        const=True,
        type=_json,
        help="print JSON; with a value behind it, that is the input too",
    )
    parser.add_argument(
        "--want", metavar="TABLES", type=names, help="tables to bring (else all that there are)"
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--changes",
        dest="changes",
        action="store_true",
        default=True,
        help="it may change something, so it is sent at most once (default)",
    )
    way.add_argument(
        "--reads",
        dest="changes",
        action="store_false",
        help="it changes nothing, and is repeated where SAP is busy",
    )
    add_settings(parser)
    parser.set_defaults(run=run)


def _json(text: str) -> str:
    """The type of `--json`, which stands elsewhere without a value, and then before anything."""
    if text != "-" and not text.startswith(("@", "{")):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no input, which is @FILE, - for stdin, or JSON itself (as --json-input); "
            "to print JSON only, write --json last"
        )
    return text


def run(arguments: argparse.Namespace) -> int:
    """Call once and print what came; 3 where SAP or RETURN refuses."""
    settings = connection_of(arguments)
    function = arguments.function.upper()
    rfc = settings.connections[arguments.connection].rfc
    _check_listed(arguments.connection, function, rfc.functions if rfc else ())
    changes = arguments.changes and function not in READS
    if not arguments.changes:
        _check_reads(function)
    given = _input(_written(arguments))
    _check_tables(function, given, rfc)
    transport = rfc_transport(settings, arguments.connection)
    try:
        result = _called(transport, function, given, arguments.want, changes=changes)
    except SapRejected as exc:
        output.complain(str(exc))
        return REFUSED
    finally:
        transport.close()
    shown = _shown(function, result)
    if arguments.json:
        output.json_line(shown)
    else:
        _show(shown)
    return REFUSED if any(message.is_error for message in result.messages) else 0


def _check_listed(connection: str, function: str, listed: Collection[str]) -> None:
    """Only what the settings name, which somebody has looked at."""
    if function in listed:
        return
    setting = f"connections.{connection}.rfc.functions"
    why = (
        "it reads tables past all authorisations of applications; `sapmatch tables` reads those "
        "that rfc.tables names"
        if _TABLES.search(function)
        else "some modules change data, passwords or programs"
    )
    raise InputRejected(
        f"{setting}: does not name {function}, so it is not called; {why}. Where it is meant, add "
        f'"{function}" there'
    )


def _check_tables(function: str, given: Mapping[str, Any], rfc: Rfc | None) -> None:
    """No table that holds passwords or keys, by whichever module, whatever the settings name."""
    reads = bool(_TABLES.search(function)) or (
        rfc is not None and function == rfc.table_read_function
    )
    for name, table, why in denied_in(given, reads_tables=reads):
        raise InputRejected(f"{name}: {table} holds {why} and is never read")


def _check_reads(function: str) -> None:
    from sapmatch.sap.rfc.interfaces import INTERFACES

    if function in INTERFACES and function not in READS:
        raise InputRejected(f"--reads: {function} changes something; leave the option out")


def _written(arguments: argparse.Namespace) -> str:
    """The input as it was given, by either option."""
    given = [each for each in (arguments.json_input, arguments.json) if each not in (None, True)]
    if len(given) > 1:
        raise InputRejected(
            "--json-input: is given, and --json has a value too; give the input once"
        )
    return str(given[0]) if given else "{}"


def _input(given: str) -> dict[str, Any]:
    """The object of parameters, its decimals exact."""
    text = given.strip()
    is_shown = text.startswith(("{", "["))
    try:
        if not is_shown:
            text = _text_of(text)
        found = json.loads(
            text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_object
        )
    except (ValueError, RecursionError) as exc:
        raise InputRejected(f"--json-input: is no JSON (RFC 8259){_where(exc)}") from exc
    if not isinstance(found, dict):
        raise InputRejected('--json-input: must be an object, such as {"USERNAME": "JDOE"}')
    if is_shown:
        _check_passwords(found)
    return {str(name).upper(): value for name, value in found.items()}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object none of whose names stands there twice, in whatever case."""
    names_seen: set[str] = set()
    for name, _ in pairs:
        if name.upper() in names_seen:
            raise InputRejected(
                f"--json-input: {name[:60]} stands there twice, and nobody knows which one is "
                "meant; nothing was called"
            )
        names_seen.add(name.upper())
    return dict(pairs)


def _check_passwords(given: Mapping[str, Any]) -> None:
    """None on the command line, where others on the machine and the shell's history see it."""
    for at, _ in passwords_in(given):
        raise InputRejected(
            f"--json-input: {at}: a password is no argument, which others see; give the input as "
            "@FILE, or as - by stdin; nothing was called"
        )


def _where(error: Exception) -> str:
    """The place of a mistake, never what stands there."""
    if isinstance(error, json.JSONDecodeError):
        return f": {error.msg} (line {error.lineno}, column {error.colno})"
    return ""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _text_of(name: str) -> str:
    """What is in a file, or comes by stdin."""
    if name == "-":
        return sys.stdin.read(LARGEST)
    path = Path(name.removeprefix("@"))
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as exc:
        raise InputRejected(f"--json-input {path}: cannot be read: {exc.strerror}") from exc
    if len(content) > LARGEST:
        raise InputRejected(f"--json-input {path}: is larger than {LARGEST} bytes")
    return content.decode("utf-8-sig")


def _called(
    transport: RfcTransport,
    function: str,
    given: Mapping[str, Any],
    want: Collection[str] | None,
    *,
    changes: bool,
) -> RfcResult:
    interface = transport.interface(function)
    known = {each.name: each for each in interface.parameters} if interface else {}
    if interface:
        _check_names("--json-input", function, given, _named(interface, "export", other=True))
        _check_names("--want", function, want or (), _named(interface, "tables"))
    imports: dict[str, RfcInput] = {}
    tables: dict[str, RfcTable] = {}
    for name, value in given.items():
        if isinstance(value, list):
            tables[name] = [_row(name, row, known.get(name)) for row in value]
        elif isinstance(value, dict):
            imports[name] = _row(name, value, known.get(name))
        else:
            fields = known[name].fields if name in known else ()
            imports[name] = _value(name, value, fields[0] if fields else None)
    wanted: Collection[str] = want or ()
    if want is None and interface:
        wanted = _named(interface, "tables")
    return transport.call(function, imports, tables, want=tuple(wanted), changes=changes)


def _check_names(
    option: str, function: str, given: Collection[str], known: Collection[str]
) -> None:
    for name in given:
        if name not in known:
            there = ", ".join(known) or "none"
            raise InputRejected(
                f"{option}: {name} is no parameter of {function} for this; there are {there}"
            )


def _named(interface: FunctionInterface, direction: str, *, other: bool = False) -> list[str]:
    """Parameters of this direction, or of every other."""
    return [each.name for each in interface.parameters if (each.direction == direction) != other]


def _row(name: str, row: Any, parameter: Parameter | None) -> RfcStructure:
    if not isinstance(row, dict):
        raise InputRejected(f"--json-input: {name}: each row must be an object")
    fields = {each.name: each for each in parameter.fields} if parameter else {}
    upper = {str(key).upper(): value for key, value in row.items()}
    return {key: _value(f"{name}.{key}", value, fields.get(key)) for key, value in upper.items()}


def _value(name: str, value: Any, field: Field | None) -> RfcScalar:
    """A value of JSON as the field takes it; null is initial."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal | None):
        raise InputRejected(f'--json-input: {name}: must be text or a number; a flag is "X"')
    if not isinstance(value, str) or field is None:
        return value
    try:
        if field.type == "raw":
            return base64.b64decode(value, validate=True)
        if field.type in _TYPED:
            return value_of(value, field)
    except (ValueError, binascii.Error) as exc:
        raise InputRejected(f"--json-input: {name}: is no {field.type}") from exc
    return value


def _shown(function: str, result: RfcResult) -> dict[str, Any]:
    return {
        "function": function,
        "exports": {n: _masked(each) for n, each in result.exports.items() if not is_hash(n)},
        "tables": {name: [_masked(row) for row in rows] for name, rows in result.tables.items()},
        "messages": result.messages,
        "absent": result.absent,
    }


def _masked(value: RfcInput) -> RfcInput:
    """Without hashes of passwords, which nobody needs to see."""
    if not isinstance(value, Mapping):
        return value
    return {name: each for name, each in value.items() if not is_hash(name)}


def _show(shown: Mapping[str, Any]) -> None:
    exports = shown["exports"]
    output.heading(shown["function"])
    output.facts((n, _cell(each)) for n, each in exports.items() if not isinstance(each, dict))
    for name, each in exports.items():
        if isinstance(each, dict) and any(each.values()):
            output.heading(name)
            output.facts((field, _cell(value)) for field, value in each.items())
    for name, rows in shown["tables"].items():
        if rows and name != "RETURN":
            columns = list(dict.fromkeys(key for row in rows for key in row))
            output.heading(f"{name} ({len(rows)})")
            output.table(columns, ([_cell(row.get(key)) for key in columns] for row in rows))
    for name in shown["absent"]:
        output.line(f"{name}: was asked for and did not come")
    for message in shown["messages"]:
        output.line(f"{message.type} {message.code}: {message.text}")


def _cell(value: Any) -> Any:
    """Bytes as JSON has them."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value

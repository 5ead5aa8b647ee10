"""What `sapmatch write` is told: a flow of the settings, or one made of options."""

import argparse
from pathlib import Path
from typing import Any, get_args

from msgspec.structs import replace

from sapmatch.cli.options import filled, service_of, settings_path, up_to
from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Operation
from sapmatch.settings import Settings

MOST_IN_BATCH = 100  # change sets of one $batch
_OVER = ("service", "operation", "function", "batch", "on_error")


def add_flow(parser: argparse.ArgumentParser) -> None:
    """The options that make a flow, or change one of the settings."""
    add = parser.add_argument
    add("--operation", choices=get_args(Operation), help="needed where no flow is named")
    add("--function", metavar="NAME", type=filled, help="what operation call calls")
    add(
        "--effect",
        metavar="FIELD=VALUE",
        action="append",
        default=[],
        help="field that shows that the call happened; * for any value (may be repeated)",
    )
    add("--mapping", metavar="FILE", type=Path, help="CSV: source,target,default,conversion")
    add(
        "--reference",
        metavar="FIELD",
        action="append",
        default=[],
        help="field by which SAP can be searched for a record (may be repeated)",
    )
    add("--on-error", choices=("stop", "continue"), help="after a bad record (else continue)")
    add("--batch", metavar="N", type=up_to(MOST_IN_BATCH), help="records in one $batch (else 1)")


def flow_of(arguments: argparse.Namespace, settings: Settings) -> WriteBack:
    """The flow that is named in place of the entity set, else the one that the options make.

    Raises InputRejected where something is missing, or belongs to another connection.
    """
    named = settings.write_backs.get(arguments.entity_set)
    if named is None:
        return _made(arguments, settings)
    if named.connection != arguments.connection:
        raise InputRejected(
            f"write_backs.{arguments.entity_set}: writes to connection {named.connection}, "
            f"not {arguments.connection}"
        )
    if named.source == "match":
        raise InputRejected(
            f"write_backs.{arguments.entity_set}: writes what is matched, and takes no files"
        )
    return replace(named, **_given(arguments))


def mapping_table(arguments: argparse.Namespace, flow: WriteBack) -> bytes | None:
    """The CSV mapping file: that of the call, else that of the flow beside the settings."""
    path: Path | None = arguments.mapping
    if path is None and flow.mapping_file:
        path = settings_path(arguments.settings).parent / flow.mapping_file
    try:
        return path.read_bytes() if path else None
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be read ({exc.strerror})") from exc


def _made(arguments: argparse.Namespace, settings: Settings) -> WriteBack:
    if arguments.operation is None:
        known = ", ".join(sorted(settings.write_backs)) or "none"
        raise InputRejected(
            f"{arguments.entity_set}: give --operation, or name a flow of the settings in place "
            f"of ENTITY_SET; known are {known}"
        )
    service = service_of(arguments, settings)
    fields = {**_given(arguments), "service": service}
    flow = WriteBack(connection=arguments.connection, entity_set=arguments.entity_set, **fields)
    _check_call(flow)
    return flow


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Fields of the flow that the call names."""
    given = {name: getattr(arguments, name) for name in _OVER if getattr(arguments, name)}
    if arguments.reference:
        given["reference"] = tuple(arguments.reference)
    if arguments.effect:
        given["effect"] = dict(map(_pair, arguments.effect))
    if arguments.mapping:
        given["mapping_file"] = arguments.mapping.name
    return given


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise InputRejected(f"--effect {text}: write it as FIELD=VALUE")
    return name, value


def _check_call(flow: WriteBack) -> None:
    if flow.operation != "call":
        if flow.function or flow.effect:
            raise InputRejected("--function and --effect belong to --operation call")
    elif not flow.function:
        raise InputRejected("--operation call: name with --function what is called")
    elif not flow.effect:
        raise InputRejected(
            f"--function {flow.function}: name with --effect FIELD=VALUE what the record shows "
            "once it has happened, so that a lost answer can be read back"
        )

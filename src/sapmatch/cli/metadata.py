"""`sapmatch metadata CONNECTION|FILE.edmx`."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from sapmatch.bootstrap import sap_client
from sapmatch.cli import output
from sapmatch.cli.options import add_common, connection_of, service_of
from sapmatch.model.errors import InputRejected
from sapmatch.sap.odata.drift import drift, is_breaking
from sapmatch.sap.odata.edmx import LARGEST, parse_metadata
from sapmatch.sap.odata.metadata import EntitySet, Metadata, Operation, Property, StructuredType

BROKEN = 3
_FILES = (".edmx", ".xml")
_SET_FLAGS = ("creatable", "updatable", "deletable")
_FIELD_FLAGS = ("creatable", "updatable", "filterable", "sortable")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "connection",
        metavar="CONNECTION|FILE",
        help="a connection of the settings, or a file that holds $metadata (.edmx, .xml)",
    )
    parser.add_argument("--service", metavar="PATH", help="else the connection's own service")
    parser.add_argument("--entity-set", metavar="NAME", help="only this one, with its fields")
    parser.add_argument(
        "--against", metavar="FILE", help="what changed since this file; 3 where it may break"
    )
    parser.add_argument("--save", metavar="FILE", help="keep SAP's own document, to compare with")
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what the service offers, or how it differs; 3 where a difference may break a caller."""
    metadata = _metadata(arguments)
    names = [arguments.entity_set] if arguments.entity_set else list(metadata.entity_sets)
    sets = [metadata.entity_set(name) for name in names]
    differences = drift(_read(arguments.against), metadata) if arguments.against else ()
    if arguments.json:
        changed = {"drift": differences} if arguments.against else {}
        output.json_line({**_as_json(metadata, sets), **changed})
    elif arguments.against:
        _show_drift(differences)
    elif arguments.entity_set:
        _show_fields(metadata, sets[0])
    else:
        _show(metadata, sets)
    return BROKEN if any(map(is_breaking, differences)) else 0


def _metadata(arguments: argparse.Namespace) -> Metadata:
    source = arguments.connection
    if Path(source).suffix.lower() in _FILES:
        if arguments.save:
            raise InputRejected("--save: keeps what SAP sends; name a connection, not a file")
        return _read(source)
    settings = connection_of(arguments)
    service = service_of(arguments, settings)
    with sap_client(settings, source) as sap:
        if arguments.save is None:
            return sap.service(service).metadata()
        return _kept(sap.service(service).document(), arguments.save)


def _kept(document: bytes, name: str) -> Metadata:
    """The metadata in a document that is readable, and is in the file now."""
    metadata = parse_metadata(document)
    try:
        Path(name).write_bytes(document)
    except OSError as exc:
        raise InputRejected(f"--save {name}: cannot be written: {exc.strerror}") from exc
    return metadata


def _read(name: str) -> Metadata:
    """The metadata in a file; what is too large is not even loaded."""
    try:
        with Path(name).open("rb") as file:
            document = file.read(LARGEST + 1)
    except OSError as exc:
        raise InputRejected(f"{name}: cannot be read: {exc.strerror}") from exc
    try:
        return parse_metadata(document)
    except InputRejected as exc:
        raise InputRejected(f"{name}: {exc}", exc.problems) from exc


def _as_json(metadata: Metadata, sets: Iterable[EntitySet]) -> dict[str, Any]:
    return {
        "version": metadata.version,
        "namespace": metadata.namespace,
        "entity_sets": [_set_as_json(metadata, each) for each in sets],
        "functions": [asdict(each) for each in metadata.operations],
        "problems": metadata.problems,
        "sha256": metadata.sha256,
    }


def _set_as_json(metadata: Metadata, entity_set: EntitySet) -> dict[str, Any]:
    kind = _type(metadata, entity_set)
    return {
        **asdict(entity_set),
        "keys": kind.keys,
        "properties": [asdict(each) for each in kind.properties.values()],
        "navigations": [asdict(each) for each in kind.navigations.values()],
    }


def _type(metadata: Metadata, entity_set: EntitySet) -> StructuredType:
    """Its type, an empty one where the document lacks it (`problems` says so)."""
    return metadata.types.get(entity_set.type) or StructuredType(name=entity_set.type)


def _show(metadata: Metadata, sets: Iterable[EntitySet]) -> None:
    output.heading(f"{metadata.namespace}: OData {metadata.version}")
    output.table(
        ("Entity set", "Keys", "Fields", "May be", "Note"),
        ((each.name, *_row(each, _type(metadata, each))) for each in sets),
    )
    if metadata.operations:
        output.table(
            ("Function or action", "By", "Parameters", "Returns", "Of"),
            map(_call, metadata.operations),
        )
    for problem in metadata.problems:
        output.line(problem)


def _row(entity_set: EntitySet, kind: StructuredType) -> tuple[Any, ...]:
    return (
        ", ".join(kind.keys),
        len(kind.properties),
        _allowed(entity_set),
        ", ".join(_notes(entity_set)),
    )


def _notes(entity_set: EntitySet) -> Iterable[str]:
    said = {
        "singleton": entity_set.single,
        "needs a filter": entity_set.requires_filter,
        "no $top": not entity_set.topable,
        "no $skip": not entity_set.pageable,
        "not on its own": not entity_set.addressable,
        "no $count": not entity_set.countable,
        "tracks changes": entity_set.tracks_changes,
    }
    return (note for note, holds in said.items() if holds)


def _call(call: Operation) -> tuple[Any, ...]:
    parameters = [f"{each.name}: {each.type}" for each in call.parameters]
    returns = f"Collection({call.returns})" if call.returns_many else call.returns
    return call.name, call.method, parameters, returns, call.bound_to or call.action_for


def _show_fields(metadata: Metadata, entity_set: EntitySet) -> None:
    kind = metadata.type_of(entity_set.name)
    allowed = _allowed(entity_set) or "only read"
    output.heading(f"{entity_set.name}: {allowed}")
    for note in _notes(entity_set):
        output.line(note)
    output.table(
        ("Field", "Type", "Label", "Not", "Unit"),
        (
            (
                _marked(each, kind),
                _type_text(each),
                each.label,
                _refused(each),
                each.unit,
            )
            for each in kind.properties.values()
        ),
    )
    output.table(
        ("Navigation", "To"), ((each.name, each.target) for each in kind.navigations.values())
    )


def _marked(field: Property, kind: StructuredType) -> str:
    marks = {"key": field.name in kind.keys, "in every filter": field.required_in_filter}
    shown = ", ".join(mark for mark, holds in marks.items() if holds)
    return f"{field.name} ({shown})" if shown else field.name


def _type_text(field: Property) -> str:
    facets = [str(each) for each in (field.max_length, field.precision, field.scale) if each]
    text = field.type + (f"({','.join(facets)})" if facets else "")
    return f"Collection({text})" if field.many else text


def _refused(field: Property) -> str:
    return " ".join(flag for flag in _FIELD_FLAGS if not getattr(field, flag))


def _allowed(entity_set: EntitySet) -> str:
    return " ".join(flag for flag in _SET_FLAGS if getattr(entity_set, flag))


def _show_drift(differences: Iterable[str]) -> None:
    for difference in differences:
        output.line(difference)
    if not differences:
        output.line("nothing changed")

"""Rules for one `[write_backs.NAME]` block."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from sapmatch.model.auth import BtpDestination, SamlBearer, type_of
from sapmatch.model.connection import Connection
from sapmatch.model.errors import Problem
from sapmatch.model.flow import (
    KNOWN_EFFECTS,
    KNOWN_KEYS,
    KNOWN_REFERENCES,
    Window,
    WriteBack,
)
from sapmatch.model.order import OrderSide
from sapmatch.settings.blocks import mistake
from sapmatch.settings.connection import check_zone

MOST_IN_BATCH = 100  # change sets of one $batch
MOST_WRITERS = 8  # functions that share one run
MOST_URGENT = 1_000  # records
# What a match means where no mapping says it: side -> entity set and operation.
_BY_MATCH = {
    "purchase_order": ("A_SupplierInvoice", "insert"),
    "sales_order": ("A_SalesOrder", "update"),
}
_FIELD = re.compile(r"[A-Za-z_]\w{0,127}", re.ASCII)
_FUNCTION = re.compile(r"[A-Za-z_][\w.]{0,255}", re.ASCII)  # of V4: with its namespace
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
_BOUNDS = {
    "batch": (1, MOST_IN_BATCH),
    "parallel": (1, MOST_WRITERS),
    "urgent_below": (0, MOST_URGENT),
}


def check_write_back(
    path: str, flow: WriteBack, connection: Connection | None
) -> Iterator[Problem]:
    """Whatever would fail only when the flow runs."""
    if not flow.schedule:
        yield mistake(
            f"{path}.schedule",
            "is missing: a lost answer is read back by later runs too; "
            'write it like "rate(5 minutes)"',
        )
    yield from _check_fields(path, flow)
    yield from _check_call(path, flow)
    yield from _check_mapping(path, flow)
    yield from _check_pace(path, flow, connection)
    yield from _check_person(path, flow, connection)
    if flow.source == "match":
        yield from _check_match(path, flow)
    if flow.window:
        yield from _check_window(f"{path}.window", flow.window)


def check_sides(flows: Mapping[str, WriteBack]) -> Iterator[Problem]:
    """Two flows of one side would each write what a match means."""
    taken: dict[OrderSide, str] = {}
    for name, flow in flows.items():
        if flow.source != "match" or flow.order_side is None:
            continue
        first = taken.setdefault(flow.order_side, name)
        if first != name:
            yield mistake(
                f"write_backs.{name}.order_side", f"is written by {first} already: keep one flow"
            )


def _check_fields(path: str, flow: WriteBack) -> Iterator[Problem]:
    """A lost answer is read back: by a reference that SAP can search for, or by the key."""
    if flow.operation == "insert" and not (flow.reference or flow.entity_set in KNOWN_REFERENCES):
        yield mistake(
            f"{path}.reference",
            "is missing: name the fields by which SAP can be searched for a created record, "
            "because a lost answer is read back before anything is sent again",
        )
    if flow.operation != "insert" and not (flow.reference or flow.entity_set in KNOWN_KEYS):
        yield mistake(
            f"{path}.reference",
            f"is missing: name the key fields of {flow.entity_set}, by which a record is read "
            "before it is written and after a lost answer",
        )
    for n, name in enumerate(flow.reference):
        yield from _check_field(f"{path}.reference[{n}]", name)
    if flow.marker is not None:
        yield from _check_field(f"{path}.marker", flow.marker)
        if flow.operation not in ("insert", "upsert"):
            yield mistake(f"{path}.marker", f"does nothing for {flow.operation}: leave it out")


def _check_call(path: str, flow: WriteBack) -> Iterator[Problem]:
    if flow.operation != "call":
        for name in ("function", "effect"):
            if getattr(flow, name):
                yield mistake(f"{path}.{name}", 'does nothing here: it is for operation = "call"')
        return
    if not flow.function:
        yield mistake(f"{path}.function", "is missing: name the function that is called")
    elif not _FUNCTION.fullmatch(flow.function):
        yield mistake(f"{path}.function", "is no name of a function")
    elif not flow.effect:
        known = ", ".join(f"{function} of {name}" for name, function in KNOWN_EFFECTS)
        yield mistake(
            f"{path}.effect",
            "is missing: name the fields of the record that show that the function was executed, "
            f'such as {{ Status = "5" }}; a lost answer is read back by them. Known are {known}',
        )
    for name in flow.effect:
        yield from _check_field(f"{path}.effect.{name}", name)


def _check_mapping(path: str, flow: WriteBack) -> Iterator[Problem]:
    if flow.mapping_file is None:
        return
    if flow.mapping:
        yield mistake(f"{path}.mapping_file", "stands beside a mapping: keep one of the two")
    place = PurePosixPath(flow.mapping_file)
    if place.suffix.lower() != ".csv" or place.is_absolute() or ".." in place.parts:
        yield mistake(
            f"{path}.mapping_file", "must be a CSV file in the folder of the settings or below it"
        )


def _check_pace(path: str, flow: WriteBack, connection: Connection | None) -> Iterator[Problem]:
    for name, (low, high) in _BOUNDS.items():
        if not low <= getattr(flow, name) <= high:
            yield mistake(f"{path}.{name}", f"must be from {low} to {high}")
    for name in ("batch", "parallel"):
        if flow.on_error == "stop" and getattr(flow, name) > 1:
            yield mistake(
                f"{path}.{name}",
                'must be 1 where on_error is "stop": one record is sent after the other then',
            )
    by_key = flow.reference == KNOWN_KEYS.get(flow.entity_set, flow.reference)
    if flow.operation == "upsert" and not by_key and flow.parallel > 1 and flow.reference:
        yield mistake(
            f"{path}.parallel",
            "must be 1 for an upsert by a reference: two that look before either has written "
            "would both create the record",
        )
    if connection and flow.parallel > connection.limits.parallel >= 1:
        yield mistake(
            f"{path}.parallel",
            f"is {flow.parallel}, and limits.parallel of connection {flow.connection} is "
            f"{connection.limits.parallel}: lower this one, or raise that one",
        )


def _check_person(path: str, flow: WriteBack, connection: Connection | None) -> Iterator[Problem]:
    """People decide on matches, and not every logon can speak for them."""
    if flow.run_as == "technical":
        if flow.without_sap_user == "technical":
            yield mistake(f"{path}.without_sap_user", 'does nothing without run_as = "decider"')
        return
    if flow.source != "match":
        yield mistake(f"{path}.run_as", 'must be "technical" here: nobody decides on dropped files')
    if connection and not isinstance(connection.auth, SamlBearer | BtpDestination):
        yield mistake(
            f"{path}.run_as",
            f"cannot be {flow.run_as!r} with auth.type {type_of(connection.auth)!r} of connection "
            f"{flow.connection}: it needs oauth2-saml-bearer, or btp-destination for decisions "
            "that are written with decide --now",
        )
    auth = connection.auth if connection else None
    if isinstance(auth, BtpDestination) and not auth.for_people:
        yield mistake(
            f"{path}.run_as",
            f"needs for_people in auth of connection {flow.connection}: a destination speaks "
            "either for persons or for the technical user, who looks and reads back",
        )


def _check_match(path: str, flow: WriteBack) -> Iterator[Problem]:
    if flow.order_side is None:
        yield mistake(f"{path}.order_side", 'is missing: "purchase_order" or "sales_order"')
        return
    if flow.mapping or flow.mapping_file:
        return
    entity_set, operation = _BY_MATCH[flow.order_side]
    if flow.entity_set != entity_set:
        yield mistake(f"{path}.mapping", f"is missing: without one matches go to {entity_set} only")
    elif flow.operation != operation:
        yield mistake(f"{path}.operation", f'must be "{operation}" for matches')
    if flow.order_side == "sales_order" and not flow.field:
        yield mistake(f"{path}.field", "is missing: the header field for the invoice number")


def _check_window(path: str, window: Window) -> Iterator[Problem]:
    yield from check_zone(f"{path}.time_zone", window.time_zone)
    if not window.days:
        yield mistake(f"{path}.days", "names no day: the flow would never write")
    wrong = [name for name in ("begin", "end") if not _TIME.fullmatch(getattr(window, name))]
    for name in wrong:
        yield mistake(f"{path}.{name}", 'must be a time such as "06:00"')
    if window.begin == "24:00":
        yield mistake(f"{path}.begin", 'must be before midnight; write "00:00"')
    elif not wrong and window.begin == window.end:
        yield mistake(f"{path}.end", 'is the begin: write "00:00" and "24:00" for whole days')


def _check_field(path: str, name: str) -> Iterator[Problem]:
    if not _FIELD.fullmatch(name):
        yield mistake(path, "is no name of a field")

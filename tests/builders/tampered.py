"""Answers of the ABAP stand-in that something on the way has damaged, whichever carries them."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from local.sap.abap import wire
from local.sap.abap.dictionary import Function
from local.sap.abap.wire import Received
from sapmatch.model.rfc import Rfc
from sapmatch.model.users import RoleAssignment, SapUser, UserChange
from sapmatch.sap.users.reader import SapUsers
from sapmatch.sap.users.writer import SapUserWriter
from tests.builders.abap import MemoryTransport
from tests.builders.rfc_sides import SOAP, Side
from tests.builders.scripted_users import NoLocks

GET_DETAIL = "BAPI_USER_GET_DETAIL"
ROLES = "<ACTIVITYGROUPS>.*?</ACTIVITYGROUPS>"
RETURN = "<RETURN/>|<RETURN>.*?</RETURN>"
FAILED = "<TYPE>{}</TYPE><ID>01</ID><NUMBER>999</NUMBER><MESSAGE>part of it</MESSAGE>"
JDOE = {
    "USERNAME": "JDOE",
    "ADDRESS": {"FIRSTNAME": "J", "LASTNAME": "Doe"},
    "roles": [["Z_FI_AP", "20260101", "20261231"], ["Z_MM_BUYER", "20200101", "99991231"]],
    "profiles": ["S_A.SHOW"],
    "groups": ["SUPER"],
    "parameters": {"BUK": "1010"},
    "locked": True,
}
CENTRAL = {"cua_enabled": True, "destination_name": "S4HCLNT100", "systems": {"S4HCLNT200": ""}}
Bytes = Callable[[bytes], bytes]
Outputs = Callable[[dict[str, Any]], dict[str, Any]]


def sub(pattern: str, new: str) -> Bytes:
    """Replace it everywhere in the bytes of an answer."""
    return lambda body: re.sub(pattern.encode(), new.encode(), body, flags=re.DOTALL)


def damaged(
    monkeypatch: pytest.MonkeyPatch,
    body: Bytes,
    function: str = GET_DETAIL,
    *,
    skip: int = 0,
) -> list[str]:
    """One answer of a module over SOAP goes through `body`, after `skip` whole ones.

    The list that it returns holds its name once that has happened.
    """
    whole = wire.answer
    seen: list[str] = []
    done: list[str] = []

    def answer(known: Function, found: Any, received: Received) -> bytes:
        told = whole(known, found, received)
        if known.name != function:
            return told
        seen.append(function)
        if len(seen) != skip + 1:
            return told
        changed = body(told)
        assert changed != told, told
        done.append(function)
        return changed

    monkeypatch.setattr("local.sap.abap.soap.wire.answer", answer)
    return done


def without(
    monkeypatch: pytest.MonkeyPatch,
    side: Side,
    parameter: str,
    function: str = GET_DETAIL,
    *,
    skip: int = 0,
) -> list[str]:
    """One answer of the module does not hold the parameter."""
    if side.kind in SOAP:
        tag = wire.spelled(parameter, side.kind)  # type: ignore[arg-type]
        pattern = f"<{tag}/>|<{tag}>.*?</{tag}>"
        return damaged(monkeypatch, sub(pattern, ""), function, skip=skip)
    return _outputs(
        monkeypatch,
        side,
        lambda found: {name: each for name, each in found.items() if name != parameter},
        function,
        skip,
    )


def with_day(
    monkeypatch: pytest.MonkeyPatch, side: Side, table: str, field: str, day: str
) -> list[str]:
    """One answer of GET_DETAIL says `day` (as 2026-02-31) in that column."""
    if side.kind in SOAP:
        tag = wire.spelled(field, side.kind)  # type: ignore[arg-type]
        return damaged(monkeypatch, sub(f"<{tag}>[^<]*</{tag}>", f"<{tag}>{day}</{tag}>"))

    def spoilt(found: dict[str, Any]) -> dict[str, Any]:
        rows = [{**row, field: day.replace("-", "")} for row in found[table]]
        return {**found, table: rows}

    return _outputs(monkeypatch, side, spoilt, GET_DETAIL, 0)


def _outputs(
    monkeypatch: pytest.MonkeyPatch, side: Side, change: Outputs, function: str, skip: int
) -> list[str]:
    whole = side.abap.call
    seen: list[str] = []
    done: list[str] = []

    def call(name: str, parameters: Any, **more: Any) -> Any:
        told = whole(name, parameters, **more)
        if name != function:
            return told
        seen.append(name)
        if len(seen) != skip + 1:
            return told
        done.append(name)
        return change(dict(told))

    monkeypatch.setattr(side.abap, "call", call)
    return done


def reader_of(side: Side, **rfc: Any) -> SapUsers:
    return SapUsers(side.transport, Rfc(system_id="S4H", **rfc), "s4", side.clock, 1)


def writer_of(side: Side, **rfc: Any) -> SapUserWriter:
    settings = Rfc(system_id="S4H", **rfc)
    reader = SapUsers(side.transport, settings, "s4", side.clock, 1)
    return SapUserWriter(side.transport, settings, "s4", reader, NoLocks(), side.clock)


def one_more_role(user: SapUser) -> UserChange:
    more = RoleAssignment(name="SAP_ASR_EMPLOYEE", valid_from=date(2026, 11, 1))
    return UserChange(name=user.name, roles=(*user.direct_roles, more))


def now(side: Side) -> SapUser:
    """The user as he really is, read past the damage."""
    reader = SapUsers(MemoryTransport(side.abap), Rfc(), "s4", side.clock, 1)
    found = reader.details("JDOE")
    assert found
    return found


def writes(side: Side) -> list[str]:
    said = [str(each["function"]) for each in side.abap.called()]
    return [each for each in said if each.endswith(("ASSIGN", "CHANGE", "LOCK", "CREATE1"))]

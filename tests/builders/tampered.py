"""Answers of the ABAP stand-in that something on the way has damaged, whichever carries them."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from local.sap.abap import wire
from local.sap.abap.dictionary import Function
from local.sap.abap.wire import Received
from tests.builders.rfc_sides import SOAP, Side

GET_DETAIL = "BAPI_USER_GET_DETAIL"
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

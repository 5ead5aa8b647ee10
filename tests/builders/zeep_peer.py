"""zeep as a second reader of the same WSDLs: what it sends and gets, in plain texts by field."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, time
from typing import Any

import requests
import zeep
import zeep.helpers
import zeep.transports

from local.sap.abap.dictionary import Field, Parameter, functions
from local.sap.abap.wire import spelled
from sapmatch.model.rfc import Flavour, RfcResult
from tests.builders.abap import PASSWORD, USER, AbapServer, bindings

# zeep publishes no types.
_CLIENT: Any = zeep.Client
_TRANSPORT: Any = zeep.transports.Transport
_SERIALIZED: Any = zeep.helpers.serialize_object
_INITIAL = {"D": "0000-00-00", "T": "00:00:00", "X": b"", "I": 0}


class ZeepPeer:
    """Calls one function module after another, each by its WSDL."""

    def __init__(self, sap: AbapServer, flavour: Flavour, session: requests.Session) -> None:
        self._sap = sap
        self._flavour = flavour
        self._transport = _TRANSPORT(session=session, timeout=20, operation_timeout=20)
        self._clients: dict[str, Any] = {}

    def call(
        self,
        function: str,
        imports: Mapping[str, Any] | None = None,
        tables: Mapping[str, Any] | None = None,
        *,
        want: Collection[str] = (),
    ) -> dict[str, Any]:
        """All parameters of the answer by their names in ABAP."""
        given: dict[str, Any] = dict(imports or {})
        asked = {**{name: [] for name in want}, **(tables or {})}
        given |= {name: {"item": [self._named(row) for row in asked[name]]} for name in asked}
        operation = self._client(function).service[self._spelled(function)]
        found = operation(**{self._spelled(n): self._named(value) for n, value in given.items()})
        return self._plain(function, _SERIALIZED(found), set(asked))

    def _client(self, function: str) -> Any:
        if function not in self._clients:
            path = bindings(self._flavour).get(function)
            wsdl = f"{path}?wsdl" if path else f"/sap/bc/soap/wsdl11?services={function}"
            self._clients[function] = _CLIENT(self._sap.url + wsdl, transport=self._transport)
        return self._clients[function]

    def _spelled(self, name: str) -> str:
        return spelled(name, self._flavour)

    def _named(self, value: Any) -> Any:
        if not isinstance(value, Mapping) or set(value) == {"item"}:
            return value
        return {self._spelled(name): each for name, each in value.items()}

    def _plain(self, function: str, found: Any, tables: set[str]) -> dict[str, Any]:
        outputs = [
            each
            for each in functions()[function].parameters.values()
            if each.direction == "export" or each.name in tables
        ]
        declared = [e for e in functions()[function].parameters.values() if e.direction != "import"]
        if len(declared) == 1:  # zeep leaves out the element of an answer that holds one
            found = {self._spelled(declared[0].name): found}
        return {
            each.name: self._value(each, (found or {}).get(self._spelled(each.name)))
            for each in outputs
        }

    def _value(self, parameter: Parameter, value: Any) -> Any:
        if parameter.is_scalar:
            return _text(parameter.fields[0], value)
        if parameter.is_table:
            rows = value if isinstance(value, list) else (value or {}).get("item") or []
            return [self._row(parameter, row) for row in rows]
        return self._row(parameter, value)

    def _row(self, parameter: Parameter, row: Any) -> dict[str, Any]:
        given = row or {}
        return {f.name: _text(f, given.get(self._spelled(f.name))) for f in parameter.fields}


def _text(field: Field, value: Any) -> Any:
    return _INITIAL.get(field.type, "") if value is None else value


@contextmanager
def zeep_peer(sap: AbapServer, flavour: Flavour) -> Iterator[ZeepPeer]:
    """A peer with a session of its own."""
    with requests.Session() as session:
        session.auth = (USER, PASSWORD)
        session.params = {"sap-client": "100"}
        yield ZeepPeer(sap, flavour, session)


def as_plain(function: str, result: RfcResult) -> dict[str, Any]:
    """What our client got, in the same texts; fails for what no dictionary knows."""
    known = functions()[function].parameters
    found: dict[str, Any] = {**result.exports, **result.tables}
    return {name: _ours(known[name], value) for name, value in found.items()}


def _ours(parameter: Parameter, value: Any) -> Any:
    if parameter.is_scalar:
        return _written(parameter.fields[0], value)
    if parameter.is_table:
        return [_ours_row(parameter, row) for row in value]
    return _ours_row(parameter, value)


def _ours_row(parameter: Parameter, row: Mapping[str, Any]) -> dict[str, Any]:
    fields = {each.name: each for each in parameter.fields}
    # What our client knows nothing of keeps its name on the wire.
    fields |= {spelled(each.name, "mc_style"): each for each in parameter.fields}
    return {fields[name].name: _written(fields[name], value) for name, value in row.items()}


def _written(field: Field, value: Any) -> Any:
    if value is None:
        return _INITIAL[field.type]
    if isinstance(value, time | date):
        return value.isoformat()
    return value

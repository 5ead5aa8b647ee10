"""The ABAP stand-in for tests: behind SOAP on this machine, or in memory behind no line at all."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.sap.abap.dictionary import Field as DictionaryField
from local.sap.abap.dictionary import Parameter as DictionaryParameter
from local.sap.abap.dictionary import functions
from local.sap.abap.faults import AbapFault
from local.sap.abap.system import Abap
from local.sap.server import Server, serve
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    SapRejected,
    SapUnavailable,
)
from sapmatch.model.rfc import (
    AbapException,
    BapiMessage,
    Capabilities,
    Field,
    FieldType,
    Flavour,
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
from sapmatch.sap.auth.credentials import Given
from tests.builders.abap_values import native, plain

USER = "ROBOT"
PASSWORD = "Geheim-1"
_BINDINGS: Mapping[Flavour, str] = {"soamanager": "binding", "mc_style": "mc_style"}
_TYPES: Mapping[str, FieldType] = {
    "C": "char",
    "N": "numc",
    "D": "date",
    "T": "time",
    "I": "int",
    "X": "raw",
    "S": "string",
}
_NO_INPUT: Mapping[str, RfcInput] = {}
_NO_TABLES: Mapping[str, RfcTable] = {}


@dataclass(frozen=True)
class AbapServer:
    """A running stand-in: its address, the landscape behind it, and what leads a client there."""

    url: str
    server: Server

    @property
    def abap(self) -> Abap:
        """The landscape itself: call it, order faults, look at users."""
        return self.server.gateway.abap

    def order(self, **wanted: object) -> None:
        """As POST /_control/abap: `order(fault={"next": "dump", "of": "BAPI_USER_CHANGE"})`."""
        self.server.abap(**wanted)

    def connection(
        self, flavour: Flavour = "soap_rfc", *, client: str = "100", **rfc: Any
    ) -> Connection:
        """A connection to a client of it; `rfc` are further fields of Rfc."""
        settings = {"system_id": "S4H", "services": bindings(flavour, client)} | rfc
        return Connection(
            url=self.url,
            client=client,
            auth=Basic(secret="env:SAP"),
            rfc=Rfc(flavour=flavour, **settings),
            limits=Limits(requests_per_second=1000, burst=1000),
        )

    @property
    def secrets(self) -> Given:
        """The secret of that connection."""
        return Given({"user": USER, "password": PASSWORD})


def bindings(flavour: Flavour, client: str = "100") -> dict[str, str]:
    """Paths of SOAMANAGER by function module; none where one node serves all."""
    end = _BINDINGS.get(flavour)
    if end is None:
        return {}
    names = {name: name.lower().replace("/", "_-") for name in functions()}
    return {n: f"/sap/bc/srt/rfc/sap/{low}/{client}/{low}/{end}" for n, low in names.items()}


@contextmanager
def abap_server(
    users: int | list[dict[str, Any]] = 0,
    *,
    answer_delay: float = 0.0,
    callers: Mapping[str, str] | None = None,
    **seed: Any,
) -> Iterator[AbapServer]:
    """Run it; `seed` are the other keys of the seed's `abap`: cua, roles, tables, clients ..."""
    known = {USER: PASSWORD} | dict(callers or {})
    with serve(
        {"abap": {"users": users, **seed}}, users=known, answer_delay=answer_delay
    ) as server:
        yield AbapServer(server.url, server)


class MemoryTransport:
    """Port RfcTransport on a landscape in memory; values are Python's, lengths are checked."""

    def __init__(
        self, abap: Abap | None = None, client: str = "100", user: str = USER, language: str = "EN"
    ) -> None:
        self.abap = abap or Abap()
        self.client = client
        self.user = user
        self.language = language
        self.closed = False

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(stateful=False, metadata=True, snc=False)

    def call(
        self,
        function: str,
        imports: Mapping[str, RfcInput] = _NO_INPUT,
        tables: Mapping[str, RfcTable] = _NO_TABLES,
        *,
        want: Collection[str] = (),
        changes: bool = False,
    ) -> RfcResult:
        interface = self.interface(function)
        if interface is None:
            raise SapRejected("FU_NOT_FOUND", f"there is no function module {function}")
        given = _checked(interface, {**imports, **dict.fromkeys(want, ()), **tables})
        try:
            found = self.abap.call(
                function, given, user=self.user, client=self.client, language=self.language
            )
        except AbapFault as error:
            raise _ours(error, changes=changes) from error
        return _result(interface, found, {*tables, *want}, want)

    def interface(self, function: str) -> FunctionInterface | None:
        known = self.abap.functions.get(function)
        if known is None:
            return None
        parameters = tuple(_parameter(each) for each in known.parameters.values())
        return FunctionInterface(name=function, parameters=parameters)

    def unit(self) -> AbstractContextManager[RfcTransport]:
        return nullcontext(self)

    def ping(self) -> None:
        self.call("RFC_PING")

    def close(self) -> None:
        self.closed = True


def at(now: datetime, **seed: Any) -> Abap:
    """A landscape whose clock stands still."""
    return Abap(seed, now=lambda: now)


def _parameter(parameter: DictionaryParameter) -> Parameter:
    table = "table" if parameter.is_table else "structure"
    return Parameter(
        name=parameter.name,
        direction=parameter.direction,
        kind="scalar" if parameter.is_scalar else table,  # type: ignore[arg-type]
        fields=tuple(_field(each) for each in parameter.fields),
    )


def _field(field: DictionaryField) -> Field:
    return Field(name=field.name, type=_TYPES[field.type], length=field.length)


def _checked(interface: FunctionInterface, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values in the shapes of pyrfc; InputRejected for what is unknown or too long."""
    known = {each.name: each for each in interface.parameters if each.direction != "export"}
    wrong = [name for name in given if name not in known]
    if wrong:
        raise InputRejected(f"{interface.name} has no parameter {wrong[0]} to be given")
    return {name: plain(known[name], value) for name, value in given.items()}


def _result(
    interface: FunctionInterface,
    found: Mapping[str, Any],
    named: set[str],
    want: Collection[str],
) -> RfcResult:
    """EXPORT parameters, and those TABLES that were named: SOAP returns no others."""
    exports: dict[str, RfcInput] = {}
    tables: dict[str, list[RfcStructure]] = {}
    for parameter in interface.parameters:
        if parameter.name not in found:
            continue
        value = native(parameter, found.get(parameter.name))
        if parameter.kind == "table":
            if parameter.direction == "export" or parameter.name in named:
                tables[parameter.name] = value
        elif parameter.direction == "export":
            exports[parameter.name] = value
    returned = tables.get("RETURN", exports.get("RETURN"))
    rows = returned if isinstance(returned, list) else [returned] if returned else []
    checks = [_of_check(exports)] if exports.get("RC") and "MSGID" in exports else []
    return RfcResult(
        exports=exports,
        tables=tables,
        messages=tuple(
            _message(row) for row in (*rows, *checks) if isinstance(row, Mapping) and row["TYPE"]
        ),
        absent=tuple(sorted(set(want) - found.keys())),
    )


def _of_check(exports: Mapping[str, RfcInput]) -> dict[str, str]:
    """What PASSWORD_FORMAL_CHECK says without RETURN."""
    number = str(exports["MSGNO"]).zfill(3)
    return {"TYPE": "E", "ID": str(exports["MSGID"]), "NUMBER": number, "MESSAGE": ""}


def _message(row: Mapping[str, RfcScalar]) -> BapiMessage:
    code = str(row.get("CODE", ""))  # of BAPIRETURN: class and number in one
    number = row.get("NUMBER")
    return BapiMessage(
        type=str(row["TYPE"]),
        id=str(row.get("ID", code[:2])),
        number=str(number if number is not None else code[2:]),
        text=str(row["MESSAGE"]),
        variables=tuple(str(row[f"MESSAGE_V{n}"]) for n in range(1, 5) if row.get(f"MESSAGE_V{n}")),
        parameter=str(row.get("PARAMETER", "")),
        row=int(str(row.get("ROW", 0))),
        field=str(row.get("FIELD", "")),
        system=str(row.get("SYSTEM", "")),
    )


def _ours(error: AbapFault, *, changes: bool) -> Exception:
    """The error that the port promises."""
    if error.kind == "exception":
        return AbapException(error.key, error.message)
    if error.kind == "authority":
        return AuthorizationMissing(f"{error.message}; the object is S_RFC")
    if error.kind == "parameter":
        return InputRejected(error.message)
    if error.key == "RFC_LOGON_FAILURE":
        return LogonRefused(error.message, "other")
    if error.kind == "unknown_function":
        return SapRejected(error.key, error.message)
    if changes and error.kind in ("after", "before", "dump"):
        return OutcomeUnknown(f"{error.key}: {error.message}")
    if error.kind == "dump":
        return SapRejected(error.key, error.message)
    return SapUnavailable(f"{error.key}: {error.message}")

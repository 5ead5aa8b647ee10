"""A module shaped like pyrfc over an ABAP in memory, as strict as the real one.

It takes real dicts and lists only, no initial date as digits, no empty NUMC; gives CHAR without
blanks at the end; ends and opens a connection by itself where one broke in a call; and does not
bear two threads on one connection.
"""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, time
from decimal import Decimal
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol

from local.sap.abap.dictionary import Field, Function, Parameter, functions
from local.sap.abap.faults import AbapFault

_TYPES = {"C": "CHAR", "N": "NUM", "D": "DATE", "T": "TIME", "I": "INT", "X": "BYTE", "S": "STRING"}
_NEEDED = ({"ashost", "sysnr"}, {"mshost", "group", "msserv"}, {"mshost", "group", "r3name"})


class Backend(Protocol):
    """local.sap.abap.system.Abap, or as much of it as a test needs."""

    def call(
        self, function: str, parameters: dict[str, Any], *, user: str, client: str
    ) -> dict[str, Any]: ...


class RFCError(Exception):
    """Of the binding itself."""


class RFCLibError(RFCError):
    """Of the SDK."""

    def __init__(
        self,
        message: str = "",
        code: int = 0,
        key: str = "",
        msg_class: str = "",
        msg_type: str = "",
        msg_number: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.key = key
        self.msg_class = msg_class
        self.msg_type = msg_type
        self.msg_number = msg_number


class ABAPApplicationError(RFCLibError): ...


class ABAPRuntimeError(RFCLibError): ...


class LogonError(RFCLibError): ...


class CommunicationError(RFCLibError): ...


class ExternalRuntimeError(RFCLibError): ...


class ExternalAuthorizationError(RFCLibError): ...


class RFCTypeError(RFCLibError): ...


_ERRORS: tuple[type[RFCError], ...] = (
    RFCError,
    RFCLibError,
    ABAPApplicationError,
    ABAPRuntimeError,
    LogonError,
    CommunicationError,
    ExternalRuntimeError,
    ExternalAuthorizationError,
    RFCTypeError,
)


class PyRfcStub:
    """What the stub saw: `logons` (each with its parameters), `calls`, how many stood open."""

    def __init__(self, system: Backend, passwords: Mapping[str, str]) -> None:
        self.system = system
        self.passwords = dict(passwords)
        self.logons: list[dict[str, str]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.connections: list[Any] = []
        self.most_open = 0
        self.most_busy = 0
        self.before_call: Callable[[str], None] = lambda _: None
        self.lock = threading.Lock()

    @property
    def open(self) -> int:
        return sum(each.alive for each in self.connections)

    @property
    def busy(self) -> int:
        return sum(each.is_busy for each in self.connections)

    def module(self) -> ModuleType:
        """To be imported as `pyrfc`."""
        stub = self

        class Connection(_Connection):
            def __init__(self, config: Mapping[str, Any] | None = None, **params: str) -> None:
                super().__init__(stub, params)

        module = ModuleType("pyrfc")
        module.__spec__ = ModuleSpec("pyrfc", None)
        vars(module).update({kind.__name__: kind for kind in _ERRORS}, Connection=Connection)
        return module

    @contextmanager
    def installed(self) -> Iterator["PyRfcStub"]:
        """For the block, `import pyrfc` finds it."""
        assert "pyrfc" not in sys.modules
        sys.modules["pyrfc"] = self.module()
        try:
            yield self
        finally:
            del sys.modules["pyrfc"]


class _Connection:
    def __init__(self, stub: PyRfcStub, params: Mapping[str, str]) -> None:
        self._stub = stub
        self._params = dict(params)
        self._mine = threading.Lock()
        self.alive = False
        self._open()
        with stub.lock:
            stub.connections.append(self)
            stub.most_open = max(stub.most_open, stub.open)

    @property
    def is_busy(self) -> bool:
        return self._mine.locked()

    def call(self, func_name: str, options: object = None, **params: Any) -> dict[str, Any]:
        with self._alone():
            function = self._function(func_name)
            _fill(function, params)
            return self._invoked(function, params)

    def ping(self) -> None:
        with self._alone():
            self._invoked(Function("RFC_PING", "SYST", {}), {})

    def get_function_description(self, name: str) -> SimpleNamespace:
        with self._alone():
            function = self._function(name.upper())
        told = [_described(each) for each in function.parameters.values()]
        return SimpleNamespace(name=function.name, parameters=told)

    def close(self) -> None:
        self.alive = False

    def _open(self) -> None:
        given = self._params
        if any(type(each) is not str for each in given.values()):
            raise TypeError("connection parameters are strings")
        if not any(needed <= given.keys() for needed in _NEEDED) or "client" not in given:
            raise ExternalRuntimeError("parameter missing", 20, "RFC_INVALID_PARAMETER")
        with self._stub.lock:
            self._stub.logons.append(dict(given))
        by_snc = "snc_partnername" in given and given.get("snc_sso") != "0"
        user = given.get("user", "")
        if not by_snc and self._stub.passwords.get(user) != given.get("passwd"):
            raise LogonError("Name or password is incorrect", 2, "RFC_LOGON_FAILURE")
        self.alive = True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._mine.acquire(blocking=False):
            raise AssertionError("two threads use one connection")
        try:
            with self._stub.lock:
                self._stub.most_busy = max(self._stub.most_busy, self._stub.busy)
            yield
        finally:
            self._mine.release()

    def _function(self, name: str) -> Function:
        if not self.alive:
            raise RFCError(f"{name} invocation rejected because the connection is closed")
        if name not in functions():
            raise ABAPApplicationError(f"ID:FL Type:E {name}", 5, "FU_NOT_FOUND")
        return functions()[name]

    def _invoked(self, function: Function, params: dict[str, Any]) -> dict[str, Any]:
        with self._stub.lock:
            self._stub.calls.append((function.name, params))
        user, client = self._params.get("user", "SNC"), self._params["client"]
        try:
            self._stub.before_call(function.name)
            told = self._stub.system.call(function.name, params, user=user, client=client)
        except AbapFault as fault:
            error = _error_of(fault)
            if not isinstance(error, ABAPApplicationError):
                # As the binding does: it logs on anew at once, and what fails there is raised.
                self.alive = False
                self._open()
            raise error from None
        return {name: value for name, value in told.items() if _is_returned(function, name)}


def _is_returned(function: Function, name: str) -> bool:
    parameter = function.parameters.get(name)
    return parameter is not None and parameter.direction != "import"


def _error_of(fault: AbapFault) -> RFCError:
    match fault.kind:
        case "exception":
            return ABAPApplicationError(fault.message, 5, fault.key)
        case "dump":
            return ABAPRuntimeError(fault.message, 3, fault.key)
        case "authority":
            return ABAPRuntimeError(fault.message, 3, "RFC_NO_AUTHORITY")
        case "unknown_function":
            return ABAPApplicationError(fault.message, 5, "FU_NOT_FOUND")
        case "parameter":
            return ExternalRuntimeError(fault.message, 20, "RFC_INVALID_PARAMETER")
    return CommunicationError("partner not reached", 1, "RFC_COMMUNICATION_FAILURE")


def _fill(function: Function, params: Mapping[str, Any]) -> None:
    for name, value in params.items():
        parameter = function.parameters.get(name)
        if parameter is None:
            raise ExternalRuntimeError(f"{name} not found", 20, "RFC_INVALID_PARAMETER")
        if parameter.is_table:
            if type(value) is not list:
                raise TypeError("list required for table parameter")
            for row in value:
                _fill_structure(parameter, row)
        elif parameter.is_scalar:
            fill_field(parameter.fields[0], value)
        else:
            _fill_structure(parameter, value)


def _fill_structure(parameter: Parameter, value: Any) -> None:
    if type(value) is not dict:
        raise TypeError("dictionary required for structure parameter")
    known = {field.name: field for field in parameter.fields}
    for name, part in value.items():
        if name not in known:
            raise ExternalRuntimeError(f"{name} not found", 20, "RFC_INVALID_PARAMETER")
        fill_field(known[name], part)


def fill_field(field: Field, value: Any) -> None:
    """TypeError or the SDK's own for what PyRFC would not take."""
    if field.type in "CS":
        if type(value) is not str:
            raise TypeError("an string is required", field.name)
        if field.type == "C" and len(value.encode("utf-16-le")) // 2 > field.length:
            raise ExternalRuntimeError("string too long", 22, "RFC_CONVERSION_FAILURE")
    elif field.type == "N":
        if type(value) is not str or not value.isdigit():
            raise TypeError("a numeric string is required", field.name)
    elif field.type == "I":
        if type(value) is not int:
            raise TypeError("an integer required", field.name)
    elif field.type == "X":
        if type(value) is not bytes:
            raise TypeError("bytes required", field.name)
    else:
        _fill_time(field, value)


def _fill_time(field: Field, value: Any) -> None:
    if not value or type(value) in (date, time, Decimal):
        return
    try:
        if field.type == "D":
            date(int(value[:4]), int(value[4:6]), int(value[6:8]))
        else:
            time(int(value[:2]), int(value[2:4]), int(value[4:6]))
    except ValueError as exc:
        raise TypeError("date value required", field.name) from exc
    if len(value) != (8 if field.type == "D" else 6):
        raise TypeError("date value required", field.name)


def _described(parameter: Parameter) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": parameter.name,
        "direction": f"RFC_{parameter.direction.upper()}",
        "type_description": None,
    }
    if parameter.is_scalar:
        (field,) = parameter.fields
        return told | _typed(field, "parameter_type")
    fields = [{"name": each.name, **_typed(each, "field_type")} for each in parameter.fields]
    kind = "RFCTYPE_TABLE" if parameter.is_table else "RFCTYPE_STRUCTURE"
    return told | {
        "parameter_type": kind,
        "nuc_length": sum(each.length for each in parameter.fields),
        "decimals": 0,
        "type_description": SimpleNamespace(name=parameter.structure, fields=fields),
    }


def _typed(field: Field, key: str) -> dict[str, Any]:
    return {key: f"RFCTYPE_{_TYPES[field.type]}", "nuc_length": field.length, "decimals": 0}

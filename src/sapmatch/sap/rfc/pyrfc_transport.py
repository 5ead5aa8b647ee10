"""Function modules over SAP's own SDK: stateful, for whom no SOAP node may be active."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any, Final

from sapmatch.model.access import LogonGuard, Secrets
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, SapRejected, SapUnavailable
from sapmatch.model.ports import Clock
from sapmatch.model.rfc import (
    Capabilities,
    Field,
    FunctionInterface,
    Parameter,
    RfcInput,
    RfcResult,
    RfcStructure,
    RfcTable,
)
from sapmatch.sap.breaker import Breaker
from sapmatch.sap.entrance import Seats
from sapmatch.sap.masking import NOTHING, Mask
from sapmatch.sap.pace import Pace, back_off
from sapmatch.sap.rfc import check_sdk
from sapmatch.sap.rfc.hidden import hidden_in, mask_of
from sapmatch.sap.rfc.interfaces import INTERFACES
from sapmatch.sap.rfc.messages import messages_of
from sapmatch.sap.rfc.pool import Pool
from sapmatch.sap.rfc.pyrfc_errors import Meaning
from sapmatch.sap.rfc.pyrfc_logon import Line, PyRfcLogon
from sapmatch.sap.rfc.pyrfc_values import Written, interface_of, taken
from sapmatch.sap.session import TRIES

_NO_INPUT: Final[Mapping[str, RfcInput]] = {}
_NO_TABLES: Final[Mapping[str, RfcTable]] = {}
_END_OF_WORK: Final = frozenset({"BAPI_TRANSACTION_COMMIT", "BAPI_TRANSACTION_ROLLBACK"})


def open_pyrfc(
    name: str,
    connection: Connection,
    secrets: Secrets,
    *,
    clock: Clock,
    guard: LogonGuard | None = None,
    tries: int = TRIES,
) -> "PyRfcTransport":
    """What calls function modules of `[connections.<name>]` by PyRFC; nothing is sent yet.

    `tries` of a call that only reads. InputRejected where PyRFC is not installed, or the connection
    cannot log on that way.
    """
    check_sdk()
    try:
        module = import_module("pyrfc")
    except ImportError as exc:
        raise InputRejected(
            "pyrfc is installed and cannot be loaded: are the libraries of the SAP NetWeaver RFC "
            "SDK on LD_LIBRARY_PATH (in a Lambda layer: /opt/lib)?"
        ) from exc
    logon = PyRfcLogon(name, connection, secrets, clock, guard, module)
    return PyRfcTransport(connection, logon, Meaning(logon.place, module), clock, tries)


class PyRfcTransport:
    """Implements RfcTransport; each call has a connection of its own, and no thread shares one."""

    def __init__(
        self,
        connection: Connection,
        logon: PyRfcLogon,
        meaning: Meaning,
        clock: Clock,
        tries: int = TRIES,
    ) -> None:
        rfc, limits = connection.rfc, connection.limits
        assert rfc is not None
        self._rfc = rfc
        self._place = logon.place
        self._logon = logon
        self._meaning = meaning
        self._clock = clock
        self._tries = tries
        self._pace = Pace(limits.requests_per_second, clock, limits.burst)
        self._breaker = Breaker(self._place, limits.failures, limits.open_seconds, clock)
        self._seats = Seats(self._place, limits.parallel, limits.wait_seconds)
        self._pool = Pool(
            self._place,
            self._opened,
            clock,
            kept=rfc.kept,
            most=rfc.most,
            wait_seconds=limits.wait_seconds,
        )
        self._written = Written(cuts=not rfc.fail_when_truncating)
        self._told: dict[str, FunctionInterface] = {}

    @property
    def capabilities(self) -> Capabilities:
        """Stateful, with SAP's own descriptions of its modules."""
        return Capabilities(stateful=True, metadata=True, snc=self._rfc.snc_mode)

    def call(
        self,
        function: str,
        imports: Mapping[str, RfcInput] = _NO_INPUT,
        tables: Mapping[str, RfcTable] = _NO_TABLES,
        *,
        want: Collection[str] = (),
        changes: bool = False,
    ) -> RfcResult:
        """Call once; see RfcTransport.

        Nobody else gets the connection of a change: what it left open would be committed by them.
        """

        def once() -> RfcResult:
            with self._line() as line:
                result = self.called(line, function, imports, tables, want, changes=changes)
                line.is_usable = line.is_usable and not changes
            return result

        return once() if changes else self._repeated(once)

    def interface(self, function: str) -> FunctionInterface | None:
        """What the module takes and gives, in this release: SAP's own description, else ours."""
        if function not in self._told:
            with self._line() as line:
                return self.described(line, function) or INTERFACES.get(function)
        return self._told[function]

    @contextmanager
    def unit(self) -> Iterator["PyRfcUnit"]:
        """One connection for several calls; what was not committed at its end is rolled back."""
        with self._line() as line:
            unit = PyRfcUnit(self, line)
            try:
                yield unit
            except BaseException:
                line.is_usable = False
                raise
            line.is_usable = line.is_usable and unit.is_clean

    def ping(self) -> None:
        """Whether SAP answers this user."""

        def once() -> None:
            with self._line() as line:
                self.pinged(line)

        self._repeated(once)

    def close(self) -> None:
        """End all connections."""
        self._pool.close()

    def called(
        self,
        line: Line,
        function: str,
        imports: Mapping[str, RfcInput],
        tables: Mapping[str, RfcTable],
        want: Collection[str],
        *,
        changes: bool,
    ) -> RfcResult:
        """One call on this very connection."""
        if not line.raw.alive:
            raise SapUnavailable(
                f"{self._place}: {function}: the connection of its unit of work broke before; "
                "nothing was sent"
            )
        # SAP's own description costs nothing: the SDK needs it for the call, and keeps it.
        interface = self.described(line, function) or INTERFACES.get(function)
        known = {each.name: each for each in interface.parameters} if interface else {}
        place = f"{self._place}: {function}"
        values = {
            name: self._written.parameter(place, name, known.get(name), value)
            for name, value in {**imports, **tables}.items()
        }
        self._pace.wait()
        self._breaker.admit()
        send = partial(line.raw.call, function, **values)
        own = mask_of(imports, tables)
        told = self._answered(line, send, function, changes=changes, own=own)
        return _result(told, known, tables, want, own)

    def described(self, line: Line, function: str) -> FunctionInterface | None:
        """SAP's own description, asked for once; None where it has no such module."""
        if function not in self._told:
            ask = partial(line.raw.get_function_description, function)
            try:
                self._told[function] = interface_of(
                    self._answered(line, ask, function, changes=False)
                )
            except SapRejected:
                return None
        return self._told[function]

    def pinged(self, line: Line) -> None:
        """RFC_PING on this very connection."""
        self._pace.wait()
        self._breaker.admit()
        self._answered(line, line.raw.ping, "RFC_PING", changes=False)

    def _answered(
        self,
        line: Line,
        send: Callable[[], Any],
        function: str,
        *,
        changes: bool,
        own: Mask = NOTHING,
    ) -> Any:
        try:
            told = send()
        except self._meaning.errors as exc:
            line.is_usable = line.is_usable and self._meaning.is_answer(exc)
            if self._meaning.is_lost(exc):
                self._breaker.failed()
            else:
                self._breaker.answered()
            if self._meaning.is_refusal(exc):
                self._logon.refused(line)
            # From None: the SDK's texts hold values that were sent.
            raise self._meaning.of(exc, function, changes=changes, own=own) from None
        self._breaker.answered()
        return told

    def _opened(self) -> Line:
        self._breaker.check()
        try:
            return self._logon.open()
        except SapUnavailable:
            self._breaker.failed()
            raise

    @contextmanager
    def _line(self) -> Iterator[Line]:
        with self._seats.taken(), self._pool.taken() as line:
            yield line

    def _repeated(self, call: Callable[[], Any]) -> Any:
        for attempt in range(1, self._tries):
            try:
                return call()
            except SapUnavailable:
                self._clock.sleep(back_off(attempt))
        return call()


class PyRfcUnit:
    """Implements RfcTransport on one connection, one call at a time; nothing is repeated.

    `is_clean`: nothing is open that a later commit could make permanent.
    """

    def __init__(self, transport: PyRfcTransport, line: Line) -> None:
        self._transport = transport
        self._line = line
        self._alone = threading.Lock()
        self.is_clean = True

    @property
    def capabilities(self) -> Capabilities:
        """Those of the transport."""
        return self._transport.capabilities

    def call(
        self,
        function: str,
        imports: Mapping[str, RfcInput] = _NO_INPUT,
        tables: Mapping[str, RfcTable] = _NO_TABLES,
        *,
        want: Collection[str] = (),
        changes: bool = False,
    ) -> RfcResult:
        """Call once; see RfcTransport."""
        with self._alone:
            if function in _END_OF_WORK:
                self.is_clean = True
            elif changes:
                self.is_clean = False
            return self._transport.called(
                self._line, function, imports, tables, want, changes=changes
            )

    def interface(self, function: str) -> FunctionInterface | None:
        """What the module takes and gives."""
        with self._alone:
            described = self._transport.described(self._line, function)
            return described or INTERFACES.get(function)

    @contextmanager
    def unit(self) -> Iterator["PyRfcUnit"]:
        """This one."""
        yield self

    def ping(self) -> None:
        """Whether SAP answers on this connection."""
        with self._alone:
            self._transport.pinged(self._line)

    def close(self) -> None:
        """Nothing: who opened the unit ends it."""


def _result(
    told: Mapping[str, Any],
    known: Mapping[str, Parameter],
    sent: Collection[str],
    want: Collection[str],
    own: Mask,
) -> RfcResult:
    """Of the tables those that were asked for, and RETURN: as SOAP, which sends no others."""
    exports: dict[str, RfcInput] = {}
    asked = {*sent, *want}
    tables: dict[str, list[RfcStructure]] = {name: [] for name in asked}
    for name, value in told.items():
        fields = {each.name: each for each in known[name].fields} if name in known else {}
        if isinstance(value, list):
            if name in asked or name == "RETURN":
                tables[name] = [_row(row, fields) for row in value]
        elif isinstance(value, Mapping):
            exports[name] = _row(value, fields)
        else:
            exports[name] = taken(value, fields.get(name))
    exports, tables = hidden_in(exports, tables, own, NOTHING)
    return RfcResult(
        exports=exports,
        tables=tables,
        messages=messages_of(exports, tables),
        absent=tuple(sorted(set(want) - told.keys())),
    )


def _row(row: Any, fields: Mapping[str, Field]) -> RfcStructure:
    """A row; of tables with one nameless column PyRFC gives the values alone."""
    if not isinstance(row, Mapping):
        return {"": taken(row, next(iter(fields.values()), None))}
    return {name: taken(value, fields.get(name)) for name, value in row.items()}

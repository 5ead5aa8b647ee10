"""Function modules over SOAP: HTTPS, no library of SAP, and nothing kept between two calls."""

import threading
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from msgspec.structs import replace

from sapmatch.model.access import AccessSource, LogonGuard, Secrets
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, OutcomeUnknown, SapUnavailable
from sapmatch.model.ports import Clock
from sapmatch.model.profiles import Profile
from sapmatch.model.rfc import (
    Capabilities,
    FunctionInterface,
    Rfc,
    RfcInput,
    RfcResult,
    RfcStructure,
    RfcTable,
    RfcTransport,
)
from sapmatch.sap.auth.tokens import AccessCache
from sapmatch.sap.connection import open_session
from sapmatch.sap.http import TooLarge
from sapmatch.sap.rfc.answers import is_whole, reply_of
from sapmatch.sap.rfc.envelope import UNKNOWN, Envelope
from sapmatch.sap.rfc.hidden import mask_of
from sapmatch.sap.rfc.interfaces import INTERFACES
from sapmatch.sap.rfc.messages import messages_of
from sapmatch.sap.rfc.module import MC_STYLE, RFC, Module, module_of, wire_name
from sapmatch.sap.rfc.pool import with_pool
from sapmatch.sap.rfc.wsdl import fetched
from sapmatch.sap.session import TRIES, Answer, SapSession, is_session_lost

PATH: Final = "/sap/bc/soap/rfc"
_NO_INPUT: Final[Mapping[str, RfcInput]] = {}
_NO_TABLES: Final[Mapping[str, RfcTable]] = {}


def open_soap(
    name: str,
    connection: Connection,
    secrets: Secrets,
    *,
    clock: Clock,
    guard: LogonGuard | None = None,
    broker: AccessSource | None = None,
    cache: AccessCache | None = None,
    tries: int = TRIES,
) -> "SoapRfcTransport":
    """What calls function modules of `[connections.<name>]` over its HTTPS address."""
    rfc = connection.rfc
    assert rfc is not None
    entered = replace(
        with_pool(connection),
        client=rfc.client or connection.client,
        language=rfc.lang or connection.language,
    )
    session = open_session(
        name,
        entered,
        secrets,
        clock=clock,
        guard=guard,
        broker=broker,
        cache=cache,
    )
    return SoapRfcTransport(session, rfc, connection.kind, tries)


class SoapRfcTransport:
    """Port RfcTransport over one session of HTTP."""

    def __init__(self, session: SapSession, rfc: Rfc, kind: Profile, tries: int = TRIES) -> None:
        self._session = session
        self._rfc = rfc
        self._kind = kind
        self._tries = tries
        self._envelope = Envelope(session.place, refuses_long=rfc.fail_when_truncating)
        self._modules: dict[str, Module] = {}
        self._interfaces: dict[str, FunctionInterface | None] = dict(INTERFACES)
        self._completed: dict[str, FunctionInterface | None] = {}
        self._reading = threading.Lock()

    @property
    def capabilities(self) -> Capabilities:
        """Every call is a unit of work of its own; interfaces come from SAP's WSDL."""
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
        """Call once; see RfcTransport."""
        module, body = self._written(function, imports, tables, want)
        path = self._path(function)
        url = self._session.url(path)
        headers = self._headers(function, path)
        if changes:
            answer = self._changed(url, headers, body, function)
        else:
            answer = self._session.repeated(lambda: self._asked(url, headers, body), self._tries)
        reply = reply_of(
            answer,
            module,
            self._rfc.flavour,
            self._session.place,
            path,
            self._kind,
            changes=changes,
            own=mask_of(imports, tables),
        )
        found: dict[str, list[RfcStructure]] = {
            name: [] for name in want if _is_table(module, name)
        }
        found.update(reply.tables)
        return RfcResult(
            exports=reply.exports,
            tables=found,
            messages=messages_of(reply.exports, found),
            raw_size=len(answer.body),
            absent=tuple(sorted(set(want) - reply.tables.keys() - reply.exports.keys())),
        )

    def interface(self, function: str) -> FunctionInterface | None:
        """As we have written it down, else as SAP's WSDL says, read once."""
        with self._reading:
            if function not in self._interfaces:
                service = self._rfc.services.get(function)
                self._interfaces[function] = fetched(self._session, function, service)
            return self._interfaces[function]

    def unit(self) -> AbstractContextManager[RfcTransport]:
        """Itself: over SOAP each call stands for itself."""
        return nullcontext(self)

    def ping(self) -> None:
        """RFC_PING; a list of one user where only bindings of SOAMANAGER are there."""
        if self._rfc.flavour == "soap_rfc" or "RFC_PING" in self._rfc.services:
            self.call("RFC_PING")
        else:
            self.call("BAPI_USER_GETLIST", {"MAX_ROWS": 1}, want=("USERLIST",))

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def _written(
        self,
        function: str,
        imports: Mapping[str, RfcInput],
        tables: Mapping[str, RfcTable],
        want: Collection[str],
    ) -> tuple[Module, bytes]:
        """The envelope; where it names what we did not write down, by SAP's own WSDL."""
        module = self._module(function)
        try:
            return module, self._envelope.of(module, imports, tables, want)
        except InputRejected as exc:
            unknown = any(each.code == UNKNOWN for each in exc.problems)
            if not unknown or not self._is_ours(function) or not self._is_completed(function):
                raise
        module = self._module(function)
        return module, self._envelope.of(module, imports, tables, want)

    def _is_ours(self, function: str) -> bool:
        return self._interfaces.get(function) is INTERFACES.get(function)

    def _is_completed(self, function: str) -> bool:
        """Whether SAP describes a module that we have written down ourselves, read once."""
        with self._reading:
            if function not in self._completed:
                service = self._rfc.services.get(function)
                self._completed[function] = fetched(self._session, function, service)
            found = self._completed[function]
            if found is None:
                return False
            self._interfaces[function] = found
            self._modules.pop(function, None)
        return True

    def _module(self, function: str) -> Module:
        if function not in self._modules:
            interface = self.interface(function)
            if interface is None:
                raise InputRejected(
                    f"{self._session.place}: {function}: SAP has no WSDL of it: it is not there, "
                    "or not remote-enabled (SE37, attributes); or activate the node "
                    "/default_host/sap/bc/soap/wsdl11 in transaction SICF"
                )
            self._modules[function] = module_of(interface, self._rfc.flavour)
        return self._modules[function]

    def _path(self, function: str) -> str:
        if self._rfc.flavour == "soap_rfc":
            return PATH
        path = self._rfc.services.get(function)
        if not path:
            raise InputRejected(
                f"{self._session.place}.rfc.services: names no binding for {function}; transaction "
                "SOAMANAGER shows its path, such as /sap/bc/srt/rfc/sap/.../binding"
            )
        return path

    def _headers(self, function: str, path: str) -> dict[str, str]:
        action = _action(function, path, self._rfc) if self._rfc.soap_action == "wsdl" else ""
        return {
            "Accept": "text/xml",
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"{action}"',
        }

    def _changed(self, url: str, headers: Mapping[str, str], body: bytes, function: str) -> Answer:
        """A change, once.

        Words about a lost session do not prove that nothing ran: any server on the way may write
        them. The next call logs on anew.
        """
        number = self._session.number
        answer = self._session.write("POST", url, headers, body)
        if not is_session_lost(answer):
            return answer
        self._session.forget(number)
        raise OutcomeUnknown(
            f"{self._session.place}: {function}: SAP lost the session of a change, which may have "
            "been made; read it back"
        )

    def _sent(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A read; once more where SAP had lost our session (OD-P12)."""
        number = self._session.number
        answer = self._session.write("POST", url, headers, body)
        if not is_session_lost(answer):
            return answer
        self._session.forget(number)
        return self._session.write("POST", url, headers, body)

    def _asked(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A call that only reads: whatever breaks, nothing happened."""
        try:
            answer = self._sent(url, headers, body)
        except OutcomeUnknown as exc:
            if isinstance(exc.__cause__, TooLarge):
                raise InputRejected(f"{exc}; ask for fewer rows") from exc
            raise SapUnavailable(f"{self._session.place}: a call that reads got no answer") from exc
        self._session.check_busy(answer)
        if not is_whole(answer):
            raise SapUnavailable(f"{self._session.place}: the end of an answer is missing")
        return answer


def _is_table(module: Module, name: str) -> bool:
    part = module.parts.get(name)
    return part is not None and part.parameter.kind == "table"


def _action(function: str, path: str, rfc: Rfc) -> str:
    """SOAPAction as the WSDL of each flavour says it."""
    if rfc.flavour == "soap_rfc":
        return f"http://www.sap.com/{wire_name(function, rfc.flavour)}"
    namespace = MC_STYLE if rfc.flavour == "mc_style" else RFC
    service = path.strip("/").split("/")[-2] if path.count("/") > 1 else ""
    return f"{namespace}:{service}:{wire_name(function, rfc.flavour)}Request"

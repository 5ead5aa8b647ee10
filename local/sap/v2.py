"""The V2 side of the stand-in: its switches, and which room answers what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from http import HTTPStatus

from local.sap import errors
from local.sap.backend import Backend
from local.sap.batch import Batch, Tools
from local.sap.errors import Refusal
from local.sap.exchange import ROOT, Request, Response
from local.sap.metadata import Service
from local.sap.multipart import MIXED, media_type
from local.sap.odp import Queue
from local.sap.odp_reading import OdpReader, is_odp
from local.sap.paths import segments_of
from local.sap.reading import JSON, XML, Reader
from local.sap.repeat import Repeats
from local.sap.store import Store
from local.sap.writing import Writer

_READING = frozenset({"GET", "HEAD"})
_UPDATES = frozenset({"PATCH", "MERGE", "PUT"})
_STATUSES = {
    "unknown_token_status": (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE),
    "missing_if_match_status": (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED),
}


@dataclass(slots=True)
class Switches:
    """What SAP systems differ in; a reset puts every switch back."""

    batch_stops_at_first_error: bool = False  # OD-P99
    # Services and entity sets (OD-P100): SAP takes one deep create of an invoice in a change set.
    one_operation_changesets: tuple[str, ...] = ("A_SupplierInvoice",)
    update_methods: tuple[str, ...] = ("PATCH", "MERGE")  # and PUT (OD-P71)
    idempotent_services: tuple[str, ...] = ()  # RequestID is honoured, else ignored (OD-P76)
    omit_delta_link: bool = False  # the last page names no __delta (OD-P32)
    unknown_token_status: int = 410  # or 400, 404 (OD-P35)
    missing_if_match_status: int = 428  # or 412, as classic Gateway says (OD-P65)
    closed_until: str = ""  # the last day of the closed posting periods, as 2026-09-30

    def set(self, wanted: object) -> None:
        """`{"<switch>": value, ...}`, lists for tuples; ValueError where it is not understood."""
        known = {each.name: type(each.default) for each in fields(self)}
        if not isinstance(wanted, dict) or not set(wanted) <= set(known):
            raise ValueError(f"expected some of {', '.join(known)}")
        read = {name: _value(name, value, known[name]) for name, value in wanted.items()}
        for name, value in read.items():
            setattr(self, name, value)


def _value(name: str, value: object, kind: type) -> object:
    if kind is tuple and isinstance(value, list | tuple):
        value = tuple(value)
        if not all(isinstance(each, str) for each in value):
            raise ValueError(f"{name} must be a list of texts")
    if type(value) is not kind:
        raise ValueError(f"{name} must be of type {'list' if kind is tuple else kind.__name__}")
    if name == "update_methods" and not _UPDATES.issuperset(value):  # type: ignore[arg-type]
        raise ValueError(f"{name} must be some of {', '.join(sorted(_UPDATES))}")
    if name in _STATUSES and value not in _STATUSES[name]:
        allowed = ", ".join(str(int(each)) for each in _STATUSES[name])
        raise ValueError(f"{name} must be one of {allowed}")
    if name == "closed_until" and value:
        date.fromisoformat(value)  # type: ignore[arg-type]
    return value


class V2:
    """All V2 services over one store; the caller holds a lock during `answer`.

    `check` raises Refusal where the next write is to be refused.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        backend: Backend,
        page_size: int,
        check: Callable[[], None],
    ) -> None:
        self._check = check
        self.switches = Switches()
        self.queue = Queue(backend.now)
        self.repeats = Repeats(backend.now)
        self._services = services
        self._backend = backend
        self._reader = Reader(backend.store, page_size)

    def reset(self) -> None:
        """Every switch as at the start, every delta token and request id forgotten."""
        self.switches = Switches()
        self.queue.forget()
        self.repeats.forget()

    def forget(self, wanted: object) -> None:
        """`{"what": "delta-tokens" | "request-answers"}`: as if their time had passed."""
        forgetting = {"delta-tokens": self.queue.forget, "request-answers": self.repeats.outdate}
        what = wanted.get("what") if isinstance(wanted, dict) and len(wanted) == 1 else None
        if what not in forgetting:
            raise ValueError(f"what must be one of {', '.join(forgetting)}")
        forgetting[what]()

    def answer(self, request: Request, service: Service, segments: list[str]) -> Response:
        """The answer; Refusal where SAP would refuse."""
        if request.method in _READING:
            return self._read(request, service, segments)
        is_batch = segments == ["$batch"] and request.method == "POST"
        if is_batch and media_type(request.headers.get("content-type", "")) == MIXED:
            return Batch(service, request, self._tools(service)).run()
        if service.name in self.switches.idempotent_services:
            return self.repeats.once(request, lambda each: self._write(each, service, segments))
        return self._write(request, service, segments)

    def _read(self, request: Request, service: Service, segments: list[str]) -> Response:
        function = service.functions.get(segments[0]) if len(segments) == 1 else None
        if not is_odp(service):
            if function is not None and function.method == "GET":
                return self._writer.call(request, service, function)
            return self._reader.read(request, service, segments)
        self.queue.unknown_status = self.switches.unknown_token_status
        odp = OdpReader(
            self._reader, self._backend.store, self.queue, not self.switches.omit_delta_link
        )
        if function is None:
            return odp.read(request, service, segments)
        if function.entity_set:
            return self._writer.call(request, service, function)
        return odp.call(request, function)

    @property
    def _writer(self) -> Writer:
        closed = self.switches.closed_until
        backend = replace(
            self._backend, closed_until=date.fromisoformat(closed) if closed else None
        )
        return Writer(backend, self.switches.update_methods, self.switches.missing_if_match_status)

    def _write(self, request: Request, service: Service, segments: list[str]) -> Response:
        self._check()
        return self._writer.write(request, service, segments)

    def _tools(self, service: Service) -> Tools:
        def answer(request: Request) -> Response:
            segments = segments_of(request.path.removeprefix(ROOT))[1:]
            take = self._read if request.method in _READING else self._write
            return take(request, service, segments)

        return Tools(
            answer,
            refused,
            self._kept,
            self.switches.one_operation_changesets,
            self.switches.batch_stops_at_first_error,
        )

    def _kept(self) -> Callable[[], None]:
        """Keep the documents as they are; the result puts them back."""
        store = self._backend.store
        kept = Store(self._services)
        kept.copy_from(store)
        return lambda: store.copy_from(kept)


def refused(refusal: Refusal, request: Request) -> Response:
    """The refusal as JSON or XML, as the client asked for."""
    service = next(iter(segments_of(request.path.removeprefix(ROOT))), "")
    if request.wants_json:
        body = errors.as_json(refusal, service, datetime.now(UTC))
        return Response(refusal.status, body, JSON)
    return Response(refusal.status, errors.as_xml(refusal), XML)

"""The Gateway: from a request to an answer, in the order in which SAP says no."""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus

from local.sap import errors
from local.sap.abap.soap import ROOTS, Node
from local.sap.abap.system import Abap
from local.sap.backend import Backend
from local.sap.control import RequestLog
from local.sap.errors import LogonFailed, Refusal, TokenRequired
from local.sap.exchange import ROOT, Request, Response
from local.sap.faults import Fault, Faults
from local.sap.logon import answers, oauth
from local.sap.logon.logon import Caller, Logon
from local.sap.logon.sessions import Session
from local.sap.logon.settings import Settings
from local.sap.metadata import Service
from local.sap.moving import Moves, reads_rows
from local.sap.paths import segments_of
from local.sap.profiles import placed, service_name
from local.sap.store import Store
from local.sap.v2 import V2
from local.sap.v2 import refused as v2_refused
from local.sap.v4 import service as v4

MODIFYING = frozenset({"POST", "PUT", "PATCH", "MERGE", "DELETE"})
_READING = frozenset({"GET", "HEAD"})
_CHANGES = re.compile(rb'^(POST|PUT|PATCH|MERGE|DELETE) |"method"\s*:\s*"(?!GET)', re.MULTILINE)


@dataclass(slots=True)
class _Visit:
    """A request on its way, whose user is known in time, and the fault that met it."""

    request: Request
    fault: Fault | None = None


class Gateway:
    """Answers OData requests on a store; requests are taken one at a time."""

    def __init__(
        self,
        services: Mapping[str, Service],
        store: Store,
        settings: Settings,
        log: RequestLog,
        abap: Abap,
        *,
        duplicate_check: bool,
        page_size: int,
        session_seconds: float,
    ) -> None:
        self.log = log
        self.abap = abap
        self._function_modules = Node(abap, self._log_on)
        self.faults = Faults()
        self._services = services
        self._store = store
        self._seed = Store(services)
        self._seed.copy_from(store)
        self._lock = threading.Lock()
        backend = Backend(store, lambda: datetime.now(UTC), duplicate_check)
        self._moves = Moves(backend)
        self._late: list[threading.Timer] = []
        self.v2 = V2(services, backend, page_size, self.faults.check)
        self.v4 = v4.V4(services, backend, page_size, self.faults.check)
        v4_names = (service_name(f"{v4.ROOT}/{path}/") for path in self.v4.paths)
        self._names = frozenset([*(f"{name}_0001" for name in services), *v4_names])
        self.logon = Logon(settings, self._names, session_seconds)

    def reset(self) -> None:
        """Back to the seed: documents, request log, faults, switches, users and tokens."""
        self.close()
        with self._lock:
            self._store.copy_from(self._seed)
            self.log.clear()
            self.faults.clear()
            self._moves.clear()
            self._store.keep_found(False)
            self.v2.reset()
            self.v4.reset()
            self.logon.reset()
        self.abap.reset()

    def close(self) -> None:
        """Execute nothing more of what waits for its time."""
        with self._lock:
            timers, self._late = self._late, []
        for timer in timers:
            timer.cancel()
            timer.join()

    def configure(self, wanted: object) -> None:
        """A JSON merge patch of the logon settings; ValueError where it does not fit."""
        with self._lock:
            self.logon.configure(wanted)

    def users(self) -> dict[str, dict[str, object]]:
        """Who is locked, and after how many wrong passwords."""
        with self._lock:
            return self.logon.users()

    def given(self) -> list[str]:
        """Tokens, cookies and assertions that were given out, or taken, so far."""
        with self._lock:
            return self.logon.given()

    def forget(self, wanted: object) -> None:
        """`{"what": ...}`: sessions, access-tokens, or as V2.forget says; ValueError otherwise.

        Delta tokens of V4 expire with those of V2.
        """
        what = wanted.get("what") if isinstance(wanted, dict) and len(wanted) == 1 else None
        with self._lock:
            if what == "sessions":
                self.logon.sessions.close_all()
            elif what == "access-tokens":
                self.logon.revoke()
            else:
                self.v2.forget(wanted)
                if what == "delta-tokens":
                    self.v4.tracker.forget()

    def move(self, wanted: object) -> None:
        """Put and delete rows, now or between two reads, as `moving` says; else ValueError."""
        with self._lock:
            self._moves.order(wanted)

    def handle(self, request: Request) -> Response:
        """The answer; never raises, and the log knows of it before it leaves."""
        if request.path.startswith(ROOTS):
            return self._called(request)
        inside = placed(request, self.logon.settings.profile)
        if inside is None:
            return Response(HTTPStatus.NOT_FOUND, b"Not found", "text/plain")
        visit = _Visit(inside)
        try:
            response = self._token(visit) if inside.path == oauth.PATH else self._secured(visit)
        except LogonFailed as error:
            response = answers.logon_failed(error)
        except Refusal as refusal:
            response = _refused(refusal, visit.request)
        if not response.later:
            self.log.add(visit.request, response, visit.fault.text if visit.fault else None)
        return response

    def _called(self, request: Request) -> Response:
        """Function modules; clouds have no such nodes."""
        with self._lock:
            settings = self.logon.settings
            page = answers.sso_logon(request, settings)
        if settings.profile != "s4hana":
            return Response(HTTPStatus.NOT_FOUND, b"Not found", "text/plain")
        if page is not None:
            return page
        user = fault = ""
        try:
            response, user, fault = self._function_modules.answer(
                request, settings.inactive_services
            )
        except LogonFailed as error:
            response = answers.logon_failed(error)
        self.log.add(replace(request, user=user), response, fault or None)
        return response

    def _log_on(self, request: Request) -> str:
        with self._lock:
            return self.logon.caller(request).user

    def _token(self, visit: _Visit) -> Response:
        with self._lock:
            visit.fault = self.faults.take_token()
        if visit.fault is not None and visit.fault.name in _TURNED_AWAY:
            return _TURNED_AWAY[visit.fault.name]()
        with self._lock:
            response, user = self.logon.token(visit.request)
        visit.request = replace(visit.request, user=user)
        if visit.fault is not None:
            time.sleep(visit.fault.seconds)
            return _spoiled(response, visit.fault, visit.request)
        return response

    def _secured(self, visit: _Visit) -> Response:
        with self._lock:
            page = answers.sso_logon(visit.request, self.logon.settings)
            if page is not None:
                return page
            caller = self.logon.caller(visit.request)
            session, cookies = self.logon.session(visit.request, caller.user)
        visit.request = request = replace(visit.request, user=caller.user)
        try:
            self._check_service(request, caller)
            response = self._faulted(visit, session)
        except Refusal as refusal:
            response = _refused(refusal, request)
        except TokenRequired as error:
            response = answers.token_required(error)
        response.cookies.extend(cookies)
        asks = request.headers.get("x-csrf-token", "").lower() == "fetch"
        if asks and request.method in _READING and self.logon.gives_tokens:
            response.headers["x-csrf-token"] = session.token
        return response

    def _check_service(self, request: Request, caller: Caller) -> None:
        """Whether the caller may call a service that there is."""
        service = service_name(request.path)
        if service in self._names:
            with self._lock:
                self.logon.check_service(request, caller, service)

    def _faulted(self, visit: _Visit, session: Session) -> Response:
        request = visit.request
        if request.method not in MODIFYING:
            return self._read(visit) if reads_rows(request) else self._answer(request)
        with self._lock:
            self.logon.check_write(request, session)
        if _only_asks(request):
            return self._read(visit)
        with self._lock:
            fault = visit.fault = self.faults.take()
        if fault is None:
            return self._answer(request)
        if fault.name == "late":
            return self._put_off(request, fault)
        if fault.name == "expire-session":
            self.logon.sessions.close(session)
            raise TokenRequired
        if fault.name in _TURNED_AWAY:
            return _TURNED_AWAY[fault.name]()
        # The delay stands before the commit: the document appears after the client gave up.
        time.sleep(fault.seconds)
        return _spoiled(self._answer(request), fault, request)

    def _put_off(self, request: Request, fault: Fault) -> Response:
        """Close the connection now and execute later, as a work process behind a proxy does."""

        def execute() -> None:
            try:
                response = self._answer(request)
            except Refusal as refusal:
                response = _refused(refusal, request)
            self.log.add(request, response, fault.text)

        timer = threading.Timer(fault.seconds, execute)
        timer.daemon = True
        with self._lock:
            self._late.append(timer)
        timer.start()
        return Response(0, dropped=True, later=True)

    def _read(self, visit: _Visit) -> Response:
        """An answer with rows: it may be late or none, and rows may move behind it."""
        with self._lock:
            fault = visit.fault = self.faults.take_read()
        if fault is not None:
            if fault.name in _TURNED_AWAY:
                return _TURNED_AWAY[fault.name]()
            time.sleep(fault.seconds)
        response = self._answer(visit.request)
        with self._lock:
            self._moves.read()
        return response if fault is None else _spoiled(response, fault, visit.request)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith(v4.ROOT):
            with self._searching(request):
                return self.v4.answer(request)
        service, segments = self._service(request)
        with self._searching(request):
            return self.v2.answer(request, service, segments)

    @contextmanager
    def _searching(self, request: Request) -> Iterator[None]:
        """One at a time, in the user's name; what a read found is kept until somebody writes."""
        with self._lock:
            self._store.keep_found(request.method in _READING)
            self._store.user = request.user
            try:
                yield
            finally:
                self._store.user = ""

    def _service(self, request: Request) -> tuple[Service, list[str]]:
        if request.method not in MODIFYING | _READING:
            raise Refusal(
                HTTPStatus.NOT_IMPLEMENTED, errors.NOT_IMPLEMENTED, f"{request.method} is unknown"
            )
        name, *segments = segments_of(request.path.removeprefix(ROOT)) or [""]
        service = self._services.get(name)
        if service is None:
            raise errors.no_service(name)
        return service, segments


def _only_asks(request: Request) -> bool:
    """Whether it is a $batch without a change: to faults it is a read."""
    return request.path.endswith("/$batch") and not _CHANGES.search(request.body)


def _refused(refusal: Refusal, request: Request) -> Response:
    if request.path.startswith(v4.ROOT):
        return v4.refused(refusal, request)
    return v2_refused(refusal, request)


def _throttled() -> Response:
    body = b"Too many requests"
    response = Response(HTTPStatus.TOO_MANY_REQUESTS, body, "text/plain;charset=utf-8")
    response.headers["retry-after"] = "1"
    return response


def _unavailable() -> Response:
    body = b"Service Unavailable"
    return Response(HTTPStatus.SERVICE_UNAVAILABLE, body, "text/plain;charset=utf-8")


def _hung_up() -> Response:
    return Response(0, dropped=True)


_TURNED_AWAY = {"throttle": _throttled, "unavailable": _unavailable, "drop-request": _hung_up}


def _spoiled(response: Response, fault: Fault, request: Request) -> Response:
    """The answer as a broken line would deliver it; what was committed stays committed."""
    if fault.name == "drop-answer":
        response.dropped = True
    elif fault.name == "garbled-after-commit":
        response.body = response.body[: len(response.body) // 2]
    elif fault.name == "error-500-after-commit":
        refusal = Refusal(500, "/IWBEP/CX_MGW_TECH_EXCEPTION", "An unknown internal error occurred")
        failed = _refused(refusal, request)
        return replace(
            failed,
            created=response.created,
            changed=response.changed,
            called=response.called,
            inner=response.inner,
        )
    return response

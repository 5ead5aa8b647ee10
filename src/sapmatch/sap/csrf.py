"""The CSRF token without which SAP takes no write (OD-P01 to OD-P10)."""

import threading
from http import HTTPStatus

from msgspec import Struct

from sapmatch.model.errors import LogonRefused, SapRejected, TransientError
from sapmatch.model.profiles import CsrfMode, Profile
from sapmatch.sap.odata import errors
from sapmatch.sap.session import TRIES, Answer, SapSession

HEADER = "x-csrf-token"
_FETCH = {HEADER: "Fetch"}
_FAILED = b"csrf token validation failed"
_START = 4000  # bytes of a body


class Source(Struct, frozen=True):
    """Where tokens are fetched: HEAD first, because some systems refuse it, then GET (OD-P02)."""

    path: str  # encoded; the service's root where nothing else is configured (OD-P01, OD-P03)
    methods: tuple[str, ...]
    kind: Profile  # knows the remedies


def is_required(answer: Answer) -> bool:
    """Whether SAP refused for the token alone: any other 403 is an authorisation (OD-P04).

    SAP looks at the token before it runs the service, so that nothing happened. Its text stays
    English, and is there where a proxy drops the header.
    """
    if answer.status != HTTPStatus.FORBIDDEN:
        return False
    said = answer.headers.get(HEADER, "").lower()
    return said == "required" or _FAILED in answer.body[:_START].lower()


class CsrfTokens:
    """The token of the session: one for all threads, fetched by one of them (OD-P10).

    auto: kept while SAP takes it; a system that gives none gets writes without. always: a new one
    for every write, and none is sent without. never: none, until SAP refuses a write for want of
    one (OD-P08).
    """

    def __init__(self, session: SapSession, mode: CsrfMode) -> None:
        self._session = session
        self._mode = mode
        self._lock = threading.Lock()
        self._session_number = 0  # of the session that the token belongs to
        self._unused = False  # fetched for a write that is still to come
        self._token: str | None = None

    def prepare(self, source: Source, *, tries: int = TRIES) -> bool:
        """Fetch what the next write needs, so that it does not wait for its token.

        Whether there is a token.
        """
        given = self.token(source, tries=tries) is not None
        self._unused = True
        return given

    def token(self, source: Source, *, tries: int = TRIES) -> str | None:
        """The token for a write."""
        with self._lock:
            if self._mode == "never":
                return None if self._is_old() else self._token
            if self._is_old() or (self._mode == "always" and not self._unused):
                self._fetch(source, tries)
            self._unused = False
            if self._token is None and self._mode == "always":
                raise self._none_given()
            return self._token

    def renewed(self, source: Source, refused: str | None) -> str:
        """A token other than the refused one; LogonRefused where SAP gives none."""
        with self._lock:
            if self._token == refused or self._is_old():
                self._fetch(source, tries=1)  # a write waits behind it, too
            if self._token is None:
                raise self._none_given()
            return self._token

    def afresh(self, source: Source, lost: int) -> str | None:
        """A token of a new session, after SAP lost the one of that number."""
        self._session.forget(lost)
        with self._lock:
            if self._is_old() and not (self._mode == "never" and self._token is None):
                self._fetch(source, tries=1)
            return self._token

    def _is_old(self) -> bool:
        return self._session_number != self._session.number

    def _fetch(self, source: Source, tries: int) -> None:
        *first, last = source.methods
        answer = next(filter(None, (self._asked(method, source) for method in first)), None)
        if answer is None:
            answer = self._session.read(last, self._url(source), _FETCH, tries=tries)
        self._token = _token_of(answer)
        if self._token is None:  # a token is good even on an error answer (OD-P07)
            self._check(answer, source)
        self._session_number = self._session.number

    def _asked(self, method: str, source: Source) -> Answer | None:
        """An answer that settles it; some systems refuse HEAD, or a proxy drops it (OD-P02)."""
        try:
            answer = self._session.read(method, self._url(source), _FETCH, tries=1)
        except TransientError:
            return None
        settled = _token_of(answer) or answer.status == HTTPStatus.UNAUTHORIZED
        return answer if settled else None

    def _url(self, source: Source) -> str:
        return self._session.url(source.path)

    def _check(self, answer: Answer, source: Source) -> None:
        try:
            errors.check_read(answer, self._session.place, source.kind)
        except SapRejected as exc:
            raise LogonRefused(
                f"{self._session.place}: no CSRF token could be fetched from {source.path}: {exc}. "
                'Where this service takes writes without one set csrf = "never"; where its root '
                "refuses, name another path or method by csrf_path and csrf_method of the service",
                "csrf",
            ) from exc

    def _none_given(self) -> LogonRefused:
        return LogonRefused(
            f"{self._session.place}: SAP asks for a CSRF token and gives none at the service's "
            "root; check that nothing between us and SAP removes its headers or cookies",
            "csrf",
        )


def _token_of(answer: Answer) -> str | None:
    token = answer.headers.get(HEADER, "")
    return None if token.lower() in ("", "required", "fetch") else token

"""The CSRF token without which SAP takes no write (OD-P01 to OD-P10)."""

import threading
from http import HTTPStatus
from typing import Literal

from msgspec import Struct

from sapmatch.model.errors import LogonRefused
from sapmatch.sap.odata import errors
from sapmatch.sap.session import TRIES, Answer, SapSession

HEADER = "x-csrf-token"
Mode = Literal["auto", "always", "never"]


class Source(Struct, frozen=True):
    """Where tokens are fetched: HEAD first, because some systems refuse it, then GET (OD-P02)."""

    path: str  # encoded; the service's root where nothing else is configured (OD-P01, OD-P03)
    methods: tuple[str, ...] = ("HEAD", "GET")


def is_required(answer: Answer) -> bool:
    """Whether SAP refused for the token alone: any other 403 is an authorisation (OD-P04)."""
    return (
        answer.status == HTTPStatus.FORBIDDEN
        and answer.headers.get(HEADER, "").lower() == "required"
    )


class CsrfTokens:
    """The token of the session: one for all threads, fetched by one of them (OD-P10).

    auto: kept while SAP takes it; a system that gives none gets writes without. always: a new one
    for every write, and none is sent without. never: no token at all (OD-P08).
    """

    def __init__(self, session: SapSession, mode: Mode) -> None:
        self._session = session
        self._mode = mode
        self._lock = threading.Lock()
        self._fetched = False
        self._unused = False  # fetched for a write that is still to come
        self._token: str | None = None

    def prepare(self, source: Source) -> bool:
        """Fetch what the next write needs, so that it does not wait for its token.

        Whether there is a token.
        """
        given = self.token(source) is not None
        self._unused = True
        return given

    def token(self, source: Source) -> str | None:
        """The token for a write."""
        if self._mode == "never":
            return None
        with self._lock:
            if not self._fetched or (self._mode == "always" and not self._unused):
                self._fetch(source)
            self._unused = False
            if self._token is None and self._mode == "always":
                raise self._none_given()
            return self._token

    def renewed(self, source: Source, refused: str | None) -> str:
        """A token other than the refused one; LogonRefused where SAP gives none."""
        if self._mode == "never":
            raise LogonRefused(
                f'{self._session.place}.csrf: is "never", but SAP asks for a token; set "auto"'
            )
        with self._lock:
            if self._token == refused:
                self._fetch(
                    source, tries=1
                )  # a write waits behind it: see Connection.settle_seconds
            if self._token is None:
                raise self._none_given()
            return self._token

    def afresh(self, source: Source, lost: str | None) -> str | None:
        """A token of a new session, after SAP lost the one that the given token belonged to."""
        with self._lock:
            if self._mode == "never" or self._token == lost:
                self._session.forget()
            if self._mode == "never":
                return None
            if self._token == lost:
                self._fetch(source, tries=1)
            return self._token

    def _fetch(self, source: Source, tries: int = TRIES) -> None:
        url = self._session.url(source.path)
        for method in source.methods:
            answer = self._session.read(method, url, {HEADER: "Fetch"}, tries=tries)
            self._token = _token_of(answer)
            if self._token or answer.status == HTTPStatus.UNAUTHORIZED:
                break
        if self._token is None:  # a token is good even on an error answer (OD-P07)
            errors.check_read(answer, self._session.place)
        self._fetched = True

    def _none_given(self) -> LogonRefused:
        return LogonRefused(
            f"{self._session.place}: SAP asks for a CSRF token and gives none at the service's "
            "root; check that nothing between us and SAP removes its headers or cookies"
        )


def _token_of(answer: Answer) -> str | None:
    token = answer.headers.get(HEADER, "")
    return None if token.lower() in ("", "required", "fetch") else token

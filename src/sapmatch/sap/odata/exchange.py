"""Requests to one OData service: its address, its token, and what may be sent twice."""

from collections.abc import Mapping, Sequence
from typing import Final

from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    SapMessage,
    SapUnavailable,
)
from sapmatch.model.profiles import Profile
from sapmatch.sap import csrf
from sapmatch.sap.http import TooLarge
from sapmatch.sap.odata import errors
from sapmatch.sap.session import TRIES, Answer, SapSession, is_session_lost

_NOTHING: Final[Mapping[str, str]] = {}


class Exchange:
    """One service of one SAP system; `root` is its encoded path with the slash at its end."""

    def __init__(
        self,
        session: SapSession,
        tokens: csrf.CsrfTokens,
        root: str,
        options: ServiceOptions,
        kind: Profile,
        locked: Sequence[str] = (),
    ) -> None:
        self.place = session.place
        self.root = root
        self.options = options
        self.kind = kind
        self._session = session
        self._tokens = tokens
        self._locked = locked
        methods = (options.csrf_method,) if options.csrf_method else ("HEAD", "GET")
        self._source = csrf.Source(options.csrf_path or root, methods, kind)

    def url(self, relative: str, options: Sequence[str] = ()) -> str:
        """The URL of an encoded path below the service, with client and language (OD-P15)."""
        return self._session.url(self.root + relative, options)

    def resolve(self, link: str, *, against: str) -> str:
        """A link of an answer as a URL; InputRejected where it leads to another origin."""
        return self._session.origin.resolve(link, against=against)

    def get(self, url: str, headers: Mapping[str, str] = _NOTHING, *, tries: int = TRIES) -> Answer:
        """GET, repeated where SAP is busy; any other status is an answer."""
        return self._session.read("GET", url, headers, tries=tries)

    def read(self, url: str, headers: Mapping[str, str] = _NOTHING) -> Answer:
        """GET that must bring data; raises what else the answer means."""
        answer = self.get(url, headers)
        self.check_read(answer)
        return answer

    def check_read(self, answer: Answer) -> None:
        """Raise what the answer to a read means, unless it is data."""
        errors.check_read(answer, self.place, self.kind)

    def prepare(self, *, tries: int = TRIES) -> bool:
        """Whether there is a CSRF token now; whatever fails here, nothing was written."""
        return self._tokens.prepare(self._source, tries=tries)

    def write(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Send a write with its token; any status is an answer, for `check` to judge.

        Sent once more only where SAP refused it for the token alone (OD-P04), or because it had
        lost our session (OD-P12): both are certain that nothing happened.
        """
        # One try: a write that is noted as sent waits behind it, see Connection.settle_seconds.
        token = self._tokens.token(self._source, tries=1)
        number = self._session.number
        answer = self._session.write(method, url, _with(headers, token), body)
        if is_session_lost(answer):
            token = self._tokens.afresh(self._source, number)
        elif csrf.is_required(answer):
            token = self._tokens.renewed(self._source, token)
        else:
            return answer
        answer = self._session.write(method, url, _with(headers, token), body)
        if csrf.is_required(answer):
            raise LogonRefused(
                f"{self.place}: SAP refuses the CSRF token that it has just given; its session "
                "cookies get lost on the way: check load balancers and proxies before SAP"
            )
        return answer

    def ask(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST of what only reads, such as a batch of reads: with its token, repeated as a GET."""
        return self._session.repeated(lambda: self._asked(url, headers, body))

    def check(self, answer: Answer) -> tuple[SapMessage, ...]:
        """Raise what the answer to a write means, or return the messages beside its success."""
        return errors.check_write(answer, self.place, self._locked, self.kind)

    def _asked(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            answer = self.write("POST", url, headers, body)
        except OutcomeUnknown as exc:
            if isinstance(exc.__cause__, TooLarge):
                raise InputRejected(f"{exc}; ask for less") from exc
            raise SapUnavailable(f"{self.place}: a read by POST got no answer") from exc
        self._session.check_busy(answer)
        return answer


def _with(headers: Mapping[str, str], token: str | None) -> dict[str, str]:
    return {**headers, csrf.HEADER: token} if token else dict(headers)

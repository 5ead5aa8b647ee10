"""One question to a token endpoint (RFC 6749 3.2), and what it answered.

A refusal is never repeated: S/4HANA Cloud locks a communication user after three wrong client
secrets (KBA 2806979). Where nobody answered, each further try is a new question.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, quote_plus

import msgspec
from msgspec import Struct

from sapmatch.model.access import Access, Secret
from sapmatch.model.errors import InputRejected, LogonRefused
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.basic import basic_pair
from sapmatch.sap.auth.credentials import Credentials
from sapmatch.sap.auth.token_http import HttpReply, TokenHttp, check_address
from sapmatch.sap.auth.tokens import usable_until
from sapmatch.sap.auth.trust import Trust

SHOWN = 300  # characters of what a server says in its own words

_SHORT = 4  # characters: to mask what is shorter would show what it is
# What RFC 6749 5.2 finds wrong when the client is known.
_AFTER_THE_CLIENT: Final = frozenset({"invalid_grant", "invalid_scope", "unauthorized_client"})
# With those that turn the direction of a line round.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
# Nobody writes words that long: it is a token, an assertion or a key that came back.
_BLOB: Final = re.compile(r"[A-Za-z0-9+/=_.%-]{48,}")
_SIGNED: Final = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{12,}")  # an Authorization header
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,65536}")  # what can stand in a header


class Question(Struct, frozen=True, kw_only=True):
    """The `form` to send, and who asks: with a `password`, or by the certificate `shown` in TLS.

    `hidden` are further values that no message repeats, even where the server does.
    """

    form: Mapping[str, str]
    client: str
    password: str | None = None
    shown: Access | None = None
    hidden: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Question({sorted(self.form)})"


class Reply(Struct, frozen=True, kw_only=True):
    """An answer, good or bad; `error` and `words` are the server's own, safe to show."""

    status: int
    fields: Mapping[str, Any]
    error: str = ""
    words: str = ""

    @property
    def proves_client(self) -> bool:
        """Whether it looked at more than who asked: a page or a redirect says nothing of that."""
        return "access_token" in self.fields or self.error in _AFTER_THE_CLIENT

    @property
    def said(self) -> str:
        """What the server said, for a message."""
        parts = [f"answered {self.status}", self.error, self.words]
        return ": ".join(part for part in parts if part)

    def __repr__(self) -> str:
        return f"Reply({self.status}, {sorted(self.fields)})"


class TokenEndpoint:
    """Where tokens are made; `setting` names its address in the settings, and in messages."""

    def __init__(self, setting: str, url: str, trust: Trust, clock: Clock) -> None:
        check_address(setting, url)
        self.setting = setting
        self._url = url
        self._http = TokenHttp(setting, trust, clock)

    def ask(self, question: Callable[[], Question]) -> Reply:
        """The answer, good or bad; a new question each time that nobody answered.

        Raises SapUnavailable and SapThrottled where there is none.
        """
        return self._http.repeated(lambda: self._asked(question()))

    def _asked(self, question: Question) -> Reply:
        headers = {}
        if question.password is not None:
            # Not percent-encoded before, as RFC 6749 2.3.1 has it: neither ABAP nor XSUAA decodes
            # that, and XSUAA's client ids contain `!` and `|`.
            pair = basic_pair(question.client, question.password)
            headers["Authorization"] = f"Basic {pair}"
        answer = self._http.send("POST", self._url, headers, question.form, question.shown)
        return _reply(answer, question)


def answered(
    credentials: Credentials, ask: Callable[[Secret], Reply], refuses: Callable[[Reply], bool]
) -> tuple[Secret, Reply]:
    """The answer to the secret of now; where that is refused, once to a newer version (RE-26)."""
    secret = credentials.current()
    reply = ask(secret)
    if refuses(reply) and credentials.refused(secret):
        secret = credentials.current()
        reply = ask(secret)
        if refuses(reply):
            credentials.refused(secret)
    if reply.proves_client and not refuses(reply):
        credentials.accepted(secret)
    return secret, reply


def bearer(place: str, reply: Reply, issued: datetime) -> Access:
    """The token as every request has to carry it (RFC 6750); LogonRefused where there is none."""
    token = reply.fields.get("access_token")
    kind = reply.fields.get("token_type", "Bearer")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise LogonRefused(f"{place}: {reply.said}, and gave no token; check token_url", "token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise LogonRefused(f"{place}: gave a token that is no bearer token", "token")
    until = usable_until(issued, reply.fields.get("expires_in"))
    return Access(headers={"Authorization": f"Bearer {token}"}, usable_until=until)


def client_of(secret: Secret) -> str:
    """The OAuth client; InputRejected where HTTP could not tell it from its password."""
    client = secret.field("client_id")
    if ":" in client:
        raise InputRejected(f"secret {secret.name}: `client_id` must be without a colon")
    return client


def safe(text: object, hidden: Sequence[str]) -> str:
    """What a server says in its own words: one line, bounded, without values of ours."""
    if not isinstance(text, str):
        return ""
    line = text
    for value in sorted(set(_forms(hidden)), key=len, reverse=True):
        line = line.replace(value, "***")
    line = _SIGNED.sub(r"\1 ***", _BLOB.sub("***", _CONTROL.sub(" ", line))).strip()
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}..."


def _forms(hidden: Sequence[str]) -> Iterator[str]:
    """Each value as it may come back."""
    for value in hidden:
        if len(value) >= _SHORT:
            yield from (value, quote(value, safe=""), quote_plus(value))
            yield base64.b64encode(value.encode()).decode("ascii")


def _reply(answer: HttpReply, question: Question) -> Reply:
    fields = _fields(answer.body)
    hidden = [*question.hidden]
    if question.password is not None:
        hidden += [question.password, basic_pair(question.client, question.password)]
    return Reply(
        status=answer.status,
        fields=fields,
        error=safe(fields.get("error"), hidden),
        words=safe(fields.get("error_description"), hidden),
    )


def _fields(body: bytes) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}  # a page, most likely: the status has to say it all
    return found if isinstance(found, dict) else {}

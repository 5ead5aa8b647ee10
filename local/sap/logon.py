"""Logon, client, sessions and CSRF tokens.

A token belongs to the session of its cookie and to the user who fetched it (OD-P01, OD-P05). Every
request carries the password again, as a client with basic authentication does.
"""

import base64
import binascii
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from local.sap.errors import LogonFailed, TokenRequired
from local.sap.exchange import Request

CLIENT = "100"
COOKIE = "SAP_SESSIONID_S4H_100"
_MAX_SESSIONS = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """A security session; `ends` on the monotonic clock."""

    id: str
    user: str
    token: str
    ends: float


class Logon:
    """Who may call, and which sessions are open."""

    def __init__(self, users: Mapping[str, str], session_seconds: float) -> None:
        self._users = dict(users)
        self._seconds = session_seconds
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def user(self, request: Request) -> str:
        """The user of the request; LogonFailed where user, password or client is wrong."""
        if _client(request) != CLIENT:
            raise LogonFailed
        user, password = _basic(request.headers.get("authorization", ""))
        known = self._users.get(user, "")
        if not known or not hmac.compare_digest(known.encode(), password.encode()):
            raise LogonFailed
        return user

    def session(self, request: Request, user: str) -> tuple[Session, list[str]]:
        """The session of the request's cookie, or a new one with the cookies to set."""
        known = self._sessions.get(_cookie(request))
        if known is not None and known.user == user and known.ends > time.monotonic():
            return known, []
        return self._open(user)

    def check_token(self, request: Request, session: Session) -> None:
        """TokenRequired unless the request carries the token of this session."""
        token = request.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(token.encode(), session.token.encode()):
            raise TokenRequired

    def close(self, session: Session) -> None:
        """End a session, as its time-out would."""
        self._sessions.pop(session.id, None)

    def _open(self, user: str) -> tuple[Session, list[str]]:
        ends = time.monotonic() + self._seconds
        session = Session(secrets.token_urlsafe(24), user, secrets.token_urlsafe(18), ends)
        self._sessions[session.id] = session
        while len(self._sessions) > _MAX_SESSIONS:
            self._sessions.popitem(last=False)
        cookies = [
            f"{COOKIE}={session.id}; path=/; HttpOnly",
            f"sap-usercontext=sap-client={CLIENT}; path=/",
        ]
        return session, cookies


def _client(request: Request) -> str:
    given = parse_qs(request.query).get("sap-client", [])
    return given[-1] if given else request.headers.get("sap-client", "")


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise LogonFailed
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise LogonFailed from error
    user, _, password = text.partition(":")
    return user, password


def _cookie(request: Request) -> str:
    try:
        morsel = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""

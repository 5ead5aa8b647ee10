"""Security sessions and their CSRF tokens.

A token belongs to the session of its cookie and to the user who fetched it (OD-P01, OD-P05).
"""

import hmac
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from local.sap.errors import TokenRequired
from local.sap.exchange import Request

CLIENT = "100"
COOKIE = "SAP_SESSIONID_S4H_100"
XSRF_COOKIE = "sap-XSRF_S4H_100"
_MAX_SESSIONS = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """A security session; `ends` on the monotonic clock."""

    id: str
    user: str
    token: str
    xsrf: str
    ends: float


class Sessions:
    """The open sessions; with `xsrf_cookie` a token counts with that cookie only (C4C)."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open: OrderedDict[str, Session] = OrderedDict()

    def of(self, request: Request, user: str, *, xsrf_cookie: bool) -> tuple[Session, list[str]]:
        """The session of the request's cookie, or a new one with the cookies to set."""
        known = self._open.get(_cookie(request, COOKIE))
        if known is not None and known.user == user and known.ends > time.monotonic():
            return known, []
        session = self._new(user)
        cookies = [
            f"{COOKIE}={session.id}; path=/; HttpOnly",
            f"sap-usercontext=sap-client={CLIENT}; path=/",
        ]
        if xsrf_cookie:
            cookies.append(f"{XSRF_COOKIE}={session.xsrf}; path=/; HttpOnly")
        return session, cookies

    def check_token(self, request: Request, session: Session, *, xsrf_cookie: bool) -> None:
        """TokenRequired unless the request carries the token of this session."""
        given = request.headers.get("x-csrf-token", "")
        fits = hmac.compare_digest(given.encode(), session.token.encode())
        if not fits or (xsrf_cookie and _cookie(request, XSRF_COOKIE) != session.xsrf):
            raise TokenRequired

    def given(self) -> list[str]:
        """The values of all cookies, and the CSRF tokens."""
        sessions = self._open.values()
        return [value for each in sessions for value in (each.id, each.token, each.xsrf)]

    def close(self, session: Session) -> None:
        """End a session, as its time-out would."""
        self._open.pop(session.id, None)

    def close_all(self) -> None:
        """End every session, as a restart of the application server would."""
        self._open.clear()

    def _new(self, user: str) -> Session:
        ends = time.monotonic() + self._seconds
        session = Session(
            secrets.token_urlsafe(24),
            user,
            secrets.token_urlsafe(18),
            secrets.token_urlsafe(18),
            ends,
        )
        self._open[session.id] = session
        while len(self._open) > _MAX_SESSIONS:
            self._open.popitem(last=False)
        return session


def _cookie(request: Request, name: str) -> str:
    try:
        morsel = SimpleCookie(request.headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""

"""Port AccessSource for a destination of SAP BTP."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from msgspec.structs import replace

from sapmatch.model.access import Access, LogonGuard, Principal
from sapmatch.model.auth import BtpDestination
from sapmatch.model.connection import Connection
from sapmatch.model.errors import LogonRefused, TransientError
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.credentials import Credentials
from sapmatch.sap.auth.destination.logon import AGE, Logon
from sapmatch.sap.auth.destination.reply import Reply
from sapmatch.sap.auth.destination.service import (
    FOREIGN_USER,
    DestinationService,
    Unauthorized,
)
from sapmatch.sap.auth.destination.service_token import ServiceToken
from sapmatch.sap.auth.destination.trial import Trial
from sapmatch.sap.auth.token_http import TokenHttp
from sapmatch.sap.auth.trust import Trust
from sapmatch.sap.auth.user_token import UserTokens

AGAIN: Final = timedelta(minutes=1)  # after which a service that failed is asked again
KNOWN: Final = 256  # users at once


class DestinationSource:
    """Finds the destination anew with each call; `setting` is `[connections.s4].auth`.

    Where the service fails, what it last gave to this user counts on, as long as it is usable.
    """

    def __init__(
        self,
        setting: str,
        auth: BtpDestination,
        connection: Connection,
        credentials: Credentials,
        clock: Clock,
        trust: Trust,
        guard: LogonGuard | None = None,
    ) -> None:
        self._place = f"{setting}: destination {auth.destination}"
        self._logon = Logon(place=self._place, auth=auth, connection=connection)
        self._credentials = credentials
        self._clock = clock
        self._token = ServiceToken(f"{setting}: service binding", credentials, clock, trust)
        self._service = DestinationService(self._place, auth, trust, clock)
        self._keys = TokenHttp(f"{setting}.issuers", trust, clock)
        self._users = UserTokens(f"{setting}.issuers", auth.issuers, self._read_keys, clock)
        self._trial = Trial(self._place, auth.destination, guard, clock)
        self._known: OrderedDict[Hashable, Access] = OrderedDict()
        self._lock = threading.Lock()

    def access(self, principal: Principal | None) -> Access:
        """Access as the destination makes it.

        Raises InputRejected for a destination that must not be used, LogonRefused and
        SapUnavailable as AccessSource says.
        """
        token = principal.token if principal else None
        user = self._users.user(token) if token is not None else None
        who = (user.issuer, user.tenant, user.id) if user else None
        now = self._clock.now()
        try:
            if token is not None:  # what is wrong with it locks nobody
                access = self._logon.access(self._found(token), principal, now)
            else:
                access = self._tried(principal, now)
        except TransientError:
            kept = self._kept(who)
            if kept is None:
                raise
            return _until(kept, now + AGAIN)
        if access.usable_until is not None:
            access = _until(access, user.ends) if user else access
            self._keep(who, access)
        return _until(access, now + AGE)

    def configuration(self) -> Reply:
        """How the destination is set up, for who wants to explain it; nobody logs on by it."""
        return self._found(None, logon=False)

    def _tried(self, principal: Principal | None, now: datetime) -> Access:
        """By the destination's own logon, unless that was refused before."""
        if self._trial.is_doubtful():
            self._trial.admit(self.configuration())
        found = self._found(None)
        try:
            access = self._logon.access(found, principal, now)
        except LogonRefused:
            self._trial.told(found)
            raise
        self._trial.accepted(found)
        return access

    def _found(self, user_token: str | None, *, logon: bool = True) -> Reply:
        """With a service token; once with a new one, where that was not taken any more."""
        given = self._token.access()
        try:
            return self._asked(given, user_token, logon=logon)
        except Unauthorized:
            self._token.drop(given)
        try:
            return self._asked(self._token.access(), user_token, logon=logon)
        except Unauthorized as exc:
            raise self._unauthorized(str(exc), user_token) from exc

    def _asked(self, given: Access, user_token: str | None, *, logon: bool) -> Reply:
        binding = self._credentials.known()
        authorization = given.headers["Authorization"]
        return self._service.find(binding, authorization, user_token, logon=logon)

    def _unauthorized(self, words: str, user_token: str | None) -> LogonRefused:
        said = f"{self._place}: the destination service answered 401" + (
            f" ({words})" * bool(words)
        )
        if user_token:
            return LogonRefused(
                f"{said} to the service token or the user's. {FOREIGN_USER}", "user-token"
            )
        return LogonRefused(
            f"{said} to a new service token: does the binding belong to a destination service, "
            "and to the tenant? Make a new service key (BTP cockpit, Services, Instances)",
            "destination",
        )

    def _read_keys(self, url: str) -> bytes:
        reply = self._keys.send("GET", url, {})
        return reply.body if reply.status == HTTPStatus.OK else b""

    def _keep(self, who: Hashable, access: Access) -> None:
        with self._lock:
            self._known[who] = access
            self._known.move_to_end(who)
            while len(self._known) > KNOWN:
                self._known.popitem(last=False)

    def _kept(self, who: Hashable) -> Access | None:
        with self._lock:
            kept = self._known.get(who)
        usable = kept and kept.usable_until and kept.usable_until > self._clock.now()
        return kept if usable else None

    def __repr__(self) -> str:
        return f"DestinationSource({self._place!r})"


def _until(access: Access, end: datetime) -> Access:
    """The same, no longer than that."""
    until = access.usable_until
    return access if until is None or until <= end else replace(access, usable_until=end)

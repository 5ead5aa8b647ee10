"""The destination service: one "find destination", and what its refusals mean."""

import logging
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import msgspec

from sapmatch.model.access import Secret
from sapmatch.model.auth import BtpDestination
from sapmatch.model.errors import LogonRefused
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.destination.binding import address
from sapmatch.sap.auth.destination.reply import Reply, decoded
from sapmatch.sap.auth.token_call import safe
from sapmatch.sap.auth.token_http import HttpReply, TokenHttp
from sapmatch.sap.auth.trust import Trust

_log = logging.getLogger(__name__)

LEVELS: Final = ("instance", "subaccount")

_ROOT: Final = "destination-configuration"
_PROPERTIES: Final = "?$skipTokenRetrieval=true"
FOREIGN_USER: Final = (
    "Where the user's token is not of XSUAA, the destination needs the additional property "
    "x_user_token.jwks_uri (address of the issuer's keys) or x_user_token.jwks (the keys)"
)


class Unauthorized(Exception):
    """The service token was not taken: a new one may be."""


class DestinationService:
    """Finds destinations by a service token; `place` names the destination in messages."""

    def __init__(self, place: str, auth: BtpDestination, trust: Trust, clock: Clock) -> None:
        self._place = place
        self._auth = auth
        self._http = TokenHttp(f"{place}: the destination service", trust, clock)
        self._renewed: tuple[str, str] | None = None  # version of the secret, its refresh token now

    def find(
        self,
        binding: Secret,
        authorization: str,
        user_token: str | None,
        *,
        logon: bool = True,
    ) -> Reply:
        """The destination, with what its logon gave; without `logon` its properties alone.

        Raises Unauthorized on 401, LogonRefused on any other 4xx, SapUnavailable where the service
        failed or did not answer, several times (CO-T10).
        """
        url = f"{address(binding, 'uri')}/{_ROOT}/{self._path()}{'' if logon else _PROPERTIES}"
        headers = self._headers(binding, authorization, user_token)
        hidden = tuple(filter(None, (*binding.fields.values(), authorization, user_token)))
        reply = self._http.repeated(lambda: self._http.send("GET", url, headers))
        if reply.status == HTTPStatus.OK:
            found = decoded(self._place, reply.body)
            self._keep_refresh_token(binding, found)
            return found
        if reply.status == HTTPStatus.UNAUTHORIZED:
            raise Unauthorized(_words(reply, hidden))
        raise self._refused(reply.status, _words(reply, hidden), user_token is not None)

    def _path(self) -> str:
        """Version 2 takes a level, `name@instance` (D5); the name is percent-encoded (CO-T8)."""
        name, _, level = self._auth.destination.rpartition("@")
        if name and level in LEVELS:
            return f"v2/destinations/{quote(name, safe='')}@{level}"
        return f"v1/destinations/{quote(self._auth.destination, safe='')}"

    def _headers(
        self, binding: Secret, authorization: str, user_token: str | None
    ) -> dict[str, str]:
        optional = {
            "X-user-token": user_token,
            "X-tenant": self._auth.tenant,
            "X-fragment-name": self._auth.fragment,
            "X-refresh-token": self._refresh_token(binding),
        }
        given = {name: value for name, value in optional.items() if value}
        return {"Authorization": authorization, **given}

    def _refresh_token(self, binding: Secret) -> str | None:
        renewed = self._renewed
        if renewed and renewed[0] == binding.version:
            return renewed[1]
        return binding.fields.get("refresh_token")

    def _keep_refresh_token(self, binding: Secret, found: Reply) -> None:
        """One that was renewed counts for this process: a secret is never written from here."""
        given = next((each.refresh_token for each in found.tokens if each.refresh_token), None)
        if given and given != self._refresh_token(binding):
            self._renewed = (binding.version, given)
            _log.warning(
                "%s: the issuer renews refresh tokens, and the secret keeps the old one; have it "
                "issue tokens that stay, or store a new one before this process ends",
                self._place,
            )

    def _refused(self, status: int, words: str, for_user: bool) -> LogonRefused:
        said = f" ({words})" if words else ""
        if status == HTTPStatus.NOT_FOUND:
            return LogonRefused(
                f"{self._place}: there is no such destination{said}; check its name, level and "
                "fragment (BTP cockpit, Connectivity, Destinations) and the tenant",
                "destination",
            )
        if for_user and status >= HTTPStatus.BAD_REQUEST:
            return LogonRefused(
                f"{self._place}: the destination service answered {status}{said} to the user's "
                f"token. {FOREIGN_USER}",
                "user-token",
            )
        return LogonRefused(
            f"{self._place}: the destination service answered {status}{said}; check the "
            "destination (BTP cockpit, Connectivity, Destinations, Check Connection)",
            "destination",
        )


def _words(reply: HttpReply, hidden: tuple[str, ...]) -> str:
    """What the service says of it, without values of ours."""
    try:
        found = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = reply.body.decode("utf-8", errors="replace")
    if isinstance(found, dict):
        found = found.get("ErrorMessage") or found.get("error_description") or found.get("error")
    return safe(found, hidden)

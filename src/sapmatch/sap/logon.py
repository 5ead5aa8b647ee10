"""Whether SAP lets us in; if not why, and who must do what about it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sapmatch.model.auth import Basic, BtpDestination, Certificate, NoAuth, SamlBearer
from sapmatch.model.connection import Connection
from sapmatch.model.errors import LogonReason, LogonRefused
from sapmatch.model.ports import Clock
from sapmatch.model.profiles import Profile
from sapmatch.sap.entrance import Entrance
from sapmatch.sap.http import Auth

REFUSED = timedelta(seconds=60)  # how long nobody knocks again after a refusal

_START = 20_000  # bytes of a page
_REALM = re.compile(r"\[(?P<system>\w{3})/(?P<client>\d{3})\]")
# SAP's page says so only where login/show_detailed_errors lets it. Its words decide about the
# remedy that is shown, and about nothing else: no refusal is tried again with the same secret.
_LOCKED = re.compile(
    rb"\b(is|been) locked\b|\blocked user|user_?locked|gesperrt|verrouill|bloquead|bloccat|"
    rb"too many failed|zu viele fehl",
    re.IGNORECASE,
)
_LOGON_PAGE = re.compile(rb"name=[\"']?(SAMLRequest|SAMLResponse|RelayState|sap-password)", re.I)


SSO = (
    "single sign-on or a logon page is in the way: the service's node in transaction SICF must "
    "offer the logon that auth.type names, and a web dispatcher in between must keep the query "
    "saml2=disabled, which each call carries"
)
_UNLOCK = (
    "mend the secret first and look who else logs on with an old password, then unlock it in "
    "transaction SU01 (EWZ5 shows all)"
)
_ONCE = (
    "This run does not try the same secret again, and all runs together stop after two refusals, "
    "so that the user does not get locked"
)
_UNMAPPED = (
    "the client certificate is good and belongs to no user: map its subject to one in transaction "
    "CERTRULE (older releases: table view VUSREXTID, type DN)"
)
_BEARER = (
    "it takes neither the token nor a new one: check scope and client in transaction SOAUTH2 and "
    "the user's S_SCOPE; SEC_TRACE_ANALYZER shows the reason"
)
_NONE_SHOWN = (
    "SAP wants a client certificate ({alert}) and was shown none; set an auth.type that has one, "
    'such as "certificate", or in SAP the parameter icm/HTTPS/verify_client to 1'
)
_NOT_TAKEN = (
    "SAP refused the client certificate ({alert}): its authorities must stand in the certificate "
    "list of the SSL server PSE (transaction STRUST) and beside it in the secret, and it must be "
    "neither over nor revoked"
)


class Logon:
    """How one client gets into SAP: alone until somebody is in, and not at all once refused."""

    def __init__(self, place: str, connection: Connection, auth: Auth, clock: Clock) -> None:
        self._place = place
        self._connection = connection
        self._auth = auth
        self._clock = clock
        self._refused_at: datetime | None = None
        self.entrance = Entrance()

    @contextmanager
    def passing(self) -> Iterator[int]:
        """Around one exchange; LogonRefused where others learnt meanwhile that it is in vain."""
        with self.entrance.passing() as number:
            if self._refused_at and self._clock.now() - self._refused_at < REFUSED:
                raise LogonRefused(
                    f"{self._place}: SAP refused the logon before; it is not tried again with the "
                    "same secret, so that the user does not get locked: mend it, then start anew",
                    "stopped",
                )
            yield number

    def proved(self, number: int) -> None:
        """SAP has let that passage in; late, it proves nothing of what was refused since."""
        if not self.entrance.counts(number):
            return
        self._auth.accepted()
        self.entrance.open(number)
        self._refused_at = None

    def is_renewed(self, number: int, *, again: bool) -> bool:
        """After a refusal: whether there is something else to log on with, to be tried alone.

        `again`: it was the second one in a row, and the last.
        """
        self.entrance.shut(number)
        if again:
            self._auth.refused_again()
        elif self._auth.refused():
            return True
        self._refused_at = self._clock.now()
        return False

    def is_certificate_renewed(self, number: int, *, again: bool) -> bool:
        """The same after an alert of TLS, which is no word on a password: that was never read."""
        signed = self._auth.signed
        if signed and signed.certificate:
            return self.is_renewed(number, again=again)
        self.entrance.shut(number)
        self._refused_at = self._clock.now()
        return False

    def refusal(self, challenge: str, body: bytes) -> LogonRefused:
        """What a 401 means; `challenge` is its WWW-Authenticate."""
        signed = self._auth.signed
        is_password = bool(signed and signed.password)
        why, remedy = _remedy(self._connection, body[:_START], is_password=is_password)
        who = _named(challenge)
        return LogonRefused(f"{self._place}: SAP refused the logon (HTTP 401{who}); {remedy}", why)

    def certificate_refused(self, alert: str) -> LogonRefused:
        """What an alert of TLS about our certificate means."""
        signed = self._auth.signed
        remedy = _NOT_TAKEN if signed and signed.certificate else _NONE_SHOWN
        return LogonRefused(f"{self._place}: {remedy.format(alert=alert)}", "certificate")


def is_logon_page(body: bytes) -> bool:
    """Whether the body is a page that asks who is there."""
    return bool(_LOGON_PAGE.search(body[:_START]))


def _remedy(connection: Connection, page: bytes, *, is_password: bool) -> tuple[LogonReason, str]:
    if is_logon_page(page):
        return "sso", SSO
    kind = connection.kind
    match connection.auth:
        case NoAuth():
            return "other", 'SAP wants a logon, and auth.type is "none"; set another one'
        case Basic():
            return password_refused(kind, page)
        case BtpDestination() if is_password:
            return password_refused(kind, page)
        case Certificate():
            return "unmapped", _UNMAPPED if kind.client else kind.remedies.logon
        case SamlBearer():
            return "assertion", _BEARER
    return "token", _BEARER


def password_refused(kind: Profile, page: bytes) -> tuple[LogonReason, str]:
    """Why a password was not taken, and the remedy; `page` is what SAP said."""
    if not _LOCKED.search(page):
        return "password", f"{kind.remedies.logon}. {_ONCE}"
    unlock = _UNLOCK if kind.client else kind.remedies.logon
    return "locked", f"the user is locked: {unlock}. {_ONCE}"


def _named(challenge: str) -> str:
    realm = _REALM.search(challenge)
    return f" of system {realm['system']}, client {realm['client']}" if realm else ""

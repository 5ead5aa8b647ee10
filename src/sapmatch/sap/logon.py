"""Why SAP did not let us in, and who must do what about it."""

import re

from sapmatch.model.auth import Auth, Basic, Certificate, NoAuth
from sapmatch.model.connection import Connection
from sapmatch.model.errors import LogonReason, LogonRefused

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


def refusal(
    connection: Connection, place: str, challenge: str, body: bytes, *, certificate: bool
) -> LogonRefused:
    """What a 401 means; `challenge` is its WWW-Authenticate.

    `certificate`: TLS had shown one of ours, and it was let through.
    """
    page = body[:_START]
    why, remedy = _remedy(connection, challenge, page, certificate=certificate)
    who = _named(challenge)
    return LogonRefused(f"{place}: SAP refused the logon (HTTP 401{who}); {remedy}", why)


def certificate_refused(place: str, auth: Auth, *, shown: bool, alert: str) -> LogonRefused:
    """What an alert of TLS about our certificate means."""
    if not shown:
        needed = '"certificate"' if isinstance(auth, NoAuth | Basic) else "one that brings one"
        return LogonRefused(
            f"{place}: SAP wants a client certificate ({alert}) and was shown none; set auth.type "
            f"to {needed}, or icm/HTTPS/verify_client in SAP to 1 (may be shown, need not)",
            "certificate",
        )
    return LogonRefused(
        f"{place}: SAP refused the client certificate ({alert}); its authorities must stand in the "
        "certificate list of the SSL server PSE (transaction STRUST), be in the secret beside it, "
        "and it must be neither over nor revoked",
        "certificate",
    )


def _remedy(
    connection: Connection, challenge: str, page: bytes, *, certificate: bool
) -> tuple[LogonReason, str]:
    if _LOGON_PAGE.search(page):
        return "sso", SSO
    match connection.auth:
        case NoAuth():
            return "other", 'SAP wants a logon, and auth.type is "none"; set another one'
        case Basic() if _LOCKED.search(page):
            return "locked", (
                "the user is locked: unlock it in transaction SU01 (EWZ5 shows and unlocks many; "
                "S/4HANA Cloud: app Maintain Communication Users), mend the secret first, and look "
                "who else logs on with the old password"
            )
        case Basic():
            return "password", _WRONG.format(client=connection.client or "that is meant")
        case Certificate():
            return "unmapped", _UNMAPPED
    if certificate and challenge.lower().startswith("basic"):
        return "unmapped", _UNMAPPED
    return "token", (
        "it does not take the token, nor a new one: check scope and client in transaction SOAUTH2, "
        "the user's S_SCOPE, and look into SEC_TRACE_ANALYZER for the reason"
    )


def _named(challenge: str) -> str:
    realm = _REALM.search(challenge)
    return f" of system {realm['system']}, client {realm['client']}" if realm else ""


SSO = (
    "single sign-on or a logon page is in the way: the service's node in transaction SICF must "
    "offer the logon that auth.type names, and a web dispatcher in between must keep the query "
    "saml2=disabled, which each call carries"
)
_WRONG = (
    "check user, password and client in the secret and in the settings; in SAP (SU01, client "
    "{client}) the user must exist, be valid and not locked, its password neither initial nor "
    "expired. The same secret is not tried again, so that the user does not get locked"
)
_UNMAPPED = (
    "the client certificate is good and belongs to no user: map its subject to one in transaction "
    "CERTRULE (older releases: table view VUSREXTID, type DN), with icm/HTTPS/verify_client 1 or 2"
)

"""Whether SAP lets the user in, and into which client."""

import re
from http import HTTPStatus

from sapmatch.model.auth import Basic, Certificate, NoAuth, type_of
from sapmatch.model.errors import LogonRefused
from sapmatch.sap.doctor.finding import Finding, failed, failure, ok, skipped, warning
from sapmatch.sap.doctor.rfc import entered
from sapmatch.sap.doctor.system import System
from sapmatch.sap.odata import messages
from sapmatch.sap.session import Answer

# SAP names its system and client in the realm of a 401, and the client in its cookies.
_REALM = re.compile(r"\[(?P<system>\w{3})/(?P<client>\d{3})\]")
_COOKIE = re.compile(r"sap-usercontext=sap-client=(\d{3})|SAP_SESSIONID_\w{3}_(\d{3})=")
_USER = (
    "SU01: the user exists in client {client}, is not locked, its validity is not over, and its "
    "password is neither initial nor expired (type System has none of that); then the secret "
    "{setting}.auth.secret. Try once only: SAP locks the user after a few (profile parameter "
    "login/fails_to_user_lock)"
)
_UNPROVED = (
    "SICF: the service's node is not active, or a web dispatcher in between does not know the "
    "path; the checks of the services say more"
)
_CLIENT = (
    "SICF: 'Logon Data' of the service's node, or of one above it, fixes the client; or set "
    "{setting}.client to the one that is meant"
)
_STOPPED = (
    "store the right secret as a new version, which is tried by itself; where only the user was "
    "locked, unlock it (SU01), then `sapmatch release {name} --stage STAGE`"
)
_TAKEN = {
    NoAuth: "SAP wants no logon of ours",
    Basic: "SAP takes user and password",
    Certificate: "SAP takes the client certificate and knows its user",
}


def guard(system: System) -> Finding:
    """Whether the functions of a stage have stopped this logon, so that nothing must try it."""
    assert system.entry.stopped is not None
    since = system.entry.stopped()
    if since is None:
        return ok("no logon of the stage is stopped")
    return failed(
        f"SAP refused this version of the secret twice: stopped since {since:%Y-%m-%d %H:%M} UTC",
        _STOPPED.format(name=system.name),
    )


def logon(system: System) -> Finding:
    """One logon with the secret or the token; a refused one is never tried twice."""
    if not system.target.service:
        return entered(system)
    system.client = system.entry.connect(system.source)
    exchange = system.client.exchange(system.target.service)
    answer = system.get(exchange, exchange.url(""), "service document")
    system.greeting = answer
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return _refused(system, answer)
    if answer.status < HTTPStatus.BAD_REQUEST:
        exchange.check_read(answer)  # a logon page is no logon
    elif messages.from_body(answer.body) is None and _client_of(answer) is None:
        system.proved = False
        return warning(
            f"SAP answered HTTP {answer.status} before it asked who we are: nothing is proved",
            _UNPROVED,
        )
    taken = _TAKEN.get(type(system.connection.auth), "SAP takes what {kind} gave")
    return ok(taken.format(kind=type_of(system.connection.auth)))


def client(system: System) -> Finding:
    """The client that SAP logged us on to, where it says so."""
    if not system.proved:
        return skipped("says nothing as long as the logon proves nothing")
    wanted = system.connection.client
    found = _client_of(system.greeting) if system.greeting else None
    if not wanted:
        return ok(f"asked for none; SAP took {found}" if found else "asked for none")
    if found is None:
        return ok(f"asked for client {wanted}; SAP does not say which one it took")
    if found != wanted:
        return failed(
            f"asked for client {wanted}, SAP took {found}", _CLIENT.format(setting=system.setting)
        )
    return ok(f"SAP took client {wanted}")


def _refused(system: System, answer: Answer) -> Finding:
    refusal = answer.refusal or LogonRefused("SAP refuses the logon", "password")
    realm = _REALM.search(answer.headers.get("WWW-Authenticate", ""))
    named = ""
    if realm:
        named = f" of system {realm['system']}, client {realm['client']}"
        if system.connection.client not in ("", realm["client"]):
            named += f", where {system.connection.client} was asked for"
    return failed(f"SAP refuses the logon (HTTP 401{named})", _mended(system, refusal))


def _mended(system: System, refusal: LogonRefused) -> str:
    """What to do about it, in the words of this kind of system."""
    kind = system.connection.kind
    if refusal.reason == "password" and kind.client:
        return _USER.format(setting=system.setting, client=system.connection.client)
    if refusal.reason in ("password", "locked") and not kind.client:
        return kind.remedies.logon
    said = str(refusal).partition("; ")[2]
    return said or failure(refusal).remedy


def _client_of(answer: Answer) -> str | None:
    found = _COOKIE.search(answer.headers.get("Set-Cookie", ""))
    return found[1] or found[2] if found else None

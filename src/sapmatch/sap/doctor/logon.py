"""Whether SAP lets the user in, and into which client."""

import re
from http import HTTPStatus

from sapmatch.model.errors import InputRejected, Throttled
from sapmatch.sap.doctor.finding import Finding, failed, ok, warning
from sapmatch.sap.doctor.system import System
from sapmatch.sap.odata import errors, messages
from sapmatch.sap.session import Answer

# SAP names its system and client in the realm of a 401, and the client in its cookies.
_REALM = re.compile(r"\[(?P<system>\w{3})/(?P<client>\d{3})\]")
_COOKIE = re.compile(r"sap-usercontext=sap-client=(\d{3})|SAP_SESSIONID_\w{3}_(\d{3})=")
_CREDENTIALS = (
    "{setting}.auth.secret: Secrets Manager must hold it in this account and region, this role "
    "needs secretsmanager:GetSecretValue on it and kms:Decrypt on its key, and its JSON `user` "
    "and `password`; in a VPC the interface endpoint of Secrets Manager must admit us (port 443)"
)
_ENVIRONMENT = "export the variables that {setting}.auth.secret names: NAME_USER and NAME_PASSWORD"
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


def logon(system: System) -> Finding:
    """One logon with the secret; a refused one is never tried twice."""
    try:
        system.client = system.connect()
    except InputRejected as exc:
        return failed(str(exc), _secret_remedy(system))
    except Throttled as exc:
        return failed(str(exc), _secret_remedy(system), unreachable=True)
    exchange = system.client.exchange(system.target.service)
    answer = system.get(exchange, exchange.url(""), "service document")
    system.greeting = answer
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return _refused(system, answer)
    if answer.status < HTTPStatus.BAD_REQUEST:
        errors.check_read(answer, exchange.place)  # a logon page is no logon
    elif messages.from_body(answer.body) is None and _client_of(answer) is None:
        return warning(
            f"SAP answered HTTP {answer.status} before it asked who we are: nothing is proved",
            _UNPROVED,
        )
    return ok("SAP takes user and password")


def client(system: System) -> Finding:
    """The client that SAP logged us on to, where it says so."""
    wanted = system.connection.client
    found = _client_of(system.greeting) if system.greeting else None
    if found is None:
        return ok(f"asked for client {wanted}; SAP does not say which one it took")
    if found != wanted:
        return failed(
            f"asked for client {wanted}, SAP took {found}", _CLIENT.format(setting=system.setting)
        )
    return ok(f"SAP took client {wanted}")


def _secret_remedy(system: System) -> str:
    local = any(name.startswith("env:") for name in system.connection.secrets)
    return (_ENVIRONMENT if local else _CREDENTIALS).format(setting=system.setting)


def _refused(system: System, answer: Answer) -> Finding:
    remedy = _USER.format(setting=system.setting, client=system.connection.client)
    realm = _REALM.search(answer.headers.get("WWW-Authenticate", ""))
    if realm is None:
        return failed("SAP refuses the logon (HTTP 401)", remedy)
    named = f"system {realm['system']}, client {realm['client']}"
    if realm["client"] != system.connection.client:
        named += f", where {system.connection.client} was asked for"
    return failed(f"SAP refuses the logon (HTTP 401 of {named})", remedy)


def _client_of(answer: Answer) -> str | None:
    found = _COOKIE.search(answer.headers.get("Set-Cookie", ""))
    return found[1] or found[2] if found else None

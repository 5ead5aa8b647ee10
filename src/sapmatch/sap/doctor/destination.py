"""Whether a destination of SAP BTP is there, leads to SAP and logs on."""

from msgspec.structs import replace

from sapmatch.model.auth import BtpDestination
from sapmatch.sap.auth.destination import rules
from sapmatch.sap.auth.destination.logon import Logon
from sapmatch.sap.auth.destination.reply import Reply
from sapmatch.sap.auth.destination.service import Unauthorized
from sapmatch.sap.doctor.finding import Finding, failed, ok, warning
from sapmatch.sap.doctor.system import System
from sapmatch.sap.doctor.tokens import Fetched

_NOT_TAKEN = (
    "make a new service key of the destination service, in the same subaccount (BTP cockpit, "
    "Services, Instances), and store it as a new version of the secret"
)
_TECHNICAL = (
    'set {setting}.auth.for_people = "{name}", which `sapmatch decide --now --user-token` takes, '
    "and name in auth.destination one of a technical user: OAuth2ClientCredentials, "
    "BasicAuthentication, ClientCertificateAuthentication"
)
_FOR_PEOPLE = (
    "for_people must name a destination that speaks for a person, such as "
    "OAuth2SAMLBearerAssertion or PrincipalPropagation (BTP cockpit, Connectivity, Destinations)"
)
_FOREIGN = (
    "add x_user_token.jwks_uri (address of the issuer's keys) to its additional properties (BTP "
    "cockpit, Connectivity, Destinations): the tokens of auth.issuers are not of XSUAA"
)
_XSUAA = "/oauth/token"


def destination(system: System) -> Finding:
    """It is found, leads to the connection's url, and its own logon works."""
    auth = _auth(system)
    try:
        reply = system.btp.find(auth)
    except Unauthorized:
        return failed("the destination service does not take the token of its binding", _NOT_TAKEN)
    if rules.kind_of(_place(system, auth), reply).user:
        return failed(
            f"{_shown(auth, reply)} speaks for persons only",
            _TECHNICAL.format(setting=system.setting, name=auth.destination),
        )
    logon = Logon(place=_place(system, auth), auth=auth, connection=system.connection)
    access = logon.access(reply, None, system.clock.now())
    system.source = Fetched(access)
    return ok(f"{_shown(auth, reply)} leads to the connection's url; its logon works")


def people(system: System) -> Finding:
    """The destination of `for_people`; without a person's token its logon is not tried."""
    auth = _auth(system)
    auth = replace(auth, destination=auth.for_people or auth.destination, for_people=None)
    try:
        reply = system.btp.find(auth)
    except Unauthorized:
        return failed("the destination service does not take the token of its binding", _NOT_TAKEN)
    place = _place(system, auth)
    kind = rules.kind_of(place, reply)
    rules.check_address(place, reply, system.connection)
    rules.check_way(place, kind, reply, system.connection)
    if not kind.user:
        return failed(f"{_shown(auth, reply)} speaks for no person", _FOR_PEOPLE)
    foreign = any(not issuer.endswith(_XSUAA) for issuer in auth.issuers)
    if foreign and not reply.properties("x_user_token."):
        return warning(f"{_shown(auth, reply)} names no keys of its users' tokens", _FOREIGN)
    shown = f"{_shown(auth, reply)} leads to the connection's url"
    return ok(f"{shown}; without a person's token its logon is not tried")


def _auth(system: System) -> BtpDestination:
    auth = system.connection.auth
    assert isinstance(auth, BtpDestination)
    return auth


def _place(system: System, auth: BtpDestination) -> str:
    return f"[{system.setting}].auth: destination {auth.destination}"


def _shown(auth: BtpDestination, reply: Reply) -> str:
    kind = reply.property("Authentication") or "NoAuthentication"
    way = reply.property("ProxyType") or "Internet"
    return f"{auth.destination} ({kind}, {way})"

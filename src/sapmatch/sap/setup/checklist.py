"""What has to be set up in SAP, or in SAP BTP, before a way to log on works."""

from sapmatch.model.auth import BtpDestination, SamlBearer, type_of
from sapmatch.model.connection import Connection
from sapmatch.sap.auth.destination.setup import cloud_connector_checklist

_USER = "SU01: a technical user of type System (its password never expires)"
_ROLE = "PFCG: a role of that user with S_SERVICE for each service and the objects of its data"
_ACTIVE = "/IWFND/MAINT_SERVICE and SICF: each service is active"
_ABAP = {
    "none": ("SICF: the services let in whoever comes from the gateway in front of SAP",),
    "basic": (_USER, _ROLE, _ACTIVE),
    "certificate": (
        _USER,
        "STRUST: the authority of our certificate in the certificate list of the SSL server PSE",
        "RZ10: icm/HTTPS/verify_client at least 1, login/certificate_mapping_rulebased = 1",
        "CERTRULE: the subject of our certificate maps to that user",
        _ROLE,
        _ACTIVE,
    ),
    "oauth2-client-credentials": (
        "whoever gives the tokens: an OAuth client with the grant type client credentials",
        "SAP trusts its tokens, and they map to a user",
        _ROLE,
        _ACTIVE,
    ),
}
_ASSERTION = (
    "SU01: a user of type System that becomes the OAuth client: `client_id` of the secret",
    "SOAUTH2: register it, grant type SAML 2.0 Bearer, the scopes of the services",
    (
        "SAML2: a trusted provider of type OAuth 2.0 Identity Provider named {issuer}, with the "
        "certificate of the secret, NameID format {name_id}"
    ),
    "SAML2: the local provider's name is {audience}, as auth.audience says",
    "/IWFND/MAINT_SERVICE: each service is active and enabled for OAuth",
    "PFCG: {user}, and whoever is spoken for, has S_SCOPE for the scopes beside S_SERVICE",
)
_BTP = (
    "BTP cockpit, Services, Instances: a destination service; its service key is the secret",
    (
        "BTP cockpit, Connectivity, Destinations: {destination}, URL {url} "
        "(`sapmatch connections destination` prints one of the technical user to import; its "
        "password or secret is typed there)"
    ),
    "Check Connection there says 200",
)
_PEOPLE = (
    "BTP cockpit, Connectivity, Destinations: {for_people}, which speaks for persons "
    "(`sapmatch connections destination --for-people` prints one to import)"
)
_PROXY_BINDING = (
    "BTP cockpit, Services, Instances: a connectivity service in the same subaccount; its service "
    "key is the secret {secret} of proxy.secret"
)
_PROXY_TRUSTED = (
    "the connectivity proxy runs with tenancy trusted: whoever reaches it goes on as we do, so "
    "let its network policy admit nobody else (else proxy.tenancy and proxy.secret)"
)
_CLOUD = {
    "basic": (
        "app Maintain Communication Users: a user with a password",
        "app Communication Systems: a system that has it as user for inbound communication",
        (
            "app Communication Arrangements: one for each scenario: SAP_COM_0109 sales orders, "
            "SAP_COM_0053 purchase orders, SAP_COM_0057 supplier invoices"
        ),
    ),
    "certificate": (
        "app Maintain Communication Users: upload our certificate to the user",
        "app Communication Arrangements: authentication method SSL Client Certificate",
    ),
    "oauth2-client-credentials": (
        "app Communication Systems: inbound user with authentication method OAuth 2.0",
        (
            "app Communication Arrangements: OAuth 2.0; client id and token URL stand in OAuth 2.0 "
            "Details"
        ),
    ),
}
_TECHNICAL = (
    (
        "Communication Arrangements (Administrator): OData Services for Business Objects, "
        "each service enabled"
    ),
    "Edit Credentials under Inbound Communication: the technical user with password or certificate",
)
_API = (
    "Admin Center: the OData API is enabled, our addresses are in the API login exceptions",
    "Manage Permission Roles: the user's role has 'OData API' under Manage Integration Tools",
)


def checklist(connection: Connection, internal_host: str | None = None) -> list[str]:
    """Line by line, for the people who run the system; the Cloud Connector's part where one is on
    the way, with SAP's `host:port` as that one sees it."""
    auth = connection.auth
    if isinstance(auth, BtpDestination):
        people = (_PEOPLE.format(for_people=auth.for_people),) if auth.for_people else ()
        found = tuple(
            each.format(destination=auth.destination, url=connection.url) for each in _BTP
        )
        found += people
    elif isinstance(auth, SamlBearer):
        found = tuple(_filled(each, auth) for each in _ASSERTION)
    else:
        found = _of_kind(connection)
    lines = [f"[ ] {each}" for each in (*found, *_proxy(connection))]
    if connection.proxy or internal_host:
        lines += cloud_connector_checklist(connection, internal_host).splitlines()
    return lines


def _proxy(connection: Connection) -> tuple[str, ...]:
    if connection.proxy is None:
        return ()
    secret = connection.proxy.secret
    return (_PROXY_BINDING.format(secret=secret) if secret else _PROXY_TRUSTED,)


def _of_kind(connection: Connection) -> tuple[str, ...]:
    kind = type_of(connection.auth)
    if connection.profile in ("c4c", "byd"):
        return _TECHNICAL
    if connection.profile == "successfactors":
        return _API
    by_type = _CLOUD if connection.profile == "s4hana-cloud" else _ABAP
    return by_type.get(kind, _ABAP[kind])


def _filled(line: str, auth: SamlBearer) -> str:
    return line.format(
        issuer=auth.issuer, audience=auth.audience, user=auth.user, name_id=auth.name_id
    )

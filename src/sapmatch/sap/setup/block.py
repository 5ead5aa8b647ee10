"""A connection block for the settings, with what a reader of it asks next beside each line."""

import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from sapmatch.model.profiles import PROFILES, ProfileName

TOKEN_PATH: Final = "/sap/bc/sec/oauth2/token"  # noqa: S105
_TYPES: Final = {
    "none": "the network, or a gateway on the way, lets us in",
    "basic": "a technical user with a password",
    "certificate": "a client certificate",
    "oauth2-client-credentials": "a token for a technical user",
    "oauth2-saml-bearer": "our own signed assertion, swapped at SAP for a token",
    "btp-destination": "a destination of SAP BTP finds out how",
}
AUTH_TYPES: Final = tuple(_TYPES)
_NETWORKS: Final = {
    "none": (),
    "vpn": (
        'sap_cidr = "10.20.0.0/16"                # SAP\'s network',
        'vpc_cidr = "10.0.0.0/16"                 # ours; must not overlap SAP\'s',
        'customer_gateway_ip = "203.0.113.10"     # public address of the company\'s gateway',
        'prefix_lists = ["pl-...", "pl-..."]      # of S3 and DynamoDB in the region',
        'names = { "{host}" = "10.20.0.5" }  # or dns_servers and dns_domain; not where public',
        "                                          # DNS has the private address of SAP",
    ),
    "privatelink": (
        'endpoint_service = "com.amazonaws.vpce.eu-central-1.vpce-svc-..."  # from its provider',
        'vpc_cidr = "10.0.0.0/16"                 # ours',
        'prefix_lists = ["pl-...", "pl-..."]      # of S3 and DynamoDB in the region',
    ),
    "existing": (
        'vpc_id = "vpc-..."',
        'subnet_ids = ["subnet-...", "subnet-..."]',
        'availability_zones = ["euc1-az1", "euc1-az2"]',
        'sap_cidr = "10.20.0.0/16"                # SAP\'s network',
        'prefix_lists = ["pl-...", "pl-..."]      # of S3 and DynamoDB in the region',
    ),
}
NETWORKS: Final = tuple(_NETWORKS)
TENANCIES: Final = ("trusted", "untrusted", "multi-tenant")


_CAREFUL: Final = (
    "# A communication user locks after three failures (KBA 2806979): where its password changes",
    "# while calls are under way, each of them is refused once. Two at a time stay below three.",
    "limits = { parallel = 2 }",
)


AUDIENCE: Final = "NAME-OF-THE-LOCAL-PROVIDER"


class Wanted(Struct, frozen=True, kw_only=True):
    """What somebody answered; None and empty: as usual for this kind of system."""

    name: str
    url: str
    profile: ProfileName = "s4hana"
    client: str = ""
    auth: str = "basic"
    secret: str = ""
    service: str = ""
    network: str = "none"
    ca: str = ""
    token_url: str = ""
    issuer: str = "sapmatch"
    audience: str = AUDIENCE
    user: str = "SAPMATCH"
    scope: tuple[str, ...] = ()
    destination: str = ""
    for_people: str = ""
    proxy: str = ""
    proxy_tenancy: str = ""
    proxy_secret: str = ""
    location_id: str = ""
    system_number: str = ""

    @property
    def secret_name(self) -> str:
        """The name of its secret."""
        return self.secret or f"sapmatch/{self.name}"


def block(wanted: Wanted) -> str:
    """TOML, ready for `sapmatch settings check`; what only the company knows stands as a comment.

    Nothing is checked here: whoever loads it does.
    """
    kind = PROFILES[wanted.profile]
    lines = [
        f"# {kind.title}",
        f"[connections.{wanted.name}]",
        _line("url", wanted.url, "scheme, host and port only"),
        _line("profile", wanted.profile, "decides defaults, and what messages tell people to do"),
    ]
    if wanted.client:
        lines.append(_line("client", wanted.client, "SAP client"))
    lines.append(_service(wanted.service or kind.service))
    if wanted.profile == "s4hana-cloud":
        lines += _CAREFUL
    if wanted.ca:
        lines.append(_line("ca", wanted.ca, "secret with `bundle`: PEM of the private authority"))
    else:
        lines.append(
            f'# ca = "sapmatch/{wanted.name}-ca"  # where a private authority signed SAP\'s'
        )
    lines += ["", *_auth(wanted), *_proxy(wanted), *_rfc(wanted), *_network(wanted)]
    return "\n".join(lines) + "\n"


def guesses(wanted: Wanted) -> Iterator[str]:
    """What stands in the block without anybody having said it, and may be wrong."""
    setting = f"connections.{wanted.name}"
    if wanted.auth == "oauth2-client-credentials" and not wanted.token_url:
        yield (
            f"{setting}.auth.token_url is a guess: S/4HANA Cloud shows it in the communication "
            "arrangement, OAuth 2.0 Details; elsewhere whoever gives the tokens knows it"
        )
    if wanted.auth == "oauth2-saml-bearer" and wanted.audience == AUDIENCE:
        yield (
            f"{setting}.auth.audience is a placeholder: put in the name of SAP's local provider "
            "(transaction SAML2), or name it by --audience"
        )
    if wanted.proxy and not wanted.proxy_tenancy:
        yield f"{setting}.proxy.tenancy is trusted by default: compare how the proxy is set up"
    if wanted.network != "none":
        yield "[network] is commented out, for only you know its values: the functions need it"


def _service(path: str | None) -> str:
    comment = "what `sapmatch doctor` looks at first"
    return _line("service", path, comment) if path else f'# service = "/..."  # {comment}'


def _auth(wanted: Wanted) -> Iterator[str]:
    yield f"[connections.{wanted.name}.auth]"
    mapped = wanted.auth == "certificate" and PROFILES[wanted.profile].client
    how = f"{_TYPES[wanted.auth]}{', which CERTRULE maps to a user' if mapped else ''}"
    yield _line("type", wanted.auth, how)
    if wanted.auth != "none":
        yield _line("secret", wanted.secret_name, "name in Secrets Manager, or env:NAME; no value")
    if wanted.auth == "oauth2-client-credentials":
        guess = "who gives the token" if wanted.token_url else "a guess: who gives the token?"
        yield _line("token_url", wanted.token_url or _token_url(wanted), guess)
        yield from _scope(wanted)
    elif wanted.auth == "oauth2-saml-bearer":
        yield _line("issuer", wanted.issuer, "SAML2: name of the trusted provider, which is us")
        yield _line("audience", wanted.audience, "SAML2: name of SAP's local provider")
        yield _line("user", wanted.user, "SAP user of calls in nobody's name")
        if wanted.token_url:
            yield _line("token_url", wanted.token_url, "else SAP's own at url")
        yield from _scope(wanted)
    elif wanted.auth == "btp-destination":
        yield _line("destination", wanted.destination or wanted.name, "its name in the BTP cockpit")
        yield from _people(wanted)


def _people(wanted: Wanted) -> Iterator[str]:
    comment = "for decide --now: a second one, which speaks for persons"
    if wanted.for_people:
        yield _line("for_people", wanted.for_people, comment)
    else:
        yield f'# for_people = "{wanted.destination or wanted.name}_PEOPLE"  # {comment}'
    yield "# whose user tokens are taken, with the address of their keys:"
    yield '# issuers = { "https://idp.example.com" = "https://idp.example.com/keys" }'


def _scope(wanted: Wanted) -> Iterator[str]:
    if wanted.scope:
        yield f"scope = {json.dumps(list(wanted.scope))}"
    else:
        yield '# scope = ["ZAPI_SALES_ORDER_SRV_0001"]  # else all of the client'


def _proxy(wanted: Wanted) -> Iterator[str]:
    if not wanted.proxy:
        return
    host, _, port = wanted.proxy.partition(":")
    yield ""
    yield f"[connections.{wanted.name}.proxy]  # SAP's connectivity proxy"
    yield f"host = {_quoted(host)}"
    yield f"port = {int(port) if port.isdecimal() else 20003}"
    if wanted.proxy_tenancy:
        yield _line("tenancy", wanted.proxy_tenancy, "how it wants our service token")
    if wanted.proxy_secret:
        yield _line("secret", wanted.proxy_secret, "the binding of the connectivity service")
    if wanted.location_id:
        yield _line("location_id", wanted.location_id, "which Cloud Connector")


def _rfc(wanted: Wanted) -> Iterator[str]:
    if wanted.system_number:
        yield ""
        yield f"# [connections.{wanted.name}.rfc]  # for function modules only"
        yield '# systemId = "S4H"  # its three letters'
        yield f"# systemNumber = {_quoted(wanted.system_number)}"


def _network(wanted: Wanted) -> Iterator[str]:
    if wanted.network == "none":
        return
    yield ""
    yield "# Where the functions stand (docs/network.md); fill in and take out the #:"
    yield "# [network]"
    yield f'# type = "{wanted.network}"'
    host = urlsplit(wanted.url).hostname or "sap.example.com"
    yield from (f"# {line}".replace("{host}", host) for line in _NETWORKS[wanted.network])


def _token_url(wanted: Wanted) -> str:
    client = f"?sap-client={wanted.client}" if wanted.client else ""
    url = wanted.url.rstrip("/")
    if wanted.profile == "s4hana-cloud":  # services are at another host than the tokens
        url = url.replace("-api.", ".", 1)
    return f"{url}{TOKEN_PATH}{client}"


def _line(name: str, value: str, comment: str) -> str:
    return f"{name} = {_quoted(value)}  # {comment}"


def _quoted(text: str) -> str:
    """A basic string of TOML, which escapes as JSON does."""
    return json.dumps(text, ensure_ascii=False)

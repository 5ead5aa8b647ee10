"""What each kind of destination puts on a request, and which are refused (D4, D8, D12, D13)."""

import base64
from pathlib import Path
from typing import Any

import pytest

from local.btp.server import serve
from sapmatch.model.access import Access, Principal
from sapmatch.model.connection import Proxy
from sapmatch.model.errors import InputRejected, LogonRefused
from tests.builders.btp import PASSWORD, SECRET, access_of, basic_destination, destination
from tests.builders.certificates import PASSWORD as P12_PASSWORD
from tests.builders.certificates import Authority

VIRTUAL = "http://a4h-virtual:50001"
USERS = ["OAuth2SAMLBearerAssertion", "OAuth2UserTokenExchange", "OAuth2JWTBearer", "SAMLAssertion"]
CLIENTS = ["OAuth2ClientCredentials", "OAuth2Password"]


def found(reply: dict[str, Any], user: str | None = None, **settings: Any) -> Access:
    """Access by this reply, on behalf of the user."""
    with serve({"A4H": reply}, secret=SECRET) as btp:
        principal = Principal(token=btp.issuer.user_token(user)) if user else None
        return access_of(btp, principal, **settings)


def test_without_authentication_nothing_is_signed() -> None:
    assert found(destination("NoAuthentication")).headers == {}


def test_basic_comes_as_the_service_wrote_it() -> None:
    pair = base64.b64encode(f"ROBOT:{PASSWORD}".encode()).decode()
    assert found(basic_destination()).headers == {"Authorization": f"Basic {pair}"}
    without_token = basic_destination() | {"authTokens": []}
    assert found(without_token).headers == {"Authorization": f"Basic {pair}"}


@pytest.mark.parametrize("kind", CLIENTS)
def test_tokens_of_a_technical_user_are_used(kind: str) -> None:
    assert found(destination(kind)).headers["Authorization"].startswith("Bearer btp-technical-")


@pytest.mark.parametrize("kind", USERS)
def test_tokens_of_a_person_need_that_persons_own(kind: str) -> None:
    access = found(destination(kind), "ANNA")
    assert "btp-ANNA-" in access.headers["Authorization"]
    with pytest.raises(LogonRefused, match="--user-token FILE") as refused:
        found(destination(kind))
    assert refused.value.reason == "user-token"


def test_a_saml_assertion_opens_one_session_and_is_never_kept() -> None:
    access = found(destination("SAMLAssertion"), "ANNA")
    assert access.headers["x-sap-security-session"] == "create"
    assert access.usable_until is None


@pytest.mark.parametrize("kind", ["NoAuthentication", "BasicAuthentication", *CLIENTS])
def test_no_technical_user_speaks_for_a_person(kind: str) -> None:
    with pytest.raises(InputRejected, match="not the person"):
        found(destination(kind, User="ROBOT", Password=PASSWORD), "ANNA")


def test_a_header_is_used_as_it_came_d4() -> None:
    token = {"http_header": {"key": "X-Own", "value": "Token abc"}, "expires_in": "3600"}
    reply = destination("OAuth2ClientCredentials") | {"authTokens": [token]}
    assert found(reply).headers == {"X-Own": "Token abc"}


def test_the_first_token_without_an_error_counts_and_else_all_errors_are_told_co_t7() -> None:
    """CO-T7."""
    bad, worse = {"error": "first words"}, {"error": "second\nwords " + "x" * 60}
    good = {"http_header": {"key": "Authorization", "value": "Bearer t"}, "expires_in": "3600"}
    reply = destination("OAuth2ClientCredentials")
    assert found(reply | {"authTokens": [bad, good]}).headers == {"Authorization": "Bearer t"}
    with pytest.raises(LogonRefused, match="first words; second words") as refused:
        found(reply | {"authTokens": [bad, worse]})
    assert refused.value.reason == "destination"
    assert "x" * 60 not in str(refused.value)


def test_a_system_user_ended_in_september_2026_co_t12() -> None:
    """CO-T12."""
    with pytest.raises(InputRejected, match="September 2026") as refused:
        found(destination("OAuth2SAMLBearerAssertion", SystemUser="ROBOT"))
    assert "OAuth2ClientCredentials" in str(refused.value)


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"Authentication": "OAuth2Magic"}, "OAuth2Magic"),
        ({"Type": "RFC"}, "RFC"),
        ({"ProxyType": "Carrier"}, "Carrier"),
        ({"URL": "sap.example.com"}, "no address"),
        ({"URL.headers.X-Bad": "a\r\nb"}, "header"),
    ],
)
def test_what_is_not_known_is_refused_by_its_name(properties: dict[str, str], named: str) -> None:
    reply = destination()
    reply["destinationConfiguration"] |= properties
    with pytest.raises(InputRejected, match=named):
        found(reply)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com:44300",
        "https://sap.example.com",
        "https://sap.example.com@evil.example.com:44300",
    ],
)
def test_a_destination_that_leads_elsewhere_gets_nothing(url: str) -> None:
    with pytest.raises(InputRejected, match=r"(?s)sap\.example\.com:44300|no address"):
        found(basic_destination(URL=url))


def test_headers_and_queries_are_merged_but_never_authorization_d12() -> None:
    reply = basic_destination(
        URL__headers__APIKey="k",
        URL__headers__authorization="Bearer stolen",
        URL__headers__Cookie="a=b",
        URL__queries__tenant="t1",
    )
    access = found(reply)
    assert access.headers["APIKey"] == "k"
    assert {name.lower() for name in access.headers} == {"apikey", "authorization"}
    assert access.headers["Authorization"].startswith("Basic ")
    assert access.queries == {"tenant": "t1"}


def test_the_client_is_the_connections_or_else_the_destinations_d12() -> None:
    reply = destination()
    reply["destinationConfiguration"] |= {"sap-client": "001", "sap-language": "DE"}
    assert found(reply).queries == {"sap-client": "001"}  # the connection says EN
    assert found(reply, client="001").queries == {}
    with pytest.raises(InputRejected, match="001"):
        found(reply, client="100")


def test_a_client_certificate_comes_out_of_the_key_store(tmp_path: Path) -> None:
    leaf = Authority(tmp_path).client()
    p12 = {"Name": "k.p12", "Content": base64.b64encode(leaf.p12()).decode()}
    pem = {"Name": "k.pem", "Content": base64.b64encode((leaf.chain + leaf.key).encode()).decode()}
    reply = destination(
        "ClientCertificateAuthentication", KeyStoreLocation="k.p12", KeyStorePassword=P12_PASSWORD
    ) | {"certificates": [pem, p12]}
    access = found(reply)
    assert access.certificate is not None
    assert access.certificate.startswith(leaf.certificate.strip())
    assert access.key is not None
    properties = {"KeyStoreLocation": "k.pem", "KeyStorePassword": ""}
    reply["destinationConfiguration"] |= properties
    assert found(reply).certificate == access.certificate
    reply["destinationConfiguration"] |= {"Authentication": "NoAuthentication"}
    assert found(reply).certificate is None


def test_a_key_store_that_does_not_open_says_so_co_t15(tmp_path: Path) -> None:
    """CO-T15."""
    leaf = Authority(tmp_path).client()
    p12 = {"Name": "k.p12", "Content": base64.b64encode(leaf.p12()).decode()}
    kind = "ClientCertificateAuthentication"
    wrong = destination(kind, KeyStoreLocation="k.p12", KeyStorePassword="no")
    with pytest.raises(LogonRefused, match=r"k\.p12") as refused:
        found(wrong | {"certificates": [p12]})
    assert refused.value.reason == "certificate"
    with pytest.raises(InputRejected, match="KeyStoreLocation"):
        found(destination(kind, KeyStoreLocation="other.p12") | {"certificates": [p12]})


def test_a_trust_store_is_trusted_and_trust_all_is_not_d13(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    content = base64.b64encode(authority.pem.encode()).decode()
    store = {"certificates": [{"Name": "ca.pem", "Content": content}]}
    assert found(destination(TrustStoreLocation="ca.pem") | store).trust == authority.pem
    broken = {"certificates": [{"Name": "ca.jks", "Content": "AAAA"}]}
    with pytest.raises(InputRejected, match="PEM"):
        found(destination(TrustStoreLocation="ca.jks") | broken)
    for allowed in (False, True):
        with pytest.raises(InputRejected, match="TrustAll"):
            found(destination(TrustAll="true"), trust_all=allowed)  # no loopback host
    loopback = {"TrustAll": "true", "URL": "http://127.0.0.1:8000"}
    assert found(destination(**loopback), url="http://127.0.0.1:8000", trust_all=True).trust is None


@pytest.mark.parametrize("kind", ["PrincipalPropagation", "OAuth2TechnicalUserPropagation"])
def test_propagation_works_through_the_connectivity_proxy_only(kind: str) -> None:
    user = "ANNA" if kind == "PrincipalPropagation" else None
    for way in ("Internet", "OnPremise"):
        reply = destination(kind, ProxyType=way, URL="https://a4h-virtual:50001")
        with pytest.raises(InputRejected, match="connectivity proxy only"):
            found(reply, user, url="https://a4h-virtual:50001")


def test_propagation_sends_the_persons_token_and_no_authorization() -> None:
    reply = destination(
        "PrincipalPropagation", ProxyType="OnPremise", URL=VIRTUAL, CloudConnectorLocationId="loc1"
    )
    access = found(reply, "ANNA", url=VIRTUAL, proxy=Proxy())
    assert sorted(access.headers) == [
        "SAP-Connectivity-Authentication",
        "SAP-Connectivity-SCC-Location_ID",
    ]
    technical = destination("OAuth2TechnicalUserPropagation", ProxyType="OnPremise", URL=VIRTUAL)
    access = found(technical, url=VIRTUAL, proxy=Proxy())
    assert sorted(access.headers) == ["SAP-Connectivity-Technical-Authentication"]


def test_a_destination_on_premise_lends_its_token_where_a_vpn_leads_to_sap() -> None:
    reply = destination("OAuth2ClientCredentials", ProxyType="OnPremise")
    access = found(reply)
    assert list(access.headers) == ["Authorization"]


def test_a_proxy_serves_destinations_on_premise_only() -> None:
    with pytest.raises(InputRejected, match="ProxyType Internet"):
        found(destination(URL=VIRTUAL), url=VIRTUAL, proxy=Proxy())

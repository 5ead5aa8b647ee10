"""Mistakes in how a connection logs on and gets to SAP are named with their path."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.settings.file import parse

URL = "https://sap.example.com:44300"
BASIC = 'auth = { type = "basic", secret = "s4" }'
CLIENT = 'type = "oauth2-client-credentials", secret = "s4"'
SAML = 'type = "oauth2-saml-bearer", secret = "s4", issuer = "me", audience = "S4H", user = "R"'
BTP = 'type = "btp-destination", secret = "s4", destination = "A4H"'
PROXY = "proxy = { host = 'proxy' }"


def mistakes(*lines: str, url: str = URL) -> dict[str, str]:
    """Path below the connection -> what is wrong there."""
    text = "\n".join(["[connections.s4]", f'url = "{url}"', 'client = "100"', *lines])
    try:
        parse(text.encode(), "sapmatch.toml")
    except InputRejected as exc:
        return {str(p.field).removeprefix("connections.s4."): p.message for p in exc.problems}
    return {}


@pytest.mark.parametrize(
    "auth",
    [
        'type = "none"',
        'type = "certificate", secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s4"',
        f'{CLIENT}, token_url = "https://idp.example.com/token", scope = ["A", "B"]',
        SAML,
        f'{SAML}, lifetime_seconds = 30, token_url = "{URL}/token?sap-client=100"',
        f"{BTP}, issuers = {{ 'https://i' = 'https://i/keys' }}, for_people = 'P@instance'",
    ],
)
def test_a_logon_without_mistake_is_taken(auth: str) -> None:
    assert mistakes(f"auth = {{ {auth} }}") == {}


@pytest.mark.parametrize(
    ("auth", "field", "word"),
    [
        ('type = "basic", secret = "s4", pasword = "x"', "auth.pasword", "not known"),
        ('type = "kerberos"', "auth.type", "must be one of"),
        ('type = "basic", secret = ""', "auth.secret", "is empty"),
        ('type = "basic", secret = "env:"', "auth.secret", "is empty"),
        ('type = "basic", secret = "Geheim nummer 1!"', "auth.secret", "never its value"),
        (
            'type = "basic", secret = "-----BEGIN PRIVATE KEY-----\\nMII"',
            "auth.secret",
            "never its",
        ),
        (CLIENT, "auth.token_url", "is missing"),
        (f'{CLIENT}, token_url = "http://idp.example.com"', "auth.token_url", "https://"),
        (f'{CLIENT}, token_url = "https://u:p@idp.example.com"', "auth.token_url", "without user"),
        (f'{CLIENT}, token_url = "https://x y/token"', "auth.token_url", "names no host"),
        (f'{CLIENT}, token_url = "https://./token"', "auth.token_url", "names no host"),
        (f'{CLIENT}, token_url = "https://@idp/token"', "auth.token_url", "without user"),
        (f'{CLIENT}, token_url = "{URL}/t", scope = ["A B"]', "auth.scope", "without spaces"),
        (SAML.replace('"me"', '""'), "auth.issuer", "is empty"),
        (f"{SAML}, lifetime_seconds = 29", "auth.lifetime_seconds", "30 to 300"),
        (f"{SAML}, lifetime_seconds = 301", "auth.lifetime_seconds", "30 to 300"),
        (f'{SAML}, name_id = "email"', "auth.user", "e-mail"),
        (f'{SAML}, encoding = "hex"', "auth.encoding", "must be one of"),
        (BTP.replace("A4H", ""), "auth.destination", "is empty"),
        (BTP.replace("A4H", "A4H@space"), "auth.destination", "@subaccount"),
        (f"{BTP}, issuers = {{ i = 'http://i/keys' }}", 'auth.issuers."i"', "https://"),
        (f"{BTP}, trust_all = true", "auth.trust_all", "loopback"),
    ],
)
def test_a_mistake_in_a_logon_is_named_with_its_path(auth: str, field: str, word: str) -> None:
    found = mistakes(f"auth = {{ {auth} }}")
    assert list(found) == [field]
    assert word in found[field]
    assert "Geheim" not in found[field]


@pytest.mark.parametrize(
    ("line", "field", "word"),
    [
        ("server_name = 'https://sap.example.com'", "server_name", "host name"),
        ("ca = '-----BEGIN CERTIFICATE-----'", "ca", "never its value"),
        ("rfc = { systemId = 'S4H', systemNumber = '0' }", "rfc.systemNumber", "two digits"),
        ("rfc = { systemId = 'S4H', transport = 'jco' }", "rfc.transport", "must be one of"),
        ("limits = { idle = -1 }", "limits.idle", "from 0 to"),
        ("limits = { idle = 5, parallel = 4 }", "limits.idle", "(4)"),
        ("limits = { wait_seconds = 3601 }", "limits.wait_seconds", "3600"),
        ("profile = 'r3'", "profile", "must be one of"),
    ],
)
def test_a_mistake_in_the_way_to_sap_is_named_with_its_path(
    line: str, field: str, word: str
) -> None:
    found = mistakes(BASIC, line)
    assert list(found) == [field]
    assert word in found[field]


def test_an_https_virtual_host_behind_the_proxy_names_the_remedy() -> None:
    """CO-T25."""
    found = mistakes(f"auth = {{ {BTP} }}", PROXY)
    assert list(found) == ["url"]
    assert "must begin with http://" in found["url"]


@pytest.mark.parametrize(
    ("auth", "proxy", "field", "word"),
    [
        (BTP, "host = 'http://proxy'", "proxy.host", "without scheme"),
        (BTP, "port = 0", "proxy.port", "from 1 to 65535"),
        (BTP, "tenancy = 'untrusted'", "proxy.secret", "is missing"),
        (SAML, "port = 20003", "auth.type", "btp-destination"),
        ('type = "certificate", secret = "s4"', "port = 20003", "auth.type", "shown in TLS"),
    ],
)
def test_what_does_not_go_through_the_connectivity_proxy_is_named(
    auth: str, proxy: str, field: str, word: str
) -> None:
    found = mistakes(f"auth = {{ {auth} }}", f"proxy = {{ {proxy} }}", url="http://a4h:50001")
    assert list(found) == [field]
    assert word in found[field]


def test_a_kind_of_system_without_clients_needs_none() -> None:
    text = f'[connections.s4]\nurl = "{URL}"\nprofile = "c4c"\n{BASIC}\n'
    assert parse(text.encode(), "x").connections["s4"].client == ""
    with pytest.raises(InputRejected, match="client"):
        parse(text.replace("c4c", "s4hana").encode(), "x")

"""Links stay at home."""

import pytest

from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.errors import InputRejected
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.connection import connect
from sapmatch.sap.origin import Origin

SAP = Origin("s4", "https://sap.example.com:44300")
HERE = "https://sap.example.com:44300/sap/opu/odata/sap/API/A_Order?$top=1"
AUTH = Basic(secret="env:T")
GOOD = {"user": "TESTER", "password": "secret-canary"}


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/x",
        "//evil.example/x",
        "https://sap.example.com@evil.example/x",
        "https://sap.example.com:44300@evil.example/x",
        "https://user:pw@sap.example.com:44300/x",
        "https://@sap.example.com:44300/x",
        "http://sap.example.com:44300/x",
        "https://sap.example.com/x",
        "https://sap.example.com:44301/x",
        "https://sap.example.com.evil.example:44300/x",
        "https://evil.example\\@sap.example.com:44300/x",
        "/\\evil.example/x",
        "https:\t//evil.example/x",
        "https://sap.example.com:44300/x\r\nHost: evil",
        "https://sap.example.com:99999/x",
        "https://[::1/x",
        "ftp://sap.example.com:44300/x",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_a_link_to_anywhere_else_is_refused(link: str) -> None:
    """OD-P21; reliability.md 5: user name, other host, port change, http downgrade."""
    with pytest.raises(InputRejected, match=r"\[connections\.s4\]\.url"):
        SAP.resolve(link, against=HERE)


@pytest.mark.parametrize(
    ("link", "resolved"),
    [
        ("A_Order?$skiptoken=2", "/sap/opu/odata/sap/API/A_Order?$skiptoken=2"),
        ("/other?x=1", "/other?x=1"),
        ("?$skiptoken=%27a%2fb%7E%27", "/sap/opu/odata/sap/API/A_Order?$skiptoken=%27a%2fb%7E%27"),
        ("https://SAP.example.com:44300/p?q=a+b%20c#f", "/p?q=a+b%20c"),
    ],
)
def test_a_link_at_home_keeps_its_bytes(link: str, resolved: str) -> None:
    """OD-P21, OD-P22."""
    assert SAP.resolve(link, against=HERE) == f"https://sap.example.com:44300{resolved}"


def test_a_standard_port_may_be_named_or_not() -> None:
    sap = Origin("s4", "https://sap.example.com/")
    assert sap.resolve("https://sap.example.com:443/x", against=sap.base) == f"{sap.base}/x"


@pytest.mark.parametrize(
    "url",
    [
        "http://sap.example.com",
        "http://10.0.0.5:8000",
        "ftp://sap.example.com",
        "sap.example.com",
        "",
        "https://",
        "https://user:pw@sap.example.com",
        "https://sap.example.com/sap/opu",
        "https://sap.example.com?x=1",
        "https://sap.example.com:port",
        "https://evil.example\\@sap.example.com",
        "http://localhost@evil.example",
    ],
)
def test_a_connection_has_a_plain_https_address(url: str) -> None:
    with pytest.raises(InputRejected, match=r"\[connections\.s4\]\.url"):
        connect("s4", Connection(url=url, client="100", auth=AUTH), Given(GOOD))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:80"])
def test_http_is_for_this_machine_only(url: str) -> None:
    with connect("s4", Connection(url=url, client="100", auth=AUTH), Given(GOOD)) as client:
        assert "http://" in repr(client)


def test_a_client_does_not_show_its_credentials() -> None:
    url = "https://sap.example.com"
    with connect("s4", Connection(url=url, client="100", auth=AUTH), Given(GOOD)) as client:
        assert repr(client) == "<ODataClient s4 https://sap.example.com:443 client 100>"


@pytest.mark.parametrize(
    "credentials",
    [{}, {"user": "A"}, {"user": "", "password": "b"}, {"user": "A:", "password": "b"}],
)
def test_useless_credentials_are_named_but_not_shown(credentials: dict[str, str]) -> None:
    connection = Connection(url="https://sap.example.com", client="100", auth=AUTH)
    with pytest.raises(InputRejected, match=r"\[connections\.s4\]\.auth\.secret"):
        connect("s4", connection, Given(credentials))


@pytest.mark.parametrize("limits", [Limits(requests_per_second=0), Limits(parallel=0)])
def test_a_useless_limit_is_refused(limits: Limits) -> None:
    url = "https://sap.example.com"
    with pytest.raises(InputRejected, match=r"\[connections\.s4\]\.limits"):
        connect("s4", Connection(url=url, client="100", auth=AUTH, limits=limits), Given(GOOD))

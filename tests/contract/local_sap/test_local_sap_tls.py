"""TLS of the embedded SAP: client certificates, the user they stand for, counted handshakes."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from local.sap.server import Server, serve
from local.sap.tls import server_context
from tests.builders.certificates import Authority, Leaf
from tests.contract.local_sap.local_sap_world import ROOT, SALES, USERS, seed

RULES = [
    {"subject": "CN=special, O=Example", "user": "OTHER"},
    {"subject": "CN=*, OU=Integration", "issuer": "O=Test Authority"},
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def secured(authority: Authority, folder: Path, *, required: bool = False) -> Iterator[Server]:
    certificate, key = authority.server_leaf().files(folder, "server")
    context = server_context(certificate, key, authority.bundle, required=required)
    with serve(seed(), users=USERS, logon={"certificate_rules": RULES}, tls=context) as server:
        yield server


@pytest.fixture
def sap(authority: Authority, tmp_path: Path) -> Iterator[Server]:
    with secured(authority, tmp_path) as server:
        yield server


@contextmanager
def client(authority: Authority, folder: Path, leaf: Leaf | None) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False  # REQUESTS_CA_BUNDLE would count before the next line
        session.verify = str(authority.bundle)
        session.params = {"sap-client": "100", "$format": "json"}
        if leaf is not None:
            certificate, key = leaf.files(folder, "client")
            session.cert = (str(certificate), str(key))
        yield session


def orders(server: Server) -> str:
    return f"{server.url}{ROOT}/{SALES}/A_SalesOrder"


@pytest.mark.parametrize(("name", "user"), [("ROBOT", "ROBOT"), ("special", "OTHER")])
def test_a_certificate_logs_on_as_the_user_of_its_rule(
    sap: Server, authority: Authority, tmp_path: Path, name: str, user: str
) -> None:
    with client(authority, tmp_path, authority.client(name)) as session:
        answer = session.get(orders(sap), timeout=20)
    assert answer.status_code == 200, answer.text
    assert answer.json()["d"]["results"][0]["__metadata"]["uri"].startswith("https://")
    assert [entry["user"] for entry in sap.log.entries()] == [user]


def test_a_certificate_without_a_rule_is_accepted_and_then_refused_as_a_logon(
    sap: Server, authority: Authority, tmp_path: Path
) -> None:
    """The handshake is fine: CERTRULE has nobody for it."""
    with client(authority, tmp_path, authority.client("NOBODY")) as session:
        answer = session.get(orders(sap), timeout=20)
    assert answer.status_code == 401
    assert "no user is assigned" in answer.text
    assert sap.connections.as_json()["handshakes"] == 1


def test_a_password_counts_before_the_certificate(
    sap: Server, authority: Authority, tmp_path: Path
) -> None:
    with client(authority, tmp_path, authority.client()) as session:
        session.get(orders(sap), auth=("OTHER", USERS["OTHER"]), timeout=20)
    assert sap.log.entries()[0]["user"] == "OTHER"


def test_an_expired_certificate_and_a_strangers_fail_in_the_handshake(
    sap: Server, authority: Authority, tmp_path: Path
) -> None:
    """CO-T15: an alert, no answer."""
    stranger = Authority(tmp_path, "Strangers").client()
    for leaf in (authority.client(days=-1), stranger):
        with client(authority, tmp_path, leaf) as session, pytest.raises(requests.ConnectionError):
            session.get(orders(sap), timeout=20)
    assert sap.connections.as_json()["failed_handshakes"] == 2
    assert sap.log.entries() == []


def test_where_a_certificate_is_required_nobody_comes_in_without_one(
    authority: Authority, tmp_path: Path
) -> None:
    with secured(authority, tmp_path, required=True) as server:
        with client(authority, tmp_path, None) as session, pytest.raises(requests.ConnectionError):
            session.get(orders(server), auth=("ROBOT", USERS["ROBOT"]), timeout=20)
        with client(authority, tmp_path, authority.client()) as session:
            assert session.get(orders(server), timeout=20).status_code == 200


def test_a_session_shakes_hands_once_for_many_requests(
    sap: Server, authority: Authority, tmp_path: Path
) -> None:
    with client(authority, tmp_path, authority.client()) as session:
        for _ in range(5):
            assert session.get(orders(sap), timeout=20).status_code == 200
        counted = session.get(f"{sap.url}/_control/connections", timeout=20).json()
    assert counted == {"accepted": 1, "handshakes": 1, "failed_handshakes": 0}


def test_a_server_takes_nothing_older_than_tls_1_2(authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.server_leaf().files(tmp_path, "other")
    assert server_context(certificate, key).minimum_version == ssl.TLSVersion.TLSv1_2
    with pytest.raises(OSError, match=r"missing\.pem"):
        server_context(tmp_path / "missing.pem", key)
    with pytest.raises(ValueError, match=r"other\.key"):
        server_context(key, key)
    with pytest.raises(ValueError, match=r"other\.key"):
        server_context(certificate, key, client_ca=key)


def test_a_client_that_says_nothing_keeps_nobody_else_waiting(
    sap: Server, authority: Authority, tmp_path: Path
) -> None:
    host, port = sap.url.removeprefix("https://").split(":")
    with (
        socket.create_connection((host, int(port)), timeout=20),
        client(authority, tmp_path, authority.client()) as session,
    ):
        assert session.get(orders(sap), timeout=5).status_code == 200

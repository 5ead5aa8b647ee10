"""Tokens for who shows a certificate (RFC 8705): it names us, and they may be bound to it."""

import base64
import hashlib
import json
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sapmatch.model.auth import ClientCredentials
from sapmatch.model.errors import LogonRefused, SapUnavailable
from sapmatch.sap.auth.client_credentials import ClientCredentialsSource
from sapmatch.sap.auth.trust import Trust
from tests.builders.certificates import PASSWORD, Authority, Leaf
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import Reply, SapServer, in_turn
from tests.builders.token_server import TOKEN_PATH, Versions, form_of, granted


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def robot(authority: Authority) -> Leaf:
    return authority.client("ROBOT")


def demanding(authority: Authority) -> ssl.SSLContext:
    """A server that lets nobody in without a certificate of the authority."""
    context = authority.server()
    context.load_verify_locations(cadata=authority.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def secret_of(leaf: Leaf) -> Versions:
    return Versions(client_id="sb-robot!b7", **leaf.pem_fields)


def source_at(
    server: SapServer, authority: Authority, secrets: Versions
) -> ClientCredentialsSource:
    clock = MemoryClock(datetime.now(UTC))
    auth = ClientCredentials(secret="env:OAUTH", token_url=f"{server.url}{TOKEN_PATH}")
    trust = Trust("[connections.s4]", authority.pem)
    credentials = secrets.credentials(clock)
    return ClientCredentialsSource("[connections.s4].auth", auth, credentials, clock, trust)


def bound(leaf: Leaf) -> str:
    """A JWT that says to which certificate it belongs."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf.certificate)).digest()
    claims = {"cnf": {"x5t#S256": _encoded(digest)}}
    return ".".join(_encoded(part) for part in (b"{}", json.dumps(claims).encode(), b"signed"))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_the_certificate_says_who_asks_and_no_secret_is_sent(
    authority: Authority, robot: Leaf
) -> None:
    with SapServer(in_turn(granted()), tls=demanding(authority)) as server:
        access = source_at(server, authority, secret_of(robot)).access(None)
    (call,) = server.requests
    assert form_of(call) == {"grant_type": "client_credentials", "client_id": "sb-robot!b7"}
    assert "authorization" not in call.headers
    assert access.headers == {"Authorization": "Bearer token-1"}
    assert access.certificate is None


def test_a_key_in_a_p12_file_does_the_same(authority: Authority, robot: Leaf) -> None:
    fields = {"client_id": "sb-robot!b7", **robot.p12_fields}
    assert fields["password"] == PASSWORD
    with SapServer(in_turn(granted()), tls=demanding(authority)) as server:
        assert source_at(server, authority, Versions(**fields)).access(None).headers


def test_a_token_bound_to_our_certificate_is_sent_over_tls_that_shows_it(
    authority: Authority, robot: Leaf
) -> None:
    """RFC 8705 3.1: cnf.x5t#S256."""
    with SapServer(in_turn(granted(bound(robot))), tls=demanding(authority)) as server:
        access = source_at(server, authority, secret_of(robot)).access(None)
    assert access.certificate is not None
    assert access.certificate.startswith(robot.certificate.strip()[:200])
    assert access.key is not None


def test_a_token_bound_to_another_certificate_is_refused(authority: Authority, robot: Leaf) -> None:
    token = bound(authority.client("OTHER"))
    with (
        SapServer(in_turn(granted(token)), tls=demanding(authority)) as server,
        pytest.raises(LogonRefused, match="another certificate") as caught,
    ):
        source_at(server, authority, secret_of(robot)).access(None)
    assert caught.value.reason == "certificate"
    assert token not in str(caught.value)


def test_a_certificate_that_the_server_does_not_know_is_shown_once(
    authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "Strangers").client("ROBOT")
    tls = demanding(authority)
    tls.maximum_version = ssl.TLSVersion.TLSv1_2  # with 1.3 a reset may overtake the alert
    with (
        SapServer(lambda _: granted(), tls=tls) as server,
        pytest.raises(LogonRefused) as caught,
    ):
        source_at(server, authority, secret_of(stranger)).access(None)
    assert caught.value.reason == "certificate"
    assert "[connections.s4].auth.token_url" in str(caught.value)


def test_a_certificate_that_is_over_is_not_even_shown(authority: Authority) -> None:
    """CO-T15."""
    over = authority.client("ROBOT", days=-1)
    with (
        SapServer(in_turn(Reply(599)), tls=demanding(authority)) as server,
        pytest.raises(LogonRefused, match="ended on") as caught,
    ):
        source_at(server, authority, secret_of(over)).access(None)
    assert caught.value.reason == "certificate"
    assert server.requests == []


def test_a_token_endpoint_that_nobody_vouches_for_gets_no_secret(
    authority: Authority, tmp_path: Path
) -> None:
    with (
        SapServer(lambda _: granted(), tls=authority.server()) as server,
        pytest.raises(SapUnavailable, match="certificate"),
    ):
        source_at(server, Authority(tmp_path, "Others"), Versions()).access(None)
    assert server.requests == []


def test_the_netrc_of_a_machine_says_nothing_about_who_asks(
    authority: Authority, robot: Leaf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login SOMEBODY password netrc-canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with SapServer(in_turn(granted()), tls=demanding(authority)) as server:
        source_at(server, authority, secret_of(robot)).access(None)
    assert "authorization" not in server.requests[0].headers


def test_what_is_not_encrypted_goes_through_no_proxy_of_the_machine(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in on this machine may speak plain HTTP, and its secrets stay here."""
    with SapServer(in_turn(granted())) as proxy, SapServer(in_turn(granted())) as server:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        source_at(server, authority, Versions()).access(None)
    assert proxy.requests == []
    assert len(server.requests) == 1

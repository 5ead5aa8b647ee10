"""Nothing of ours goes to anybody else, and nothing secret into a log."""

import logging
import ssl
import subprocess
from pathlib import Path

import pytest

from sapmatch.model.errors import InputRejected, LogonRefused, SapUnavailable
from sapmatch.model.query import Query
from tests.builders.sap_server import (
    COOKIE,
    PASSWORD,
    SERVICE,
    TOKEN,
    Reply,
    SapServer,
    client_of,
    data,
    in_turn,
    rows,
    with_token,
)

TRICKS = [
    "http://127.0.0.1:{evil}/x?$skiptoken=2",
    "//127.0.0.1:{evil}/x",
    "http://127.0.0.1:{own}@127.0.0.1:{evil}/x",
    "http://127.0.0.1:{evil}\\@127.0.0.1:{own}/x",
    "http://localhost:{own}/x",
    "http://localhost:{evil}/x",
]


def port(server: SapServer) -> str:
    return server.url.rpartition(":")[2]


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("place", ["__next", "__delta", "redirect"])
def test_a_foreign_link_gets_no_request_at_all(trick: str, place: str) -> None:
    """OD-P21; reliability.md 5 "Foreign next link"."""
    with SapServer(lambda request: rows()) as evil, SapServer(lambda request: reply) as server:
        link = trick.format(evil=port(evil), own=port(server))
        if place == "redirect":
            reply = Reply(307, headers=[("Location", link)])
        else:
            reply = rows({"ID": "1"}, **{place: link})
        with client_of(server) as client, pytest.raises((InputRejected, LogonRefused)):
            client.find(SERVICE, "A_Order", Query())
        assert evil.requests == []
        assert len(server.requests) == 1


@pytest.mark.parametrize("trick", TRICKS)
def test_a_foreign_link_to_resume_at_gets_no_request_at_all(trick: str) -> None:
    """OD-P21: a stored link is compared with the settings of today."""
    with (
        SapServer(lambda request: rows()) as evil,
        SapServer(lambda request: rows()) as server,
        client_of(server) as client,
    ):
        link = trick.format(evil=port(evil), own=port(server))
        with pytest.raises(InputRejected, match=r"\[connections\.s4\]\.url"):
            list(client.pages(SERVICE, "A_Order", link=link))
        assert evil.requests == server.requests == []


def test_a_write_follows_no_redirect_and_no_location() -> None:
    with SapServer(lambda request: rows()) as evil:
        reply = data({"d": {"ID": "1"}}, 201, Location=f"{evil.url}/A_Order('1')")
        script = with_token(in_turn(reply))
        with SapServer(script) as server, client_of(server) as client:
            assert client.create(SERVICE, "A_Order", {}).key == {"ID": "1"}
        assert evil.requests == []


def test_no_log_holds_a_secret_or_a_value(caplog: pytest.LogCaptureFixture) -> None:
    """OD-P89, even with everybody's debug log switched on."""
    caplog.set_level(logging.DEBUG)
    script = with_token(in_turn(data({"d": {"ID": "1"}}, 201), Reply(drop=True)))
    with SapServer(script) as server, client_of(server) as client:
        client.create(SERVICE, "A_Order", {"Name": "payload-canary"})
        with pytest.raises(Exception, match="read it back") as caught:
            client.create(SERVICE, "A_Order", {"Name": "payload-canary"})
        shown = f"{caplog.text} {caught.value!r} {client!r} {vars(client)}"
    assert server.written()[0].headers["authorization"].startswith("Basic ")
    for secret in (PASSWORD, TOKEN, COOKIE, "payload-canary", "Basic "):
        assert secret not in shown


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate that nobody signed, with its key in the same file."""
    path = tmp_path / "self-signed.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 "
        f"-addext subjectAltName=IP:127.0.0.1 -keyout {path} -out {tmp_path / 'c.pem'}"
    )
    try:
        subprocess.run(command.split(), check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl to make a certificate with")
    path.write_bytes(path.read_bytes() + (tmp_path / "c.pem").read_bytes())
    return path


def test_an_untrusted_certificate_ends_before_the_first_byte(certificate: Path) -> None:
    """RE-25: definitely not sent, for reads and writes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with SapServer(lambda request: rows(), tls=context) as server:
        with client_of(server, csrf="never") as client:
            with pytest.raises(SapUnavailable, match="REQUESTS_CA_BUNDLE"):
                client.count(SERVICE, "A_Order")
            with pytest.raises(SapUnavailable, match="REQUESTS_CA_BUNDLE"):
                client.create(SERVICE, "A_Order", {})
        assert server.requests == []

"""Client certificates: shown in TLS, refused by SAP, over, rotated, and never in a file."""

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from sapmatch.model.auth import Basic, Certificate, NoAuth
from sapmatch.model.connection import Limits
from sapmatch.model.errors import LogonRefused, OutcomeUnknown, SapUnavailable
from sapmatch.model.query import Query
from sapmatch.sap.http import CutOff, is_own_certificate
from sapmatch.sap.odata.client import ODataClient
from tests.builders.certificates import Authority, Leaf
from tests.builders.logons import LOGON, NotingGuard, Vault, logged_on, password
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import SERVICE, Reply, SapServer, rows

CERTIFICATE = Certificate(secret=LOGON)
FAST = Limits(requests_per_second=10_000, burst=100)
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def robot(authority: Authority) -> Leaf:
    return authority.client("ROBOT")


@pytest.fixture
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.demanding()


def vault_of(fields: dict[str, str], authority: Authority) -> Vault:
    return Vault(fields, sapmatch_ca={"bundle": authority.pem})


def client_at(
    server: SapServer,
    authority: Authority,
    fields: dict[str, str],
    auth: Certificate | Basic | NoAuth = CERTIFICATE,
) -> ODataClient:
    vault = vault_of(fields, authority)
    return logged_on(server, auth, vault, ca="sapmatch_ca", limits=FAST)


@pytest.mark.parametrize("kind", ["p12", "pem"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_is_shown_and_nothing_else_logs_on(
    tls: ssl.SSLContext, authority: Authority, robot: Leaf, kind: str, version: ssl.TLSVersion
) -> None:
    tls.maximum_version = version
    fields = robot.p12_fields if kind == "p12" else robot.pem_fields
    with (
        SapServer(lambda _: rows({"ID": "1"}), tls=tls) as server,
        client_at(server, authority, dict(fields)) as client,
    ):
        assert len(client.find(SERVICE, "A_Order", Query())) == 1
        client.find(SERVICE, "A_Order", Query())
    assert [request.headers["test-subject"] for request in server.requests] == ["ROBOT"] * 2
    assert all("authorization" not in request.headers for request in server.requests)
    assert server.handshakes == 1


def assert_refused(client: ODataClient, server: SapServer, match: str) -> None:
    """Reads and writes alike, for certain, and once each."""
    before = server.tls.session_stats()["accept"] if server.tls else 0
    with pytest.raises(LogonRefused, match=match) as caught:
        client.create(SERVICE, "A_Order", {"ID": "1" * 100_000})
    assert caught.value.reason == "certificate"
    with pytest.raises(LogonRefused):
        client.find(SERVICE, "A_Order", Query())
    assert server.tls
    assert server.tls.session_stats()["accept"] - before == 1
    assert server.requests == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_of_a_stranger_is_refused_and_not_shown_twice(
    tls: ssl.SSLContext, authority: Authority, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """With TLS 1.3 the alert comes only when the answer is read: the write did not happen."""
    tls.maximum_version = version
    stranger = Authority(tmp_path).client("STRANGER")
    with (
        SapServer(lambda _: rows(), tls=tls) as server,
        client_at(server, authority, dict(stranger.pem_fields)) as client,
    ):
        assert_refused(client, server, "STRUST")


@pytest.mark.parametrize("auth", [Basic(secret=LOGON), NoAuth()])
def test_a_server_that_wants_a_certificate_is_told_apart_from_one_that_wants_another(
    tls: ssl.SSLContext, authority: Authority, auth: Basic | NoAuth
) -> None:
    with (
        SapServer(lambda _: rows(), tls=tls) as server,
        client_at(server, authority, password("good"), auth) as client,
    ):
        assert_refused(client, server, "was shown none; set an auth.type")


def alert() -> ssl.SSLError:
    error = ssl.SSLError(1, "tlsv13 alert certificate required")
    error.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    return error


def test_an_alert_on_a_connection_that_was_in_use_leaves_a_write_unknown(
    tls: ssl.SSLContext, authority: Authority, robot: Leaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RE-25: only that of a first request says that nothing of it was read."""

    def ends(*_: object) -> int:
        raise alert()

    with (
        SapServer(lambda _: rows({"ID": "1"}), tls=tls) as server,
        client_at(server, authority, dict(robot.p12_fields)) as client,
    ):
        client.find(SERVICE, "A_Order", Query())
        monkeypatch.setattr("sapmatch.sap.patience._Timed.readinto", ends)
        with pytest.raises(OutcomeUnknown):
            client.create(SERVICE, "A_Order", {"ID": "1"})
        assert server.handshakes == 1


def test_an_alert_inside_of_an_answer_refuses_no_certificate() -> None:
    response = requests.Response()
    response.status_code = 201
    with pytest.raises(CutOff) as caught:
        raise CutOff(response, b"{") from alert()
    assert not is_own_certificate(caught.value)
    assert is_own_certificate(alert())


def test_a_password_that_was_never_read_is_not_counted_as_refused(
    tls: ssl.SSLContext, authority: Authority
) -> None:
    """CO-T1: SAP wants a certificate by mistake, and twice that would stop the logon."""
    vault, guard = vault_of(password("good"), authority), NotingGuard()
    auth = Basic(secret=LOGON)
    with (
        SapServer(lambda _: rows(), tls=tls) as server,
        logged_on(server, auth, vault, ca="sapmatch_ca", limits=FAST, guard=guard) as client,
    ):
        assert_refused(client, server, "was shown none")
    assert guard.calls == ["admit v1"]


def test_a_certificate_without_who_issued_it_is_refused_with_that_remedy(
    tls: ssl.SSLContext, authority: Authority, robot: Leaf
) -> None:
    """CO-T15: SAP trusts the root only, and cannot know what lies between."""
    fields = {"certificate": robot.certificate, "key": robot.key}
    with (
        SapServer(lambda _: rows(), tls=tls) as server,
        client_at(server, authority, fields) as client,
    ):
        assert_refused(client, server, "beside it in the secret")


def test_a_good_certificate_of_nobody_is_another_matter_than_a_bad_one(
    tls: ssl.SSLContext, authority: Authority, robot: Leaf
) -> None:
    page = Reply(401, b"<html><title>Logon failed</title></html>", type="text/html")
    with (
        SapServer(lambda _: page, tls=tls) as server,
        client_at(server, authority, dict(robot.p12_fields)) as client,
    ):
        with pytest.raises(LogonRefused, match=r"CERTRULE.*VUSREXTID") as caught:
            client.find(SERVICE, "A_Order", Query())
        assert caught.value.reason == "unmapped"
    assert len(server.requests) == 1


def test_a_certificate_that_is_refused_is_read_anew_once(
    tls: ssl.SSLContext, authority: Authority, robot: Leaf, tmp_path: Path
) -> None:
    """RE-26: the new version gets a connection of its own; nobody notices."""
    vault = vault_of(dict(Authority(tmp_path).client("STRANGER").pem_fields), authority)
    with (
        SapServer(lambda _: Reply(201, rows().body), tls=tls) as server,
        logged_on(server, CERTIFICATE, vault, ca="sapmatch_ca", limits=FAST) as client,
    ):
        vault.rotate(robot.p12_fields)
        client.create(SERVICE, "A_Order", {"ID": "1"})
    assert [request.headers["test-subject"] for request in server.requests] == ["ROBOT"]


def test_a_sap_that_refuses_a_certificate_is_there_again_and_closes_the_breaker(
    tls: ssl.SSLContext, authority: Authority, tmp_path: Path
) -> None:
    """Who calls next hears of the certificate, and not that SAP does not answer."""
    clock, once = MemoryClock(), Limits(requests_per_second=10_000, failures=1, open_seconds=60)
    vault = vault_of(dict(Authority(tmp_path).client("STRANGER").pem_fields), authority)
    settings: dict[str, Any] = {"ca": "sapmatch_ca", "limits": once, "clock": clock}
    tls.verify_mode = ssl.CERT_NONE
    with (
        SapServer(lambda _: Reply(drop=True), tls=tls) as server,
        logged_on(server, CERTIFICATE, vault, **settings) as client,
    ):
        sap = client.exchange(SERVICE)
        for words in ("without an answer|closed|broke", "nothing is sent for another 60 s"):
            with pytest.raises(SapUnavailable, match=words):
                sap.get(sap.url("A_Order"), tries=1)
        tls.verify_mode = ssl.CERT_REQUIRED
        clock.time += timedelta(seconds=60)
        for words in ("STRUST", "refused the logon before"):
            with pytest.raises(LogonRefused, match=words):
                sap.get(sap.url("A_Order"), tries=1)
    assert len(server.requests) == 1


def test_a_new_certificate_is_not_shown_on_an_old_connection(
    tls: ssl.SSLContext, authority: Authority, robot: Leaf
) -> None:
    """The first is accepted in TLS, maps to nobody, and is mended by a new version."""
    answers = {"OLD": Reply(401), "ROBOT": rows({"ID": "1"})}
    vault = vault_of(dict(authority.client("OLD").pem_fields), authority)
    with (
        SapServer(lambda r: answers[r.headers["test-subject"]], tls=tls) as server,
        logged_on(server, CERTIFICATE, vault, ca="sapmatch_ca", limits=FAST) as client,
    ):
        vault.rotate(robot.pem_fields)
        assert len(client.find(SERVICE, "A_Order", Query())) == 1
    assert [request.headers["test-subject"] for request in server.requests] == ["OLD", "ROBOT"]
    assert server.handshakes == 2


def test_nothing_shows_the_key(
    tls: ssl.SSLContext, authority: Authority, robot: Leaf, caplog: pytest.LogCaptureFixture
) -> None:
    """CO-T16."""
    caplog.set_level("DEBUG")
    with (
        SapServer(lambda _: Reply(401), tls=tls) as server,
        client_at(server, authority, dict(robot.p12_fields)) as client,
    ):
        with pytest.raises(LogonRefused) as caught:
            client.find(SERVICE, "A_Order", Query())
        session = client.exchange(SERVICE)
        shown = f"{caplog.text}{caught.value!r}{client!r}{vars(client)}{vars(session)}"
    for secret in (*robot.p12_fields.values(), robot.key.splitlines()[1]):
        assert secret not in shown

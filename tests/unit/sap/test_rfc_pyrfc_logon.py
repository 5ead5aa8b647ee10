"""How PyRFC logs on, with which connections, and how often."""

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.auth import Certificate, NoAuth
from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    SapUnavailable,
)
from sapmatch.sap.rfc.pyrfc_logon import first_stop
from sapmatch.sap.rfc.pyrfc_transport import open_pyrfc
from tests.builders.memory import MemoryClock
from tests.builders.pyrfc_desk import (
    CONNECTION,
    GET_DETAIL,
    PASSWORD,
    Desk,
    OwnSecrets,
    installed,
)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with installed() as desk:
        yield desk


def test_a_logon_names_host_number_client_language_and_user(desk: Desk) -> None:
    desk.opened().ping()
    assert desk.stub.logons == [
        {
            "ashost": "sap.example.com",
            "sysnr": "00",
            "client": "100",
            "lang": "EN",
            "user": "RFC_USER",
            "passwd": PASSWORD,
        }
    ]


@pytest.mark.parametrize(
    ("rfc", "shown"),
    [
        (
            {"load_balancing": True},
            {"mshost": "sap.example.com", "group": "SPACE", "r3name": "S4H"},
        ),
        (
            {"load_balancing": True, "logon_group": "BATCH", "message_server": "sapmsS4H"},
            {"mshost": "sap.example.com", "group": "BATCH", "msserv": "sapmsS4H"},
        ),
        ({"host": "app1", "system_number": "07"}, {"ashost": "app1", "sysnr": "07"}),
        ({"lang": "DE", "trace": 2, "client": "200"}, {"lang": "DE", "trace": "2"}),
    ],
)
def test_settings_decide_which_server_is_asked(
    desk: Desk, rfc: dict[str, Any], shown: dict[str, str]
) -> None:
    desk.opened(**rfc).ping()
    (logon,) = desk.stub.logons
    assert shown.items() <= logon.items()
    assert ("mshost" in logon) != ("ashost" in logon)
    assert ("msserv" in logon) <= ("r3name" not in logon)


def test_snc_alone_logs_on_without_a_password(desk: Desk) -> None:
    snc = {"snc_mode": True, "snc_partner_name": "p:CN=S4H", "snc_qop": "9", "x509_cert": "MII"}
    transport = desk.opened(replace(CONNECTION, auth=NoAuth()), **snc)
    transport.ping()
    (logon,) = desk.stub.logons
    assert "passwd" not in logon
    assert logon["snc_partnername"] == "p:CN=S4H"
    assert logon["x509cert"] == "MII"
    assert transport.capabilities.snc


def test_with_snc_and_a_password_the_password_logs_on(desk: Desk) -> None:
    desk.opened(snc_mode=True, snc_partner_name="p:CN=S4H").ping()
    (logon,) = desk.stub.logons
    assert (logon["passwd"], logon["snc_sso"]) == (PASSWORD, "0")


def test_a_way_to_log_on_that_rfc_does_not_know_is_refused(desk: Desk) -> None:
    with pytest.raises(InputRejected, match=r"auth.*certificate opens no RFC connection"):
        desk.opened(replace(CONNECTION, auth=Certificate(secret="s4")))


def test_a_wrong_password_is_tried_once_by_all_threads_together(desk: Desk) -> None:
    """The guard is asked before and told after; SAP locks a user after a few failures."""
    desk.secrets.password = "Wrong-1!"
    transport = desk.opened()
    refused: list[LogonRefused] = []

    def ping() -> None:
        try:
            transport.ping()
        except LogonRefused as exc:
            refused.append(exc)

    threads = [threading.Thread(target=ping) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(refused) == 4
    assert len(desk.stub.logons) == 1
    assert desk.guard.told == ["admit 1", "refused 1"]
    assert all("Wrong" not in str(exc) and "RFC_USER" not in str(exc) for exc in refused)


def test_a_secret_that_was_rotated_meanwhile_is_tried_once_more(desk: Desk) -> None:
    transport = desk.opened()
    desk.stub.passwords["RFC_USER"] = "Newer-2!"
    desk.secrets.password, desk.secrets.version = "Newer-2!", 2
    transport.ping()
    assert [each["passwd"] for each in desk.stub.logons] == [PASSWORD, "Newer-2!"]
    assert desk.guard.told == ["admit 1", "refused 1", "admit 2", "accepted 2"]


def test_a_gateway_that_is_not_there_says_which_setting_leads_to_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = sys.modules["pyrfc"]

    def unreachable(**_: Any) -> None:
        raise stub.CommunicationError("partner '10.0.0.1:3300'", 1, "RFC_COMMUNICATION_FAILURE")

    monkeypatch.setattr(stub, "Connection", unreachable)
    with pytest.raises(SapUnavailable, match=r"sap\.example\.com: no connection .*systemNumber"):
        desk.opened().ping()


def test_no_thread_shares_a_connection_and_what_is_bounded_stays_so(desk: Desk) -> None:
    """CO-T61: 2 at once, and five threads finish; the stub bears no two on one connection."""
    transport = desk.opened(peak_limit=2)
    both_in = threading.Barrier(2, timeout=5)
    seen: list[str] = []
    lock = threading.Lock()

    def hold(function: str) -> None:
        with lock:
            seen.append(function)
            number = len(seen)
        if number <= 2:
            both_in.wait()

    desk.stub.before_call = hold
    threads = [threading.Thread(target=transport.call, args=(GET_DETAIL,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(seen) == 5
    assert desk.stub.most_busy == 2
    assert desk.stub.most_open == 2


def test_a_pool_of_none_logs_on_for_each_call(desk: Desk) -> None:
    """CO-T62."""
    transport = desk.opened(pool_capacity=0)
    for _ in range(3):
        transport.call(GET_DETAIL, {"USERNAME": "JDOE"})
        assert desk.stub.open == 0
    assert len(desk.stub.logons) == 3


def test_a_connection_that_lay_idle_is_not_used_again(desk: Desk) -> None:
    """CO-T63."""
    transport = desk.opened()
    transport.ping()
    transport.ping()
    assert len(desk.stub.logons) == 1
    desk.clock.sleep(21)
    transport.ping()
    assert len(desk.stub.logons) == 2
    assert desk.stub.open == 1


def test_closing_ends_what_is_kept(desk: Desk) -> None:
    transport = desk.opened()
    transport.ping()
    assert desk.stub.open == 1
    transport.close()
    assert desk.stub.open == 0


def test_without_pyrfc_opening_names_what_to_install() -> None:
    """CO-T66."""
    with pytest.raises(InputRejected, match="pyrfc is not installed"):
        open_pyrfc("s4", CONNECTION, OwnSecrets(), clock=MemoryClock())


@pytest.mark.parametrize(
    ("rfc", "stop"),
    [
        ({}, ("sap.example.com", 3300)),
        ({"host": "app1", "system_number": "07"}, ("app1", 3307)),
        ({"snc_mode": True}, ("sap.example.com", 4800)),
        ({"load_balancing": True}, ("sap.example.com", 3600)),
        ({"load_balancing": True, "message_server": "3699"}, ("sap.example.com", 3699)),
    ],
)
def test_the_first_stop_is_the_gateway_or_the_message_server(
    rfc: dict[str, Any], stop: tuple[str, int]
) -> None:
    """CO-T68: where the doctor knocks before anybody logs on."""
    assert CONNECTION.rfc
    changed = replace(CONNECTION, rfc=replace(CONNECTION.rfc, **rfc))
    assert first_stop(changed) == stop

import json
from typing import Any
from unittest.mock import MagicMock

import pytest
from msgspec.structs import replace

from sapmatch.aws.secrets import CURRENT, Standing
from sapmatch.limits.logons import SharedLogonGuard
from sapmatch.model.auth import BtpDestination
from sapmatch.model.connection import Proxy
from sapmatch.sap.auth.admission import PASSWORD
from tests.builders.memory import START, MemoryClock
from tests.unit.functions.conftest import CONNECTION, Call

Standings = dict[str, Standing]


@pytest.fixture
def current(monkeypatch: pytest.MonkeyPatch) -> Standings:
    """What Secrets Manager says of the secret s4."""
    known = {"s4": Standing(arn="s4", labels={"v1": (CURRENT,)}, changed_at=START)}
    monkeypatch.setattr(
        "sapmatch.bootstrap.logons.NamedSecrets",
        lambda: MagicMock(standing=lambda name: known[name]),
    )
    return known


def refuse(parts: MagicMock, version: str = "v1", times: int = 2) -> None:
    for _ in range(times):
        guard = SharedLogonGuard(parts.control, MemoryClock(), "s4")
        guard.admit(version)
        guard.refused(version)


def measured(printed: str) -> list[float]:
    lines = [json.loads(line) for line in printed.splitlines() if "LogonStopped" in line]
    return [value for line in lines for value in line["LogonStopped"]]


def test_a_connection_that_stops_is_told_with_what_stands_still(
    call: Call, parts: MagicMock, current: Standings, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-26"""
    refuse(parts)
    parts.settings.extractions = {"orders": MagicMock(connection="s4"), "hr": MagicMock()}
    parts.settings.write_backs["supplier_invoice"] = MagicMock(connection="s4")
    assert call("announce_stop", "refused_twice") == {"stopped": ["s4"]}
    (stop,) = parts.exceptions.about_stopped_logon.call_args.args
    assert (stop.connection, stop.secret, stop.since) == ("s4", "s4", START)
    assert stop.waiting == ("extraction orders", "write-back supplier_invoice")
    assert "SU01" in stop.remedy
    assert measured(capsys.readouterr().out) == [1]


def test_one_refusal_is_told_to_nobody(call: Call, parts: MagicMock, current: Standings) -> None:
    refuse(parts, times=1)
    assert call("announce_stop", "refused_twice") == {"stopped": []}
    parts.exceptions.about_stopped_logon.assert_not_called()


def test_functions_that_still_had_the_old_secret_stop_nothing(
    call: Call, parts: MagicMock, current: Standings
) -> None:
    """RE-26: it was changed in SAP and in Secrets Manager while they ran."""
    refuse(parts, "v1")
    current["s4"] = Standing(arn="s4", labels={"v2": (CURRENT,), "v1": ("AWSPREVIOUS",)})
    assert call("announce_stop", "refused_twice") == {"stopped": []}
    parts.exceptions.about_stopped_logon.assert_not_called()


def test_the_secret_of_a_proxy_is_told_by_its_name(
    call: Call, parts: MagicMock, current: Standings
) -> None:
    proxy = Proxy(tenancy="untrusted", secret="binding")
    parts.settings.connections["s4"] = replace(CONNECTION, proxy=proxy)
    current["s4"] = Standing(arn="s4", labels={"v9": (CURRENT,)})
    current["binding"] = Standing(arn="binding", labels={"v1": (CURRENT,)})
    refuse(parts)
    assert call("announce_stop", "refused_twice") == {"stopped": ["s4"]}
    (stop,) = parts.exceptions.about_stopped_logon.call_args.args
    assert stop.secret == "binding"


def test_the_password_of_a_destination_is_told_until_another_one_is_tried(
    call: Call, parts: MagicMock, current: Standings
) -> None:
    """Its version is no secret of ours: BTP keeps it."""
    auth = BtpDestination(secret="s4", destination="S4_TECHNICAL")
    parts.settings.connections["s4"] = replace(CONNECTION, auth=auth)
    refuse(parts, f"{PASSWORD}0123abcd")
    assert call("announce_stop", "refused_twice") == {"stopped": ["s4"]}
    (stop,) = parts.exceptions.about_stopped_logon.call_args.args
    assert "S4_TECHNICAL" in stop.secret
    later = MemoryClock()
    later.sleep(60)
    guard = SharedLogonGuard(parts.control, later, "s4")
    guard.admit(f"{PASSWORD}4567cdef")
    guard.accepted(f"{PASSWORD}4567cdef")
    assert call("announce_stop", "refused_twice") == {"stopped": []}


@pytest.mark.parametrize("case", ["other_items", "refused_twice"])
def test_what_is_no_stop_is_passed_over(
    call: Call, parts: MagicMock, current: Standings, case: str
) -> None:
    """Other items of the table, and a connection that a person released in the meantime."""
    assert call("announce_stop", case) == {"stopped": []}


def test_a_connection_that_left_the_settings_is_passed_over(
    call: Call, parts: MagicMock, current: Standings
) -> None:
    refuse(parts)
    parts.settings.connections = {}
    changes: dict[str, Any] = {}
    assert call("announce_stop", "refused_twice", changes) == {"stopped": []}

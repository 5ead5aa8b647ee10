import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from msgspec.structs import replace

from sapmatch.aws.secrets import CURRENT, Standing
from sapmatch.model.access import Secret
from sapmatch.model.auth import Certificate
from sapmatch.model.errors import InputRejected
from tests.builders.certificates import Authority
from tests.unit.functions.conftest import CONNECTION, Call

NOW = datetime.now(UTC)  # the authority issues from now on


class Store:
    """Secrets of one connection each, by name."""

    def __init__(self) -> None:
        self.fields: dict[str, dict[str, str]] = {}

    def read(self, name: str) -> Secret:
        if name not in self.fields:
            raise InputRejected(f"secret {name}: does not exist")
        return Secret(name=name, version="v1", fields=self.fields[name])

    def standing(self, name: str) -> Standing:
        changed = NOW - timedelta(days=90)
        return Standing(arn=name, labels={"v1": (CURRENT,)}, changed_at=changed)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, parts: MagicMock) -> Store:
    secrets = Store()
    parts.clock.now.return_value = NOW
    monkeypatch.setattr("sapmatch.bootstrap.expiry.NamedSecrets", lambda: secrets)
    return secrets


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def measured(printed: str, name: str = "CertificateDaysLeft") -> dict[str, float]:
    lines = [json.loads(line) for line in printed.splitlines() if name in line]
    return {line["connection"]: line[name][0] for line in lines}


@pytest.mark.parametrize(
    ("days", "before"), [(29.5, 30), (7.5, 7), (6.5, 7), (1.5, 1), (0.5, 1), (-0.5, -1)]
)
def test_a_certificate_is_told_30_7_and_1_days_before_its_end_and_when_it_ended(
    call: Call, parts: MagicMock, store: Store, authority: Authority, days: float, before: int
) -> None:
    parts.clock.now.return_value = NOW + timedelta(days=60 - days)
    store.fields["s4"] = dict(authority.client(days=60).p12_fields)
    assert call("watch_expiry", "daily") == {"watched": 1}
    (expiry,) = parts.exceptions.about_expiry.call_args.args
    assert expiry.before == before
    assert "CN=ROBOT" in expiry.place
    assert "`p12` of secret s4" in expiry.place


def test_a_good_certificate_is_measured_and_told_to_nobody(
    call: Call,
    parts: MagicMock,
    store: Store,
    authority: Authority,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store.fields["s4"] = dict(authority.client(days=60.5).pem_fields)
    call("watch_expiry", "daily")
    parts.exceptions.about_expiry.assert_not_called()
    assert measured(capsys.readouterr().out) == {"s4": 60}


def test_the_age_of_a_password_is_measured_and_no_value_is_logged(
    call: Call, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """E10: SAP may let a password end without a word."""
    store.fields["s4"] = {"user": "U", "password": "canary-password"}
    call("watch_expiry", "daily")
    printed = capsys.readouterr().out
    assert measured(printed, "SecretAgeDays") == {"s4": 90}
    assert measured(printed) == {}
    assert "canary" not in printed


def test_the_authorities_that_are_trusted_are_watched_too(
    call: Call, parts: MagicMock, store: Store, authority: Authority
) -> None:
    parts.settings.connections = {"s4": replace(CONNECTION, ca="authorities")}
    store.fields = {"s4": {"user": "U"}, "authorities": {"bundle": authority.client(days=5).chain}}
    call("watch_expiry", "daily")
    (expiry,) = parts.exceptions.about_expiry.call_args.args
    assert "`bundle` of secret authorities" in expiry.place


def test_a_secret_that_cannot_be_read_hides_no_other_one(
    call: Call,
    parts: MagicMock,
    store: Store,
    authority: Authority,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = {**authority.client(days=5).p12_fields, "password": "canary-wrong"}
    store.fields = {"a": wrong, "s4": dict(authority.client(days=5).p12_fields)}
    parts.settings.connections = {
        "a": replace(CONNECTION, auth=Certificate(secret="a")),
        "gone": replace(CONNECTION, auth=Certificate(secret="gone")),
        "s4": CONNECTION,
    }
    with pytest.raises(InputRejected, match=r"secret a: `p12` must be .* that `password` opens"):
        call("watch_expiry", "daily")
    assert parts.exceptions.about_expiry.call_args.args[0].connection == "s4"
    logged = [str(vars(record)) for record in caplog.records]
    assert any("secret gone: does not exist" in line for line in logged)
    assert not any("canary" in line for line in logged)

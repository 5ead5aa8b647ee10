from unittest.mock import MagicMock

import pytest

from tests.unit.functions.conftest import Call

TOKEN = "eyJhbGciOiJSUzI1NiJ9"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """What the function logs."""
    found = MagicMock()
    monkeypatch.setattr("functions._runtime.logger", lambda: found)
    monkeypatch.setattr("functions.broker_token.logger", lambda: found)
    return found


def test_access_is_answered_and_neither_it_nor_the_call_is_logged(
    call: Call, parts: MagicMock, log: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """CO-T16"""
    answer = {"access": {"headers": {"Authorization": "Bearer OUR-TOKEN"}}}
    parts.clients.brokered.return_value = answer
    assert call("broker_token", "person") == answer
    assert parts.clients.brokered.call_args.args[0]["user_token"].startswith(TOKEN)
    log.info.assert_called_once_with("broker_token done")
    assert not log.error.called
    assert capsys.readouterr() == ("", "")


def test_a_refusal_is_an_answer_and_stands_in_the_log(
    call: Call, parts: MagicMock, log: MagicMock
) -> None:
    refusal = {"error": "LogonRefused", "message": "wrong secret", "reason": "token"}
    parts.clients.brokered.return_value = refusal
    assert call("broker_token", "technical") == refusal
    log.error.assert_called_once_with(
        "broker_token refused", error="LogonRefused", reason="wrong secret"
    )

"""How long a function goes on with the credentials it has read."""

from unittest.mock import MagicMock

import pytest

from sapmatch.bootstrap import CREDENTIALS_AGE, Services
from sapmatch.settings import Settings
from tests.builders.memory import MemoryClock


def test_a_changed_secret_is_read_after_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = [MagicMock(), MagicMock()]
    monkeypatch.setattr("sapmatch.bootstrap.parts.sap_client", MagicMock(side_effect=clients))
    clock = MemoryClock()
    parts = Services(Settings(), {}, clock)
    assert parts.sap("s4") is parts.sap("s4") is clients[0]
    clock.sleep(CREDENTIALS_AGE.total_seconds())
    assert parts.sap("s4") is clients[1]
    clients[0].close.assert_called_once_with()

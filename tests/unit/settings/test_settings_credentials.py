"""A function keeps its clients: a rotated secret is read by them, five minutes later at most."""

from unittest.mock import MagicMock

import pytest

from sapmatch.bootstrap import Services
from sapmatch.settings import Settings
from tests.builders.memory import MemoryClock


def test_a_client_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = MagicMock(side_effect=[MagicMock(), MagicMock()])
    monkeypatch.setattr("sapmatch.bootstrap.clients.sap_client", made)
    monkeypatch.setattr(Services, "control", MagicMock())
    clock = MemoryClock()
    parts = Services(Settings(), {}, clock)
    client = parts.sap("s4")
    clock.sleep(3600)
    assert parts.sap("s4") is client
    made.assert_called_once()
    assert parts.sap("other") is not client

"""A step of a provisioning run, called as a function with its room replaced."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import MagicMock

import pytest

import functions._provisioning as shared
import sapmatch.bootstrap.provisioning as room


class Turns:
    """Who took a turn at SAP, and until when; `runs` stands for the room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs = MagicMock(name="provisioner")
        self.taken: list[tuple[str, str, datetime]] = []
        self.held = 0
        monkeypatch.setattr(shared, "provisioner", lambda _: self.runs)
        monkeypatch.setattr(room, "provisioner", lambda _: self.runs)
        monkeypatch.setattr(shared, "sap_turn", self._turn)
        monkeypatch.setattr(shared, "on_hold", lambda *_: self.held)

    @contextmanager
    def _turn(self, _: Any, connection: str, owner: str, until: datetime) -> Iterator[None]:
        self.taken.append((connection, owner, until))
        yield

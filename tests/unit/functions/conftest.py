"""Calls a function with one of the sample events, its verb replaced."""

import importlib
import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection
from sapmatch.reviewing.waiting import Woken
from tests.builders.control import MemoryControl
from tests.builders.memory import START
from tests.builders.provisioning_steps import Turns
from tests.builders.writes import INVOICES
from tests.conftest import ROOT

Call = Callable[..., dict[str, Any]]
CONNECTION = Connection(url="https://sap.example.com", client="100", auth=Basic(secret="s4"))


@pytest.fixture
def parts() -> MagicMock:
    """Stands for the services of a stage; tests look at what was handed on."""
    stage = MagicMock(name="parts")
    stage.clock.now.return_value = START
    stage.waiting.wake.return_value = Woken(done=True)
    stage.order_connection = ("s4", "100")
    stage.control = MemoryControl()
    stage.flow.return_value = INVOICES
    stage.settings.write_backs = {"supplier_invoice": INVOICES}
    stage.settings.connections = {"s4": CONNECTION}
    stage.settings.extractions = {"orders": MagicMock(schedule=None), "stock": MagicMock()}
    return stage


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, parts: MagicMock) -> Call:
    """call("read_document", "received", read_stored=fake) -> the handler's answer.

    `changes` are fields of the sample event that are other ones, or not there (None).
    """

    def run(
        function: str, case: str, changes: Mapping[str, Any] | None = None, **verbs: Any
    ) -> dict[str, Any]:
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "sapmatch-test")
        monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "sapmatch")
        module = importlib.import_module(f"functions.{function}")
        monkeypatch.setattr(module, "services", lambda: parts)
        for name, fake in verbs.items():
            monkeypatch.setattr(module, name, fake)
        event = json.loads((ROOT / "events" / function / f"{case}.json").read_text())
        event = {k: v for k, v in {**event, **(changes or {})}.items() if v is not None}
        context = SimpleNamespace(
            aws_request_id="request-1", get_remaining_time_in_millis=lambda: 90_000
        )
        answer: dict[str, Any] = module.handler(event, context)
        json.dumps(answer)  # Step Functions takes plain JSON only
        return answer

    return run


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    """The room of provisioning, and who took a turn at SAP."""
    return Turns(monkeypatch)

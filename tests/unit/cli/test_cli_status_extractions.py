"""`sapmatch status --extractions`: how the extractions of a stage are."""

import json
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from sapmatch.cli import main
from sapmatch.extracting.lease import release, take
from sapmatch.extracting.positions import Pointer, store_published
from sapmatch.extracting.run import Published, PublishedSet, success_key
from sapmatch.model.flow import Output
from sapmatch.reviewing.trouble import Cause, Trouble
from tests.builders.control import MemoryControl
from tests.builders.exceptions import Team
from tests.builders.runs import SHAPE

RUN = "2026-11-02T07:00:00Z"
PUBLISHED = Published(
    extraction="orders",
    run_id=RUN,
    planned_at="2026-11-02T07:00:03+00:00",
    published_at="2026-11-02T07:04:00+00:00",
    output=Output(),
    sets=(
        PublishedSet(
            entity_set="A_PurchaseOrder",
            service="/s",
            mode="full",
            snapshot=True,
            rows=1234,
            deleted=0,
            repeated=0,
            pages=2,
            bytes=10,
            files=(),
            shape=SHAPE,
        ),
    ),
)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The stage `test`: of two extractions one has a good run."""
    team = Team()
    made = SimpleNamespace(
        clock=team.clock,
        control=MemoryControl(),
        objects=team.objects,
        outbox=team.outbox,
        team=team,
    )
    made.objects.write(success_key("orders", RUN), msgspec.json.encode(PUBLISHED))
    store_published(made.control, "orders", Pointer(run_id=RUN))
    place = "sapmatch.cli.extraction_status"
    monkeypatch.setattr(f"{place}.deployment", {"test": made}.__getitem__)
    machine = (None, "arn", ["orders", "stock"])
    monkeypatch.setattr(f"{place}.extraction_machine", {"test": machine}.__getitem__)
    return made


def fail(stack: SimpleNamespace, error: str, last_good: str | None = RUN) -> None:
    trouble = Trouble(
        extraction="orders",
        run_id="next",
        execution="e",
        causes=(Cause(error=error, message="why", step="plan"),),
        reload="sapmatch reload orders",
        last_good=last_good,
    )
    stack.team.exceptions.about_extraction(trouble)


def shown(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main(["status", "--extractions", "--stage", "test", "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_extraction_is_shown_with_its_last_good_run_and_its_rows(
    stack: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    orders, stock = shown(capsys)
    assert orders == {
        "extraction": "orders",
        "last_good": {
            "run_id": RUN,
            "published_at": "2026-11-02T07:04:00+00:00",
            "rows": {"A_PurchaseOrder": 1234},
        },
        "under_way": None,
        "trouble": None,
    }
    nothing = {"last_good": None, "under_way": None, "trouble": None}
    assert stock == {"extraction": "stock", **nothing}


def test_a_run_is_under_way_while_an_execution_holds_the_lease(
    stack: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-31"""
    take(stack.control, "stock", "by-hand", stack.clock.now(), seconds=1800)
    assert shown(capsys)[1]["under_way"]["execution"] == "by-hand"
    release(stack.control, "stock", "by-hand")
    assert shown(capsys)[1]["under_way"] is None
    take(stack.control, "stock", "stopped", stack.clock.now(), seconds=1800)
    stack.clock.sleep(1800 + 300)
    assert shown(capsys)[1]["under_way"] is None


def test_what_failed_last_is_shown_until_a_run_is_good_again(
    stack: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    fail(stack, "LogonRefused")
    stack.clock.sleep(3600)
    fail(stack, "SapUnavailable")
    trouble = shown(capsys)[0]["trouble"]
    assert (trouble["state"], trouble["cause"]) == ("EXTRACTION_FAILED", "SapUnavailable plan")
    assert "SapUnavailable: why" in trouble["mail"]
    store_published(stack.control, "orders", Pointer(run_id="next"))
    assert shown(capsys)[0]["trouble"] is None


def test_people_see_a_table(stack: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    take(stack.control, "stock", "by-hand", stack.clock.now(), seconds=1800)
    fail(stack, "LogonRefused")
    assert main(["status", "--extractions", "--stage", "test"]) == 0
    text = capsys.readouterr().out
    orders, stock = (
        next(line for line in text.splitlines() if name in line) for name in ("orders", "stock")
    )
    assert RUN in orders
    assert "A_PurchaseOrder 1234" in orders
    assert "LogonRefused plan" in orders
    assert "by-hand" in stock

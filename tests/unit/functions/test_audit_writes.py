import json
from unittest.mock import MagicMock

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import SapUnavailable
from sapmatch.writing.runs.audit import Audit, Difference
from tests.builders.writes import INVOICES, ORDERS
from tests.unit.functions.conftest import Call

MISSING = Difference(kind="MISSING", flow="supplier_invoice", key={"SupplierInvoice": "51"})


def measured(printed: str) -> dict[str, list[float]]:
    lines = [json.loads(line) for line in printed.splitlines()]
    return {name: value for line in lines if "_aws" in line for name, value in line.items()}


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    fake = MagicMock(return_value=Audit(flow="supplier_invoice", writes=3))
    monkeypatch.setattr("functions._runs.audit_flow", fake)
    return fake


def test_a_day_without_differences_has_its_report_and_no_mail(
    call: Call, parts: MagicMock, audit: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.settings.write_backs["orders"] = ORDERS  # updates leave nothing to be counted
    assert call("audit_writes", "daily") == {"found": 0, "failed": 0}
    audit.assert_called_once()
    key, report = parts.objects.write.call_args.args
    assert key == "audits/2026-11-02.json"
    assert json.loads(report)["flows"][0]["writes"] == 3
    parts.exceptions.about_audit.assert_not_called()
    assert measured(capsys.readouterr().out)["AuditDifferences"] == [0.0]


def test_differences_are_counted_and_told_in_one_mail(
    call: Call, parts: MagicMock, audit: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    audit.return_value = Audit(flow="supplier_invoice", differences=(MISSING, MISSING))
    assert call("audit_writes", "daily") == {"found": 2, "failed": 0}
    parts.exceptions.about_audit.assert_called_once_with("2026-11-02", [str(MISSING)] * 2)
    assert measured(capsys.readouterr().out)["AuditDifferences"] == [2.0]


def test_a_flow_that_cannot_be_compared_keeps_nobody_back_and_is_counted(
    call: Call, parts: MagicMock, audit: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(INVOICES, connection="s4")
    parts.settings.write_backs = {"a": INVOICES, "b": other, "c": INVOICES}
    late = Audit(flow="c", complete=False)
    audit.side_effect = [SapUnavailable("s4: HTTP 503"), Audit(flow="b"), late]
    assert call("audit_writes", "daily") == {"found": 0, "failed": 2}
    assert measured(capsys.readouterr().out)["FlowsNotAudited"] == [2.0]
    assert json.loads(parts.objects.write.call_args.args[1])["failed"] == ["a", "c"]

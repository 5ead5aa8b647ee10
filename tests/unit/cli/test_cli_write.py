import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from sapmatch.cli import main, output
from sapmatch.model.errors import LogonRefused, OutcomeUnknown, SapRejected, SapUnavailable
from sapmatch.model.intent import Change, Record, Written
from sapmatch.settings import Settings
from tests.builders.memory_sap import MemorySap, answer_lost, fails

SETTINGS = """
[connections.s4]
url = "https://sap.example.com"
client = "100"
service = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
auth = { type = "basic", secret = "env:S4" }
quiet_seconds = 600
"""
ORDERS = [
    {"SoldToParty": "20100001", "PurchaseOrderByCustomer": "MA-1", "TransactionCurrency": "EUR"},
    {"SoldToParty": "20100001", "PurchaseOrderByCustomer": "MA-2", "TransactionCurrency": "EUR"},
    {"SoldToParty": "20100001", "PurchaseOrderByCustomer": "MA-3", "TransactionCurrency": "EUR"},
]


class Clock:
    """A clock on which waiting costs nothing."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 2, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class Sap(MemorySap):
    """Sales orders in memory; `answers` are raised for the customer's numbers they name."""

    def __init__(self) -> None:
        super().__init__(Clock())
        self.answers: dict[str, Exception] = {}
        self.closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closed = True

    @property
    def rows(self) -> list[Record]:
        return self.entities.setdefault("A_SalesOrder", [])

    @property
    def created(self) -> list[str]:
        return [c.record["PurchaseOrderByCustomer"] for c in self.sent if c.kind == "create"]

    def write(self, change: Change) -> Written:
        error = self.answers.get(change.record.get("PurchaseOrderByCustomer", ""))
        if isinstance(error, OutcomeUnknown):
            self.behaviours.append(answer_lost)
        elif error:
            self.behaviours.append(fails(error))
        return super().write(change)


@pytest.fixture
def sap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sap:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    Path("sapmatch.toml").write_text(SETTINGS)
    Path("orders.json").write_text(json.dumps(ORDERS))
    fake = Sap()

    def client(_settings: Settings, _name: str) -> Sap:
        return fake

    monkeypatch.setattr("sapmatch.cli.write.sap_client", client)
    monkeypatch.setattr("sapmatch.cli.write.SystemClock", Clock)
    return fake


INSERT = ["write", "s4", "A_SalesOrder", "orders.json", "--operation", "insert", "--json"]


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_record_gets_a_line_and_the_counts_come_last(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(INSERT) == 0
    *records, last = lines(capsys)
    assert records[0] == {
        "record": "1",
        "status": "created",
        "key": {"SalesOrder": "5105600000"},
        "sap_message": None,
        "http_status": 201,
    }
    assert len({record["key"]["SalesOrder"] for record in records}) == 3
    assert last["summary"]["created"] == 3


def test_the_same_command_again_sends_nothing(sap: Sap, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(INSERT) == 0
    assert main(INSERT) == 0
    assert sap.created == ["MA-1", "MA-2", "MA-3"]
    assert Path("orders.json.sapmatch-ledger.jsonl").exists()


def test_without_its_ledger_the_command_finds_what_is_in_sap(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    main(INSERT)
    capsys.readouterr()
    assert main([*INSERT, "--ledger", "other.jsonl"]) == 0
    assert {line["status"] for line in lines(capsys)[:-1]} == {"already_there"}
    assert sap.created == ["MA-1", "MA-2", "MA-3"]


def test_a_refused_record_is_named_and_the_others_are_written(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    """MA-P65."""
    sap.answers["MA-2"] = SapRejected("V1/045", "Sold-to party is blocked", http_status=400)
    assert main([*INSERT, "--responses", "answers"]) == 3
    shown = lines(capsys)
    assert [line.get("status") for line in shown[:-1]] == ["created", "rejected", "created"]
    assert "V1/045: Sold-to party is blocked" in shown[1]["sap_message"]
    stored = Path("answers/orders.json.responses.ndjson").read_text().splitlines()
    kept = [json.loads(line) for line in stored]
    assert [{name: line[name] for name in shown[0]} for line in kept[:-1]] == shown[:-1]
    assert kept[-1] == shown[-1]
    assert [line["attempts"] for line in kept[:-1]] == [1, 1, 1]
    assert "Correct the record as SAP says" in kept[1]["remedy"]
    table = Path("answers/orders.json.responses.csv").read_text("utf-8-sig").splitlines()
    assert [row.split(",")[1] for row in table] == ["status", "created", "rejected", "created"]


def test_on_error_stop_leaves_the_rest_alone(sap: Sap, capsys: pytest.CaptureFixture[str]) -> None:
    sap.answers["MA-2"] = SapRejected("V1/045", "Sold-to party is blocked", http_status=400)
    assert main([*INSERT, "--on-error", "stop"]) == 3
    statuses = [line["status"] for line in lines(capsys)[:-1]]
    assert statuses == ["created", "rejected", "not_executed"]
    assert sap.created == ["MA-1", "MA-2"]


def test_a_lost_answer_is_unknown_and_never_sent_again(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    """MA-P62: SAP executed the second record, its answer was lost."""
    sap.answers["MA-2"] = OutcomeUnknown("the answer was lost")
    assert main(INSERT) == 3
    assert [line["status"] for line in lines(capsys)[:-1]] == ["created", "unknown", "created"]
    assert main(INSERT) == 3
    assert sap.created == ["MA-1", "MA-2", "MA-3"]


def test_what_left_the_file_undecided_is_told(sap: Sap, capsys: pytest.CaptureFixture[str]) -> None:
    sap.answers["MA-2"] = OutcomeUnknown("the answer was lost")
    main(INSERT)
    Path("orders.json").write_text(json.dumps(ORDERS[:1]))
    assert main(INSERT[:-1]) == 3
    assert "1 record(s) that an earlier run sent are not decided" in capsys.readouterr().err


def test_with_a_short_quiet_time_a_lost_answer_is_read_back_at_once(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    short = "\n".join(f"{name}_timeout = 0.1" for name in ("connect", "read", "total"))
    Path("sapmatch.toml").write_text(SETTINGS.replace("600", f"0\n{short}"))
    sap.answers["MA-2"] = OutcomeUnknown("the answer was lost")
    assert main(INSERT) == 0
    second = lines(capsys)[1]
    assert (second["status"], second["key"]) == ("already_there", {"SalesOrder": "5105600001"})
    assert sap.created == ["MA-1", "MA-2", "MA-3"]


@pytest.mark.parametrize(
    ("error", "code"), [(SapUnavailable("SAP is not reachable"), 4), (LogonRefused("locked"), 2)]
)
def test_trouble_with_the_connection_names_every_record_first(
    sap: Sap, error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for order in ORDERS:
        sap.answers[order["PurchaseOrderByCustomer"]] = error
    assert main(INSERT) == code
    shown = capsys.readouterr()
    found = [json.loads(line) for line in shown.out.splitlines()]
    assert {line["status"] for line in found[:-1]} == {"not_executed"}
    assert str(error) in shown.err


def test_a_dry_run_sends_nothing_and_leaves_no_ledger(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*INSERT, "--dry-run"]) == 0
    assert [line.get("status") for line in lines(capsys)[:-1]] == ["not_executed"] * 3
    assert sap.created == []
    assert not list(Path().glob("*ledger*"))


def test_an_update_changes_the_named_fields(sap: Sap, capsys: pytest.CaptureFixture[str]) -> None:
    sap.seed("A_SalesOrder", SalesOrder="7", AssignmentReference="")
    Path("changes.ndjson").write_text('{"SalesOrder": "7", "AssignmentReference": "DV-1"}\n')
    assert main(["write", "s4", "A_SalesOrder", "changes.ndjson", "--operation", "update"]) == 0
    assert sap.rows[0]["AssignmentReference"] == "DV-1"
    shown = capsys.readouterr().out
    assert "updated" in shown
    assert "7" in shown


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("[1]", "row 1"),
        ('[{"SoldToParty": "1"}]', "PurchaseOrderByCustomer"),
        ("{not json", "no JSON"),
    ],
)
def test_mistakes_in_the_file_are_named_and_nothing_is_sent(
    sap: Sap, content: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("orders.json").write_text(content)
    assert main(INSERT) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert "orders.json" in shown.err
    assert sap.created == []


def test_one_mistake_of_all_records_is_told_once(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("orders.csv").write_text("PurchaseOrderByCustomer;SoldToParty\n" + ";1\n" * 31)
    assert main(["write", "s4", "A_SalesOrder", "orders.csv", *INSERT[4:], "--dry-run"]) == 2
    assert capsys.readouterr().err == (
        "sapmatch: orders.csv: 31 mistake(s) in the file\n  PurchaseOrderByCustomer: is missing or "
        "empty: SAP is searched by it (in all 31 records, first in row 1 (line 2))\n"
    )


@pytest.mark.parametrize(("way", "call"), [("json_line", INSERT), ("table", INSERT[:-1])])
def test_a_full_disk_behind_stdout_says_that_nothing_is_lost(
    sap: Sap,
    way: str,
    call: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*_: Any) -> None:
        raise output.OutputFailed("stdout: cannot be written (No space left on device)")

    monkeypatch.setattr(output, way, full)
    assert main(call) == 2
    assert capsys.readouterr().err == (
        "sapmatch: stdout: cannot be written (No space left on device); "
        "what was sent stands in the ledger\n"
    )


def test_a_folder_is_no_file(sap: Sap, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["write", "s4", "A_SalesOrder", ".", "--operation", "insert"]) == 2
    assert ".: is a folder; name a file in it" in capsys.readouterr().err


def test_a_missing_file_is_wrong_usage(sap: Sap, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["write", "s4", "A_SalesOrder", "no.json", "--operation", "insert"]) == 2
    assert "no.json: there is no such file" in capsys.readouterr().err


def test_an_entity_set_without_a_known_reference_asks_for_one(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("things.json").write_text('[{"Thing": "1", "Name": "a"}]')
    command = ["write", "s4", "A_Thing", "things.json", "--operation", "insert", "--dry-run"]
    assert main(command) == 2
    assert "reference" in capsys.readouterr().err
    assert main([*command, "--reference", "Thing"]) == 0

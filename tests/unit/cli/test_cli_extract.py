import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import pytest

from sapmatch.cli import main
from sapmatch.model.errors import LogonRefused, SapUnavailable
from sapmatch.model.ports import Page
from sapmatch.model.query import EVERYTHING, Query
from sapmatch.settings import Settings

SETTINGS = """
[connections.s4]
url = "https://sap.example.com"
client = "100"
service = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
auth = { type = "basic", secret = "env:S4" }
"""


class Sap:
    """Two pages of sales orders; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Query]] = []
        self.settings = Settings()
        self.closed = False
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closed = True

    def count(self, service: str, entity_set: str, query: Query = EVERYTHING) -> int:
        if self.error:
            raise self.error
        return 3

    def pages(
        self, service: str, entity_set: str, query: Query = EVERYTHING, *, link: str | None = None
    ) -> Iterator[Page]:
        self.asked.append((service, entity_set, query))
        yield Page(rows=[row("1"), row("2")])
        yield Page(rows=[row("3")])


def row(number: str) -> msgspec.Raw:
    return msgspec.Raw(
        json.dumps({"SalesOrder": number, "SalesOrderDate": "/Date(1791763200000)/"}).encode()
    )


@pytest.fixture
def sap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sap:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    Path("sapmatch.toml").write_text(SETTINGS)
    fake = Sap()

    def client(settings: Settings, name: str) -> Sap:
        assert name == "s4"
        fake.settings = settings
        return fake

    monkeypatch.setattr("sapmatch.cli.extract.sap_client", client)
    return fake


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_extract_writes_one_file_and_one_summary_line(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["extract", "s4", "A_SalesOrder", "--to", "orders", "--json"]) == 0
    (summary,) = lines(capsys.readouterr().out)
    assert summary.keys() == {
        "entity_set",
        "rows",
        "pages",
        "bytes",
        "files",
        "delta",
        "seconds",
    }
    assert (summary["rows"], summary["pages"], summary["delta"]) == (3, 2, "none")
    assert summary["files"] == ["orders/A_SalesOrder.ndjson"]
    stored = lines(Path("orders/A_SalesOrder.ndjson").read_text())
    assert stored[0] == {"SalesOrder": "1", "SalesOrderDate": "/Date(1791763200000)/"}
    assert [found["SalesOrder"] for found in stored] == ["1", "2", "3"]
    assert [path.name for path in Path("orders").iterdir()] == ["A_SalesOrder.ndjson"]
    assert sap.closed


def test_options_reach_sap_as_they_were_given(sap: Sap) -> None:
    options = "--filter SalesOrganization#eq#'1010' --select SalesOrder,SalesOrderDate"
    options += " --expand to_Item --page-size 50 --parallel 2 --service /sap/other"
    given = [option.replace("#", " ") for option in options.split()]
    assert main(["extract", "s4", "A_SalesOrder", "--to", "orders", *given]) == 0
    ((service, entity_set, query),) = sap.asked
    assert (service, entity_set) == ("/sap/other", "A_SalesOrder")
    assert query.filter == "SalesOrganization eq '1010'"
    assert query.select == ("SalesOrder", "SalesOrderDate")
    assert query.expand == ("to_Item",)
    assert query.page_size == 50
    assert sap.settings.connections["s4"].limits.parallel == 2


def test_typed_values_have_plain_dates(sap: Sap, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", "s4", "A_SalesOrder", "--to", ".", "--values", "typed"]) == 0
    stored = lines(Path("A_SalesOrder.ndjson").read_text())
    assert stored[0]["SalesOrderDate"] == "2026-10-12"
    assert "3 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["x4", "A_SalesOrder", "--to", "."], "connections.x4"),
        (["s4", "A_SalesOrder"], "--to"),
        (["s4", "A_SalesOrder", "--to", ".", "--format", "xlsx"], "xlsx"),
        (["s4", "A_SalesOrder", "--to", ".", "--page-size", "0"], "--page-size"),
        (["s4", "../secret", "--to", "."], "entity set"),
    ],
)
def test_wrong_usage_names_what_is_wrong(
    sap: Sap, argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["extract", *argv, "--json"]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""


def test_a_connection_without_service_asks_for_one(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    without = "\n".join(line for line in SETTINGS.splitlines() if not line.startswith("service"))
    Path("sapmatch.toml").write_text(without)
    assert main(["extract", "s4", "A_SalesOrder", "--to", "."]) == 2
    assert "--service" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [(SapUnavailable("SAP did not answer"), 4), (LogonRefused("the secret is wrong"), 2)],
)
def test_the_exit_code_says_whether_sap_was_reached(
    sap: Sap, error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    sap.error = error
    assert main(["extract", "s4", "A_SalesOrder", "--to", "."]) == code
    assert str(error) in capsys.readouterr().err
    assert not list(Path().glob("A_SalesOrder*"))

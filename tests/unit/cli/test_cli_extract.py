import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from sapmatch.cli import main
from sapmatch.folder import work_folder
from sapmatch.model.errors import LogonRefused, SapUnavailable
from sapmatch.model.ports import Page
from sapmatch.model.query import EVERYTHING, Query, field
from sapmatch.model.shape import Field, Shape
from sapmatch.settings import Settings
from tests.builders.moving_sap import MovingSap

SETTINGS = """
[connections.s4]
url = "https://sap.example.com"
client = "100"
service = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
auth = { type = "basic", secret = "env:S4" }
"""
SHAPE = Shape(
    entity_set="A_SalesOrder",
    version="V2",
    keys=("SalesOrder",),
    fields=(
        Field(name="SalesOrder", kind="text", nullable=False, label="Sales Order"),
        Field(name="SalesOrderDate", kind="date", label="Document Date"),
    ),
    nested={"to_Item": Shape(entity_set="A_SalesOrderItem", version="V2", keys=(), fields=())},
    tracks_changes=True,
)


class Sap(MovingSap):
    """Three sales orders; remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(SHAPE)
        for number in ("1", "2", "3"):
            self.put("A_SalesOrder", SalesOrder=number, SalesOrderDate="/Date(1791763200000)/")
        self.read: list[tuple[str, str, Query]] = []
        self.settings = Settings()
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

    def pages(
        self, service: str, entity_set: str, query: Query = EVERYTHING, *, link: str | None = None
    ) -> Iterator[Page]:
        self.read.append((service, entity_set, query))
        return super().pages(service, entity_set, query, link=link)


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


def extract(*options: str) -> int:
    return main(["extract", "s4", "A_SalesOrder", "--to", "orders", *options])


def test_extract_writes_one_file_and_one_summary_line(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    assert extract("--page-size", "2", "--json") == 0
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
    assert stored[0]["SalesOrderDate"] == "/Date(1791763200000)/"
    assert [found["SalesOrder"] for found in stored] == ["1", "2", "3"]
    assert [path.name for path in Path("orders").iterdir()] == ["A_SalesOrder.ndjson"]
    assert sap.closed


def test_options_reach_sap_as_they_were_given(sap: Sap) -> None:
    text = "SalesOrder ge '2'"
    sap.filters[text] = field("SalesOrder").ge("2")
    options = "--select SalesOrder,SalesOrderDate --expand to_Item --page-size 50 --parallel 2"
    assert extract("--filter", text, "--service", "/sap/other", *options.split()) == 0
    ((service, entity_set, query),) = sap.read
    assert (service, entity_set) == ("/sap/other", "A_SalesOrder")
    assert query.filter == text
    assert query.select == ("SalesOrder", "SalesOrderDate")
    assert query.expand == ("to_Item",)
    assert query.page_size == 50
    assert sap.settings.connections["s4"].limits.parallel == 2
    assert len(Path("orders/A_SalesOrder.ndjson").read_text().splitlines()) == 2


def test_typed_values_have_plain_dates(sap: Sap, capsys: pytest.CaptureFixture[str]) -> None:
    assert extract("--values", "typed") == 0
    stored = lines(Path("orders/A_SalesOrder.ndjson").read_text())
    assert stored[0]["SalesOrderDate"] == "2026-10-12"
    assert "3 rows" in capsys.readouterr().out


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_each_format_is_a_file_of_its_own(
    sap: Sap, format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert extract("--format", format, "--json") == 0
    (summary,) = lines(capsys.readouterr().out)
    assert summary["files"] == [f"orders/A_SalesOrder.{format}"]
    assert summary["bytes"] == Path(summary["files"][0]).stat().st_size


def test_labels_and_compression_are_asked_for(sap: Sap) -> None:
    assert extract("--format", "csv", "--labels", "--compression", "gzip") == 0
    head, *rows = gzip.decompress(Path("orders/A_SalesOrder.csv.gz").read_bytes()).splitlines()
    assert b"SalesOrderDate" not in head
    assert b"ate" in head
    assert len(rows) == 3


def test_delta_tells_what_it_learned(sap: Sap, capsys: pytest.CaptureFixture[str]) -> None:
    assert extract("--delta", "--json") == 0
    sap.remove("A_SalesOrder", "1")
    assert extract("--delta", "--json") == 0
    first, second = lines(capsys.readouterr().out)
    assert (first["rows"], first["delta"], first["changed"]) == (3, "stored", 3)
    assert (second["rows"], second["changed"], second["deleted"]) == (2, 0, 1)
    assert extract("--delta") == 0
    assert "0 new or changed rows" in capsys.readouterr().out


def test_a_lost_position_names_the_way_out(sap: Sap, capsys: pytest.CaptureFixture[str]) -> None:
    """RE-21."""
    assert extract("--delta") == 0
    sap.forget("A_SalesOrder")
    assert extract("--delta") == 2
    assert "--reload" in capsys.readouterr().err
    assert extract("--delta", "--reload") == 0


def test_ctrl_c_says_that_the_same_command_goes_on(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    sap.before(1, interrupt)
    assert extract("--page-size", "1") == 130
    assert "the same command goes on where it stopped" in capsys.readouterr().err
    assert not Path("orders/A_SalesOrder.ndjson").exists()
    assert extract("--page-size", "1") == 0
    assert "1 rows in 1 pages" in capsys.readouterr().err
    assert [path.name for path in Path("orders").iterdir()] == ["A_SalesOrder.ndjson"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["x4", "A_SalesOrder", "--to", "."], "connections.x4"),
        (["s4", "A_SalesOrder"], "--to"),
        (["s4", "A_SalesOrder", "--to", ".", "--format", "xlsx"], "xlsx"),
        (["s4", "A_SalesOrder", "--to", ".", "--page-size", "0"], "--page-size"),
        (["s4", "A_SalesOrder", "--to", ".", "--page-size", "10001"], "from 1 to 10000"),
        (["s4", "A_SalesOrder", "--to", ".", "--page-size", "many"], "from 1 to 10000"),
        (["s4", "A_SalesOrder", "--to", ".", "--parallel", "41"], "from 1 to 40"),
        (["s4", "A_SalesOrder", "--to", ".", "--filter", ""], "--filter: is empty"),
        (["s4", "A_SalesOrder", "--to", ".", "--select", " "], "--select: is empty"),
        (["s4", "A_SalesOrder", "--to", ".", "--select", "SalesOrder,"], "--select: is empty"),
        (["s4", "A_SalesOrder", "--to", ".", "--expand", ""], "--expand: is empty"),
        (["s4", "A_SalesOrder", "--to", ".", "--format", "csv", "--flatten"], "--expand"),
        (
            ["s4", "A_SalesOrder", "--to", ".", "--format", "parquet", "--values", "raw"],
            "parquet is always typed",
        ),
        (["s4", "A_SalesOrder", "--to", "sapmatch.toml"], "--to sapmatch.toml: cannot"),
        (["s4", "A_SalesOrder", "--to", "sapmatch.toml/x"], "--to sapmatch.toml/x: cannot"),
        (["s4", "A_SalesOrder", "--to", ".", "--labels"], "--values typed"),
        (["s4", "../secret", "--to", "new"], "entity set"),
        (["s4", "A_SalesOrdr", "--to", "new"], "A_SalesOrdr"),
    ],
)
def test_wrong_usage_names_what_is_wrong_and_leaves_nothing(
    sap: Sap, argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["extract", *argv, "--json"]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""
    assert [path.name for path in Path().iterdir()] == ["sapmatch.toml"]


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
    sap.fails(0, error)
    assert extract() == code
    assert str(error) in capsys.readouterr().err
    assert not Path("orders").exists()


def test_rows_that_sap_counts_otherwise_are_refused(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-19."""
    sap.counts["A_SalesOrder"] = [7, 7, 7, 7]
    assert extract("--json") == 3
    shown = capsys.readouterr()
    assert "SAP counts 7" in shown.err
    assert shown.out == ""
    assert not Path("orders").exists()


def test_labels_that_are_there_are_not_missed(sap: Sap, capsys: pytest.CaptureFixture[str]) -> None:
    assert extract("--format", "csv", "--labels") == 0
    assert capsys.readouterr().err == ""


def test_an_unfinished_read_of_another_query_is_named_with_both_ways_on(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    sap.fails(1, SapUnavailable("SAP did not answer"))
    assert extract("--page-size", "1") == 4
    capsys.readouterr()
    assert extract("--select", "SalesOrder") == 2
    said = capsys.readouterr().err
    assert "1 rows in 1 pages are stored" in said
    assert "--reload drops them" in said
    assert extract("--page-size", "1") == 0


def test_two_commands_do_not_share_a_target(sap: Sap, capsys: pytest.CaptureFixture[str]) -> None:
    with work_folder(Path("orders"), "A_SalesOrder"):
        assert extract() == 2
    assert "at work" in capsys.readouterr().err
    assert extract() == 0

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import msgspec
import pytest

from sapmatch.cli import main
from sapmatch.cli.status import place
from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import Problem, Throttled
from sapmatch.model.intent import Intent, IntentState
from sapmatch.model.review import Review
from tests.builders.memory_reviews import MemoryReviews

WRITTEN = Intent(
    id="i1",
    flow="supplier_invoice",
    connection="s4",
    client="100",
    operation="insert",
    service="/sap",
    entity_set="A_SupplierInvoice",
    payload_key="intents/x.json",
    payload_sha256="0" * 64,
    key={"SupplierInvoice": "5105600200", "FiscalYear": "2026"},
    state=IntentState.CONFIRMED,
)


def record(number: int, **fields: object) -> DocumentRecord:
    return DocumentRecord(
        id=f"{number:064x}",
        bucket="b",
        key=f"incoming/{number:02}.xml",
        version_id="v1",
        size=1,
        received_at=datetime(2026, 11, number, tzinfo=UTC),
        **fields,  # type: ignore[arg-type]
    )


RECORDS = [
    record(
        2,
        state="REJECTED",
        reason="BROKEN",
        problems=(Problem(code="BROKEN", message="The file ends too early."),),
    ),
    record(
        1,
        state="MATCHED",
        kind="ubl",
        method="xml",
        orders=("4500001001",),
        summary="All lines agree with order 4500001001.",
        intents=("i1",),
    ),
]


WAITING: list[Review] = []


class Documents:
    def all(self) -> Iterator[DocumentRecord]:
        yield from RECORDS


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Names of the stages that were looked up."""
    asked: list[str | None] = []

    def deployment(stage: str | None) -> SimpleNamespace:
        asked.append(stage)
        if stage == "far":
            raise Throttled("AWS is not reachable")
        return SimpleNamespace(
            documents=Documents(),
            intents=SimpleNamespace(get={"i1": WRITTEN}.__getitem__),
            reviews=MemoryReviews(*WAITING),
        )

    monkeypatch.setattr("sapmatch.cli.status.deployment", deployment)
    return asked


def test_status_shows_every_document_and_what_sap_holds(
    stages: list[str | None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--stage", "local"]) == 0
    shown = capsys.readouterr().out
    matched, rejected = (
        next(line for line in shown.splitlines() if name in line) for name in ("01.xml", "02.xml")
    )
    for word in ("ubl, xml", "MATCHED", "4500001001", "A_SupplierInvoice 5105600200/2026"):
        assert word in matched
    assert "REJECTED" in rejected
    assert "BROKEN" in rejected
    assert "The file ends too early." in shown
    assert RECORDS[0].id[:12] in shown  # what `exceptions show` and `replay` take
    assert stages == ["local"]


def test_status_as_json_is_one_line_per_document_oldest_first(
    stages: list[str | None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--json"]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["document"], first["decision"]) == ("01.xml", "MATCHED")
    assert first["sap"][0]["key"] == {"SupplierInvoice": "5105600200", "FiscalYear": "2026"}
    assert first["received_at"].startswith("2026-11-01T00:00:00")
    assert (second["decision"], second["cause"], second["sap"]) == ("REJECTED", "BROKEN", [])
    assert stages == [None]


@pytest.mark.parametrize(
    ("state", "alerted", "reason"),
    [
        ("OUT_OF_TOLERANCE", True, "person"),
        ("WAITING_RECEIPT", False, "receipt"),
        ("WAITING_RECEIPT", True, "person"),
    ],
)
def test_what_waits_is_shown_with_what_it_waits_for(
    stages: list[str | None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    state: str,
    alerted: bool,
    reason: str,
) -> None:
    since = datetime(2026, 11, 3, tzinfo=UTC)
    waits = Review(document_id=f"{2:064x}", state=state, opened_at=since, alerted=alerted)
    monkeypatch.setattr(f"{__name__}.WAITING", [waits])
    assert main(["status", "--json"]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["waiting"] is None
    assert second["waiting"] == {"for": reason, "since": "2026-11-03T00:00:00Z"}
    assert main(["status"]) == 0
    assert f"waits for a {reason}" in capsys.readouterr().out


def test_the_invoices_of_one_file_stand_below_it_with_their_pages(
    stages: list[str | None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = record(3, state="SPLIT", kind="scan", method="textract", parts=("f" * 64, "0" * 64))
    children = [
        msgspec.structs.replace(
            file, id=sign * 64, parent=file.id, part=n, pages=(2 * n - 1, 2 * n), parts=(), state=to
        )
        for n, sign, to in ((1, "f", "MATCHED"), (2, "0", "NO_CANDIDATE"))
    ]
    monkeypatch.setattr(f"{__name__}.RECORDS", [*children[::-1], file, *RECORDS])
    assert main(["status", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()][2:]
    assert [row["decision"] for row in rows] == ["SPLIT", "MATCHED", "NO_CANDIDATE"]
    assert [row["pages"] for row in rows] == [[], [1, 2], [3, 4]]
    assert [row["parent"] for row in rows] == [None, file.id, file.id]
    assert rows[0]["parts"] == ["f" * 64, "0" * 64]
    assert main(["status"]) == 0
    shown = capsys.readouterr().out
    assert "03.xml, pages 3-4" in shown
    assert "holds 2 invoices" in shown
    assert [place(row) for row in rows] == ["03.xml", "03.xml, pages 1-2", "03.xml, pages 3-4"]


def test_a_stack_out_of_reach_ends_with_four(
    stages: list[str | None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--stage", "far"]) == 4
    assert "not reachable" in capsys.readouterr().err

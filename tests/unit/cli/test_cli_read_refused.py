"""What `sapmatch read` says of files that cannot be opened, or hold no invoice."""

import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from sapmatch.cli import main
from sapmatch.cli.output import percent
from sapmatch.model.invoice import Invoice, ReadResult

SAMPLES = Path(__file__).parents[3] / "local" / "samples"
UBL = (SAMPLES / "invoices" / "01-ubl-matched.xml").read_bytes()


@pytest.fixture(autouse=True)
def _in_a_folder_of_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    for name in ("a.xml", "b.xml"):
        Path(name).write_bytes(UBL)


@pytest.mark.parametrize("step", ["stat", "read_bytes"])
def test_a_file_that_may_not_be_opened_is_a_row_and_the_others_are_read(
    step: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor one in a folder that nobody may look into."""
    whole: Callable[..., object] = getattr(Path, step)

    def refuse(self: Path, **more: bool) -> object:
        if self.name == "a.xml":
            raise PermissionError(13, "Permission denied")
        return whole(self, **more)

    monkeypatch.setattr(Path, step, refuse)
    assert main(["read", "a.xml", "b.xml", "--json"]) == 3
    closed, read = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    (problem,) = closed["problems"]
    assert (closed["document"], problem["code"]) == ("a.xml", "NOT_READABLE")
    assert problem["message"] == "The file cannot be opened: no permission."
    assert read["outcome"] == "read"


def test_what_is_no_file_is_told_apart_from_what_is_not_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    os.mkfifo("pipe.xml")
    assert main(["read", "", "pipe.xml", "/dev/null"]) == 2
    shown = capsys.readouterr().err
    assert "'': is no name of a file" in shown
    assert "pipe.xml: is a pipe or a device" in shown
    assert "/dev/null: is a pipe or a device" in shown
    assert main(["read", "x" * 5000, "--json"]) == 3
    assert "File name too long" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("a.xml", "nothing attached"), ("a.pdf", "Split it"), ("a.png", "fewer dots per inch")],
)
def test_what_is_too_large_gets_a_remedy_of_its_kind(
    name: str, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("small.toml").write_text("[intake]\nmax_bytes = 100\n")
    Path(name).write_bytes(UBL)
    assert main(["read", name, "--settings", "small.toml", "--json"]) == 3
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert remedy in problem["message"]
    assert "raise max_bytes under [intake]" in problem["message"]


@pytest.mark.parametrize(
    ("invoice", "ends"),
    [
        (None, 3),
        (Invoice(), 3),
        (Invoice(currency="EUR"), 3),
        (Invoice(number="R-1"), 0),
        (Invoice(total=Decimal(1)), 0),
    ],
)
def test_an_invoice_is_what_has_a_number_or_a_total(
    invoice: Invoice | None, ends: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 3 for a blank page, 0 for an invoice however doubtful."""
    blank = ReadResult(outcome="needs-review", kind="scan", method="ocr")
    monkeypatch.setattr(
        "sapmatch.cli.documents.read_document", lambda _data, **_: replace(blank, invoice=invoice)
    )
    assert main(["read", "a.xml"]) == ends
    assert main(["read", "a.xml", "--json"]) == ends
    assert main(["read", "a.xml", "b.xml"]) == ends


@pytest.mark.parametrize(
    ("share", "told"), [(0.798, "79%"), (0.8, "80%"), (0.29, "29%"), (0.999, "99%"), (1.0, "100%")]
)
def test_a_share_is_cut_off_and_never_rounded_up_to_a_limit(share: float, told: str) -> None:
    assert percent(share) == told


def test_a_narrow_terminal_gets_fewer_columns_and_no_broken_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    long = f"{'scanned-in-the-morning-' * 3}0042.xml"
    Path(long).write_bytes(UBL)
    monkeypatch.setattr("sapmatch.cli.output._console", lambda: Console(width=80))
    assert main(["read", "a.xml", long]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert max(map(len, rows)) <= 80
    (row,) = (row for row in rows if "0042.xml" in row)
    for cell in ("scann", "…", "NM-2026-0431", "2026-10-12", "3020.22", "read"):
        assert cell in row
    assert "Currency" not in rows[1]

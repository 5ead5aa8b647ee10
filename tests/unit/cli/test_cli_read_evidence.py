"""`sapmatch read --evidence`: the boxes on the page."""

import sys
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.model.invoice import Evidence, Invoice, ReadResult
from tests.builders.reading import fixture, pdf

Image = pytest.importorskip("PIL.Image")
LEGEND = 300  # pixels; the page stands left of it
BLUE = (0, 0x63, 0x9A)
RED = (0xB0, 0, 0x20)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)


def found(*pages: int, method: Any = "ocr") -> ReadResult:
    """An invoice whose number stands on the first of the pages, and its date on the last."""
    return ReadResult(
        outcome="read",
        kind="scan",
        method=method,
        invoice=Invoice(number="R-1", currency="EUR"),
        confidence={"number": 0.97},
        evidence={
            "number": Evidence(page=pages[0], box=(0.25, 0.5, 0.25, 0.1), text="R-1"),
            "currency": Evidence(page=pages[-1], box=(0.6, 0.8, 0.1, 0.05), text="EUR"),
            "lines[0].net": Evidence(page=pages[0], box=(0.1, 0.9, 0.1, 0.05)),
            "total": Evidence(derived_from=("net", "tax")),
        },
    )


def reading(result: ReadResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sapmatch.cli.documents.read_document", lambda _data, **_: result)


def test_each_box_is_drawn_around_its_place_on_the_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGBA", (400, 600), (0, 0, 0, 0)).save("scan.png")
    reading(found(1), monkeypatch)
    assert main(["read", "scan.png", "--evidence", "seen.png", "--json"]) == 0
    assert "drawn: seen.png" in capsys.readouterr().err
    with Image.open("seen.png") as drawn:
        assert drawn.width > 400 + LEGEND
        assert drawn.getpixel((98, 330)) == RED  # left edge of the number: a quarter of 400
        assert drawn.getpixel((98, 200)) == (255, 255, 255)  # alpha lies on white
        assert drawn.getpixel((238, 490)) == BLUE  # left edge of the currency
        assert drawn.getpixel((150, 330)) == (255, 255, 255)  # the value itself stays readable
        assert RED in {colour for _, colour in drawn.crop((400, 0, 500, 200)).getcolors(99_999)}


def test_each_page_of_a_pdf_gets_a_picture_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("two.pdf").write_bytes(pdf("one", "two", "three"))
    reading(found(1, 3), monkeypatch)
    assert main(["read", "two.pdf", "--evidence", "seen.png"]) == 0
    assert sorted(path.name for path in Path().glob("*.png")) == ["seen-3.png", "seen.png"]


def test_the_invoices_of_one_file_are_drawn_together(monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (400, 600), "white").save(
        "scan.tiff", save_all=True, append_images=[Image.new("L", (300, 300), 255)]
    )
    reading(ReadResult(outcome="read", parts=(found(1), found(2))), monkeypatch)
    assert main(["read", "scan.tiff", "--evidence", "seen.png"]) == 0
    with Image.open("seen-2.png") as drawn:
        assert drawn.getpixel((73, 165)) == RED


@pytest.mark.parametrize("box", [(0.0, 0.0, 0.0, 0.0), (0.9, 0.9, 5.0, 5.0), (1.0, -0.5, 0.1, 0.1)])
def test_a_box_at_or_over_the_edge_of_the_page_is_drawn_all_the_same(
    box: tuple[float, float, float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (40, 30), "white").save("scan.png")
    evidence = {"number": Evidence(page=1, box=box)}
    result = ReadResult(outcome="read", invoice=Invoice(number="R"), evidence=evidence)
    reading(result, monkeypatch)
    assert main(["read", "scan.png", "--evidence", "seen.png"]) == 0
    assert Path("seen.png").exists()


def test_xml_has_no_page_to_draw_on(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.xml").write_text(fixture("invoice-ubl.xml"))
    assert main(["read", "a.xml", "--evidence", "seen.png"]) == 2
    assert "XPath" in capsys.readouterr().err
    assert not Path("seen.png").exists()


def test_only_one_document_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.xml", "b.xml"):
        Path(name).write_text(fixture("invoice-ubl.xml"))
    assert main(["read", "*.xml", "--evidence", "seen.png"]) == 2
    assert "2 are named" in capsys.readouterr().err


def test_a_picture_that_is_no_png_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (40, 30), "white").save("scan.png")
    reading(found(1), monkeypatch)
    assert main(["read", "scan.png", "--evidence", "scan.pdf"]) == 2
    assert ".png" in capsys.readouterr().err
    assert main(["read", "scan.png", "--evidence", "no/where.png"]) == 2
    assert "the folder no does not exist" in capsys.readouterr().err
    Path("taken.png").mkdir()
    assert main(["read", "scan.png", "--evidence", "taken.png"]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_what_draws_is_named_where_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("scan.png").write_bytes(b"x")
    reading(found(1), monkeypatch)
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert main(["read", "scan.png", "--evidence", "seen.png"]) == 2
    assert "install sapmatch[ocr]" in capsys.readouterr().err


def test_a_document_that_was_refused_says_why_and_nothing_is_drawn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("bad.pdf").write_bytes(b"GIF89a....")
    assert main(["read", "bad.pdf", "--evidence", "seen.png"]) == 3
    shown = capsys.readouterr()
    assert "TYPE_MISMATCH" in shown.out
    assert "nothing is drawn" in shown.err

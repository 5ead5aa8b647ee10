"""Many files, patterns, files of several invoices: what `sapmatch read` makes of them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Evidence, Invoice, ReadResult

SAMPLES = Path(__file__).parents[3] / "local" / "samples"
UBL = (SAMPLES / "invoices" / "01-ubl-matched.xml").read_bytes()
Read = Callable[..., ReadResult]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty one with some invoices below it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    for name in ("in/b.xml", "in/a.xml", "in/deep/c.xml", "in/note.txt", "in/[1].xml"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(UBL)
    return tmp_path


def documents(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [json.loads(line)["document"] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["in/?.xml"], ["in/a.xml", "in/b.xml"]),
        (["in/**/*.xml"], ["in/[1].xml", "in/a.xml", "in/b.xml", "in/deep/c.xml"]),
        (["in/b.xml", "in/?.xml"], ["in/b.xml", "in/a.xml"]),
        (["in/[1].xml"], ["in/[1].xml"]),
        (["in/a.xml", "in/a.xml"], ["in/a.xml", "in/a.xml"]),
    ],
)
def test_a_pattern_is_expanded_as_a_shell_would_and_skips_what_was_taken(
    given: list[str], found: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", *given, "--json"]) == 0
    assert documents(capsys) == found


def test_a_pattern_without_a_match_a_missing_file_and_a_folder_are_all_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["read", "in/*.pdf", "gone.xml", "in", "in/a.xml"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "in/*.pdf: no file fits this" in shown.err
    assert "gone.xml: there is no such file" in shown.err
    assert "in: is a folder" in shown.err


def test_many_files_are_one_table_and_what_is_wrong_stands_below_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("in/bad.xml").write_bytes(UBL[:300])
    assert main(["read", "in/a.xml", "in/bad.xml"]) == 3
    shown = capsys.readouterr().out
    rows = shown.splitlines()
    good = next(row for row in rows if "in/a.xml" in row)
    for cell in ("ubl", "xml", "NM-2026-0431", "2026-10-12", "3020.22", "EUR", "read"):
        assert cell in good
    assert "reject" in next(row for row in rows if "in/bad.xml" in row)
    assert "not well-formed" in shown
    assert "Getriebemotor" not in shown
    assert main(["read", "in/a.xml", "in/bad.xml", "--verbose"]) == 3
    assert "Getriebemotor" in capsys.readouterr().out


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Callable[[Read], None]:
    """Lets something else read documents."""
    return lambda read: monkeypatch.setattr("sapmatch.cli.documents.read_document", read)


def part(number: str, *pages: int) -> ReadResult:
    return ReadResult(
        outcome="needs-review",
        kind="scan",
        method="ocr",
        invoice=Invoice(number=number),
        confidence={"number": 0.5},
        evidence={"number": Evidence(page=pages[0], text=number)},
        problems=(
            Problem(
                code="NEEDS_REVIEW",
                message="Look.",
                field="number",
                values={"page": "1", "XML": "2"},
            ),
        ),
        pages=pages,
    )


BATCH = ReadResult(
    outcome="read", kind="scan", method="ocr", parts=(part("R-1", 1), part("R-2", 2, 3))
)


def test_a_file_of_several_invoices_gives_a_line_for_each(
    reading: Callable[[Read], None], capsys: pytest.CaptureFixture[str]
) -> None:
    reading(lambda _data, **_: BATCH)
    assert main(["read", "in/a.xml", "--json"]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["document"] == second["document"] == "in/a.xml"
    assert [(found["part"], found["pages"]) for found in (first, second)] == [(1, [1]), (2, [2, 3])]
    assert [found["invoice"]["number"] for found in (first, second)] == ["R-1", "R-2"]
    assert second["evidence"] == {"number": {"page": 2, "text": "R-2"}}
    assert second["problems"][0]["values"] == {"page": "1", "XML": "2"}


def test_people_see_the_pages_of_each_invoice_and_the_values_that_disagree(
    reading: Callable[[Read], None], capsys: pytest.CaptureFixture[str]
) -> None:
    reading(lambda _data, **_: BATCH)
    assert main(["read", "in/a.xml"]) == 0
    shown = capsys.readouterr().out
    assert "in/a.xml, page 1: needs-review" in shown
    assert "in/a.xml, pages 2-3: needs-review" in shown
    assert "Invoice number (page 2): page says 1, XML says 2. Look." in shown
    assert "(50% sure)" in shown


def test_a_bug_in_one_file_is_reported_and_the_others_are_read(
    reading: Callable[[Read], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def read(_data: bytes, *, name: str, **_: Any) -> ReadResult:
        if name.endswith("a.xml"):
            raise ZeroDivisionError
        return part("R-2", 1)

    reading(read)
    assert main(["read", "in/a.xml", "in/b.xml", "--json"]) == 1
    shown = capsys.readouterr()
    broken, good = (json.loads(line) for line in shown.out.splitlines())
    assert (broken["outcome"], broken["problems"][0]["code"]) == ("reject", "BUG")
    assert "bug of ours" in broken["problems"][0]["message"]
    assert good["invoice"]["number"] == "R-2"
    assert "ZeroDivisionError" in shown.err


def test_the_invoices_of_one_file_are_matched_one_by_one(
    reading: Callable[[Read], None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    readable = [
        ReadResult(
            outcome="read", kind="scan", method="ocr", invoice=Invoice(number=number), pages=(n,)
        )
        for n, number in enumerate(("R-1", "R-2"), start=1)
    ]
    readable.append(part("R-3", 3))
    reading(lambda _data, **_: ReadResult(outcome="read", parts=tuple(readable)))
    Path("match.toml").write_text((SAMPLES.parents[1] / "sapmatch.toml").read_text())
    arguments = ["match", "in/a.xml", "in/b.xml", "--orders", str(SAMPLES / "sap.json")]
    assert main([*arguments, "--settings", "match.toml", "--json"]) == 3
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["part"], line["pages"]) for line in found] == [(1, [1]), (2, [2]), (3, [3])] * 2
    first, second, third, *copies = found
    assert {first["decision"], second["decision"]} <= {"NO_CANDIDATE", "INVALID"}
    assert third["cause"] == "NEEDS_REVIEW"
    assert [line["decision"] for line in copies[:2]] == ["DUPLICATE", "DUPLICATE"]
    assert copies[0]["duplicate_of"] == "in/a.xml, page 1"


def test_reading_xml_loads_neither_an_engine_nor_what_draws_nor_aws(folder: Path) -> None:
    code = (
        "import sys; from sapmatch.cli import main; main(['read', 'in/a.xml', '--json']); "
        "heavy = {'PIL', 'numpy', 'onnxruntime', 'rapidocr', 'cv2', 'boto3', 'rich', 'pypdfium2'}; "
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

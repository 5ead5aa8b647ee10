"""A second opinion: asked where something is missing, believed where nothing was seen before."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from sapmatch.ocr import second
from sapmatch.pages.nouns import Box, Line, Quad
from tests.builders.pages import INVOICE, drawn, page

WITHOUT_TOTAL = [placed for placed in INVOICE if placed[2] != "119.60"]
HEAD = "level\tpage\tblock\tpar\tline\tword\tleft\ttop\twidth\theight\tconf\ttext"


def place(quad: Quad) -> tuple[Box, Quad]:
    """Pixels are the page's own unit here."""
    return Box(*quad[0], *quad[2]), quad


def completed(placed: Sequence[tuple[int, int, str]]) -> list[str]:
    lines = second.completed(page(*placed).lines, Image.new("RGB", (1000, 700), "white"), place)
    return [line.text for line in lines]


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `tesseract` that prints the file `answer` and notes how it was called."""
    script = tmp_path / "tesseract"
    script.write_text(
        '#!/bin/sh\ncat > /dev/null\necho "$OMP_THREAD_LIMIT $@" >> "$(dirname "$0")/calls"\n'
        'cat "$(dirname "$0")/answer"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def word(left: int, top: int, text: str, sure: str = "93.5") -> str:
    return f"5\t1\t1\t1\t1\t1\t{left}\t{top}\t60\t20\t{sure}\t{text}"


def test_a_total_that_the_first_look_left_out_is_found_by_the_second(answers: Path) -> None:
    """documents.md 4: a short amount standing alone is sometimes dropped."""
    (answers / "answer").write_text("\n".join([HEAD, word(800, 600, "119.60")]))
    assert "119.60" in completed(WITHOUT_TOTAL)


def test_it_runs_with_one_thread(answers: Path) -> None:
    (answers / "answer").write_text(HEAD)
    completed(WITHOUT_TOTAL)
    assert (answers / "calls").read_text() == "1 stdin stdout --psm 3 tsv\n"


def test_a_page_that_lacks_nothing_and_adds_up_is_not_looked_at_again(answers: Path) -> None:
    (answers / "answer").write_text("\n".join([HEAD, word(20, 660, "Stamp")]))
    assert "Stamp" not in completed(INVOICE)
    assert not (answers / "calls").exists()


def test_what_was_seen_before_stays_as_it_was(answers: Path) -> None:
    other = [HEAD, word(800, 600, "119.60"), word(800, 500, "999.99")]
    (answers / "answer").write_text("\n".join(other))
    found = completed(WITHOUT_TOTAL)
    assert "100.50" in found
    assert "999.99" not in found


@pytest.mark.parametrize(
    "answer",
    ["", "nonsense", f"{HEAD}\n5\t1\t1", f"{HEAD}\n{word(800, 600, '119.60', '12')}"],
)
def test_a_second_opinion_that_is_worth_nothing_changes_nothing(answers: Path, answer: str) -> None:
    (answers / "answer").write_text(answer)
    assert completed(WITHOUT_TOTAL) == [line.text for line in page(*WITHOUT_TOTAL).lines]


def test_a_second_opinion_that_hangs_is_given_up(
    answers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (answers / "tesseract").write_text("#!/bin/sh\nexec sleep 30\n")
    monkeypatch.setattr(second, "SECONDS", 0.2)
    assert completed(WITHOUT_TOTAL) == [line.text for line in page(*WITHOUT_TOTAL).lines]


def test_without_the_command_the_first_look_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert completed(WITHOUT_TOTAL) == [line.text for line in page(*WITHOUT_TOTAL).lines]


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_the_real_command_sees_a_drawn_total() -> None:
    image = drawn()
    lines: tuple[Line, ...] = page(*WITHOUT_TOTAL).lines
    assert "119.60" in [line.text for line in second.completed(lines, image, place)]

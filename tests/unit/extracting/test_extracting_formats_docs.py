"""The lines of docs/formats.md that read the files."""

import doctest
from pathlib import Path

import pytest

from tests.builders.formats import PAGES, made, orders

DOCUMENT = Path(__file__).parents[3] / "docs" / "formats.md"


def test_the_lines_of_the_document_read_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for form in ("ndjson", "csv", "parquet"):
        path = made(tmp_path, orders(), PAGES / "orders_v2.ndjson", format=form)
        path.rename(tmp_path / f"A_Order.{form}")
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testfile(str(DOCUMENT), module_relative=False, encoding="utf-8")
    assert (failed, tried > 5) == (0, True)

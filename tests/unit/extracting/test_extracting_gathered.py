"""Pages become one file, and make room as they go."""

import hashlib
from pathlib import Path

import pytest

from sapmatch.extracting.gathered import Gathering
from sapmatch.extracting.run import DataFile
from sapmatch.model.errors import InputRejected

Pages = list[tuple[DataFile, Path]]
ROWS = [b"1\n2\n", b"3\n", b"4\n5\n6\n"]
WHOLE = b"".join(ROWS)


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    found = []
    for number, rows in enumerate(ROWS):
        path = tmp_path / f"page-{number}"
        path.write_bytes(rows)
        sha256 = hashlib.sha256(rows).hexdigest()
        file = DataFile(key=path.name, rows=rows.count(b"\n"), bytes=len(rows), sha256=sha256)
        found.append((file, path))
    return found


def left(pages: Pages) -> list[str]:
    return [path.name for _, path in pages if path.exists()]


def test_the_file_holds_all_pages_in_their_order_and_they_are_gone(
    tmp_path: Path, pages: Pages
) -> None:
    assert Gathering(tmp_path / "rows", pages).finish().read_bytes() == WHOLE
    assert left(pages) == []


def test_no_pages_are_an_empty_file(tmp_path: Path) -> None:
    assert Gathering(tmp_path / "rows", []).finish().read_bytes() == b""


@pytest.mark.parametrize("held", range(len(WHOLE) + 1))
def test_wherever_it_was_broken_off_no_byte_is_lost_or_doubled(
    tmp_path: Path, pages: Pages, held: int
) -> None:
    (tmp_path / "rows").write_bytes(WHOLE[:held])
    end = 0
    for file, path in pages:
        end += file.bytes
        if end < held:  # what a broken call has moved before
            path.unlink()
    files = Gathering(tmp_path / "rows", pages).files()
    assert b"".join(path.read_bytes() for path in files) == WHOLE
    assert Gathering(tmp_path / "rows", pages).finish().read_bytes() == WHOLE
    assert left(pages) == []


def test_a_page_that_is_not_as_it_was_stored_is_named(tmp_path: Path, pages: Pages) -> None:
    pages[1][1].write_bytes(b"3")
    with pytest.raises(InputRejected, match="page-1"):
        Gathering(tmp_path / "rows", pages).finish()
    assert left(pages) == ["page-1", "page-2"]


def test_a_page_that_is_gone_is_an_error(tmp_path: Path, pages: Pages) -> None:
    pages[2][1].unlink()
    with pytest.raises(InputRejected, match=r"page-2: .*--reload"):
        Gathering(tmp_path / "rows", pages).finish()

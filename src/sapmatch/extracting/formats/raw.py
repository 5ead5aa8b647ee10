"""Rows as SAP sent them, page behind page in one file."""

import gzip
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import IO

from sapmatch.extracting.formats import sql
from sapmatch.extracting.formats.engine import MOST_BYTES, copy, engine
from sapmatch.model.errors import InputRejected

_BLOCK = 1 << 20


def joined(pages: Sequence[Path], to: Path, compression: str, workspace: Path) -> int:
    """Write the bytes of all pages, compressed where asked; the number of rows."""
    if compression == "zstd":
        return _zstd(pages, to, workspace)
    with to.open("wb") as file:
        if compression == "none":
            return _copy(pages, file)
        # Without name and time in its head the same rows are the same bytes.
        with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            return _copy(pages, packed)


def _copy(pages: Sequence[Path], to: IO[bytes] | gzip.GzipFile) -> int:
    rows = 0
    for page in pages:
        with page.open("rb") as file:
            for block in iter(partial(file.read, _BLOCK), b""):
                rows += block.count(b"\n")
                to.write(block)
    return rows


def _zstd(pages: Sequence[Path], to: Path, workspace: Path) -> int:
    """Python has zstd from 3.14 on only; \\x01 stands in no JSON text, so a row is one cell."""
    import duckdb

    lines = (
        f"read_csv({sql.files(pages)}, columns={{'line': 'VARCHAR'}}, auto_detect=false, "
        f"header=false, delim='\x01', quote='', escape='', comment='', new_line='\\n', "
        f"max_line_size={MOST_BYTES}, hive_partitioning=false)"
    )
    options = "FORMAT csv, HEADER false, DELIMITER '\x01', QUOTE '', ESCAPE '', COMPRESSION zstd"
    with engine(workspace, [*pages, to]) as connection:
        try:
            return copy(connection, sql.select(["line"], lines), to, options)
        except duckdb.InvalidInputException:
            # Its message holds the row.
            raise InputRejected(
                f"{to.name}: a row has more than {MOST_BYTES} bytes or is no UTF-8: set "
                "compression = gzip, which takes any"
            ) from None

"""DuckDB as the forms use it: bounded memory, no network, no files but those of the work."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sapmatch.extracting.formats import sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "256MB"
MOST_BYTES = 16 << 20  # of one row: as much as DuckDB reads as one JSON object


@contextmanager
def engine(workspace: Path, files: Iterable[Path]) -> Iterator["DuckDBPyConnection"]:
    """A database in memory that may touch the workspace and the folders of the files only.

    One thread: the same rows give the same bytes, and memory stays flat.
    """
    import duckdb

    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": MEMORY,
            "preserve_insertion_order": True,
            "temp_directory": str((workspace / "spill").absolute()),
            "threads": 1,
        }
    )
    folders = sorted({str(path.absolute().parent) for path in files} | {str(workspace.absolute())})
    allowed = ", ".join(sql.literal(folder) for folder in folders)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET allowed_directories = [{allowed}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()

"""DuckDB as the forms use it: bounded memory, no network, no files but those of the work."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sapmatch.extracting.formats import sql
from sapmatch.model.errors import InputRejected

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
    folders = {path.absolute().parent for path in files} | {workspace.absolute()}
    # A folder is asked for by its name to write, and by the pattern of its name to read.
    allowed = ", ".join(
        sql.literal(form) for path in sorted(folders) for form in {str(path), sql.exact(path)}
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET allowed_directories = [{allowed}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def copy(connection: "DuckDBPyConnection", query: str, to: Path, options: str) -> int:
    """Write the rows of a query to a file; their number.

    duckdb.InvalidInputException where a row is wrong: the caller knows how to say it. InputRejected
    where there is no room.
    """
    import duckdb

    try:
        connection.execute(f"COPY ({query}) TO {sql.file(to)} ({options})")
        return int(connection.fetchall()[0][0])
    except duckdb.InvalidInputException:
        raise
    except duckdb.Error as exc:
        raise InputRejected(
            f"{to.name}: cannot be written ({type(exc).__name__}): give the workspace and the "
            "output more room"
        ) from exc

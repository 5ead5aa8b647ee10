"""Compares keys of any number of rows on disk: DuckDB sorts what does not fit into memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from sapmatch.model.errors import InputRejected

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "256MB"
LISTED = 100_000  # repeated keys that are kept in memory at most
# A line of keys.ndjson as one text: no quotes, no columns; \x01 stands in no JSON text.
_LINES = (
    "read_csv({}, columns={{'line': 'VARCHAR'}}, header=false, auto_detect=false, delim='\x01', "
    "quote='', escape='', new_line='\\n', filename=true)"
)


class Repeated(Struct, frozen=True, order=True):
    """A key that another file, or an earlier row of this one, holds too; `file` is its place."""

    file: int
    key: str
    first: bool  # whether the first of its rows stands in this file


def repeated(files: Sequence[Path], workspace: Path) -> list[Repeated]:
    """Every key that stands more than once, for each file that holds it, in order.

    InputRejected where there are more than LISTED: SAP's paging is not stable then.
    """
    with _engine(workspace) as engine:
        engine.execute(
            "CREATE TEMP TABLE twice AS SELECT line FROM "
            f"{_LINES.format('?')} GROUP BY line HAVING count(*) > 1",
            [[str(path) for path in files]],
        )
        engine.execute("SELECT count(*) FROM twice")
        count = engine.fetchall()[0][0]
        if count > LISTED:
            raise InputRejected(
                f"{count} keys stand in the rows twice or more: SAP's pages overlap. Let the "
                "extraction read this set with partition = key, or in one piece (none)"
            )
        return list(_places(engine, files)) if count else []


def _places(engine: "DuckDBPyConnection", files: Sequence[Path]) -> Iterator[Repeated]:
    """The files of the keys in table `twice`; files are in the order of their reading."""
    seen: set[str] = set()
    for number, path in enumerate(files):
        engine.execute(
            f"SELECT DISTINCT line FROM {_LINES.format('?')} SEMI JOIN twice USING (line) "
            "ORDER BY line",
            [str(path)],
        )
        for (key,) in engine.fetchall():
            yield Repeated(number, key, key not in seen)
            seen.add(key)


def vanished(old: Sequence[Path], new: Sequence[Path], workspace: Path, to: Path) -> int:
    """Write the keys of `old` that `new` has not, each once and in order; their number."""
    with _engine(workspace) as engine:
        engine.execute(
            f"SELECT DISTINCT line FROM {_LINES.format('$old')} "
            f"ANTI JOIN (SELECT line FROM {_LINES.format('$new')}) USING (line) ORDER BY line",
            {"old": [str(path) for path in old], "new": [str(path) for path in new]},
        )
        count = 0
        with to.open("wb") as file:
            while rows := engine.fetchmany(10_000):
                count += len(rows)
                file.writelines(line.encode() + b"\n" for (line,) in rows)
    return count


@contextmanager
def _engine(workspace: Path) -> Iterator["DuckDBPyConnection"]:
    """A database that sees nothing but the workspace: no network, no extensions."""
    import duckdb

    config = {
        "memory_limit": MEMORY,
        "threads": 2,
        "temp_directory": str(workspace / "spill"),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(config=config) as engine:
        engine.execute("SET allowed_directories = $1::VARCHAR[]", [[str(workspace)]])
        engine.execute("SET enable_external_access = false")
        yield engine

"""Compares keys of any number of rows on disk: DuckDB sorts what does not fit into memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, pairwise, starmap
from operator import lt
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from sapmatch.extracting.formats.engine import engine
from sapmatch.model.errors import InputRejected

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_REPEATED = 100_000  # keys; they are kept in memory
# A line of keys.ndjson as one text: no quotes, no columns; \x01 stands in no JSON text.
_LINES = """
CREATE MACRO lines(files) AS TABLE SELECT line FROM read_csv(
    files, columns = {'line': 'VARCHAR'}, header = false, auto_detect = false,
    delim = '\x01', quote = '', escape = '', new_line = '\\n')
"""


class Repeated(Struct, frozen=True, order=True):
    """A key that stands in the files more than once; `file` is the place of one that holds it."""

    file: int
    key: str
    last: bool  # no later file holds it


def repeated(files: Sequence[Path], workspace: Path, entity_set: str) -> list[Repeated]:
    """Every key that stands more than once, for each file that holds it, in order.

    Files lie in the workspace. InputRejected where there are more keys than MOST_REPEATED.
    """
    if _ascending(files):
        return []
    with _database(workspace) as database:
        # By their hashes first: these are small, whatever the keys are.
        database.execute(
            "CREATE TEMP TABLE suspect AS "
            "SELECT hash(line) AS mark FROM lines(?) GROUP BY mark HAVING count(*) > 1",
            [_names(files)],
        )
        database.execute(
            "CREATE TEMP TABLE repeated AS SELECT line FROM lines(?) "
            "WHERE hash(line) IN (FROM suspect) GROUP BY line HAVING count(*) > 1",
            [_names(files)],
        )
        count = database.execute("SELECT count(*) FROM repeated").fetchall()[0][0]
        if count > MOST_REPEATED:
            raise InputRejected(
                f"{entity_set}: {count} keys stand in the rows more than once: SAP's pages "
                'overlap. Let the extraction read this entity set with partition = "key", or "none"'
            )
        return sorted(_places(database, files)) if count else []


def vanished(old: Sequence[Path], new: Sequence[Path], workspace: Path, to: Path) -> int:
    """Write the keys of `old` that `new` has not, each once and in order; their number.

    Files lie in the workspace.
    """
    count = 0
    with _database(workspace) as database, to.open("wb") as file:
        if not old:
            return 0
        database.execute("CREATE TEMP TABLE now(line VARCHAR)")
        if new:
            database.execute("INSERT INTO now FROM lines(?)", [_names(new)])
        database.execute(
            "SELECT DISTINCT line FROM lines(?) ANTI JOIN now USING (line) ORDER BY line",
            [_names(old)],
        )
        while rows := database.fetchmany(10_000):
            count += len(rows)
            file.writelines(line.encode() + b"\n" for (line,) in rows)
    return count


def _ascending(files: Sequence[Path]) -> bool:
    """Whether each key is above the one before it, as where SAP sorts by it: then none repeats."""
    return all(starmap(lt, pairwise(chain.from_iterable(map(_lines_of, files)))))


def _lines_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _places(database: "DuckDBPyConnection", files: Sequence[Path]) -> Iterator[Repeated]:
    """The files of the keys in table `repeated`, from the last one on."""
    seen: set[str] = set()
    for number in reversed(range(len(files))):
        found = database.execute(
            "SELECT DISTINCT line FROM lines(?) SEMI JOIN repeated USING (line)",
            [_names(files[number : number + 1])],
        ).fetchall()
        for (key,) in found:
            yield Repeated(number, key, key not in seen)
            seen.add(key)


@contextmanager
def _database(workspace: Path) -> Iterator["DuckDBPyConnection"]:
    import duckdb

    try:
        with engine(workspace, ()) as database:
            database.execute(_LINES)
            yield database
    except duckdb.Error as exc:
        raise InputRejected(
            f"keys of the run cannot be compared ({type(exc).__name__}): see whether {workspace} "
            "has room for them twice, or give the function more storage"
        ) from exc


def _names(files: Sequence[Path]) -> list[str]:
    return [str(path.absolute()) for path in files]

"""The two styles of output: JSON lines for scripts, tables for people; progress goes to stderr."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from math import floor
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from sapmatch.model.errors import InputRejected

T = TypeVar("T")
_WIDE = 160  # columns where the output is no terminal
_ROOMY = 120
_SHORTEST = 16  # characters of a name that can still be told from another


class OutputFailed(InputRejected):
    """stdout takes no more."""


def json_line(record: Any) -> None:
    """One JSON object on stdout: decimals as strings without exponent, dates ISO."""
    plain = msgspec.to_builtins(record, builtin_types=(Decimal,))
    with _told():
        sys.stdout.write(json.dumps(plain, default=_decimal) + "\n")
        sys.stdout.flush()


def _decimal(value: Decimal) -> str:
    return format(value, "f")


def complain(message: str) -> None:
    """An error for people, on stderr."""
    text = printable(message, keep="\n")
    sys.stderr.write(f"sapmatch: {text}\n")


def note(text: str) -> None:
    """A sentence beside the output, on stderr."""
    sys.stderr.write(f"{printable(text)}\n")


def heading(text: str) -> None:
    """A line above what follows."""
    _print(_cell(text), style="bold", soft_wrap=_unbounded())


def line(text: str) -> None:
    """A sentence on stdout."""
    _print(_cell(text), soft_wrap=_unbounded())


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on stdout; None is shown as nothing, a sequence as lines."""
    from rich.table import Table

    grid = Table(header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*(_cell(value) for value in row))
    _print(grid)


def wide() -> bool:
    """Whether a table of many columns fits."""
    return bool(_console().width >= _ROOMY)


def rows(columns: Sequence[str], records: Sequence[Sequence[Any]]) -> None:
    """A table on stdout of one line for each record: names in the first column lose their middle
    where there is no room for them."""
    from rich.table import Table

    grid = Table(header_style="bold")
    for column in columns:
        grid.add_column(column, no_wrap=True, overflow="ellipsis")
    taken = sum(
        max([len(column), *(len(_cell(record[n])) for record in records)])
        for n, column in enumerate(columns[1:], start=1)
    )
    room = max(_console().width - taken - 3 * len(columns) - 1, _SHORTEST)
    for record in records:
        grid.add_row(_cell(shortened(printable(str(record[0])), room)), *map(_cell, record[1:]))
    _print(grid)


def percent(share: float) -> str:
    """A share for people, cut off: what is below a limit must not look as if it were not."""
    return f"{floor(round(share * 100, 4))}%"


def shortened(name: str, longest: int) -> str:
    """The name with an ellipsis for its middle: how it begins and how it ends tell files apart."""
    if len(name) <= longest:
        return name
    end = longest * 2 // 3
    return f"{name[: longest - end - 1]}…{name[-end:]}"


def facts(pairs: Iterable[tuple[str, Any]]) -> None:
    """Names and values below each other; pairs without a value are left out."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    for name, value in pairs:
        if value not in (None, "", ()):
            grid.add_row(_cell(name), _cell(value))
    _print(grid)


def track(items: Sequence[T], description: str) -> Iterable[T]:
    """The items with a progress bar on stderr where it is a terminal and there is one to see."""
    if len(items) < 2 or not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track as rich_track

    return rich_track(items, description, console=Console(stderr=True), transient=True)


@contextmanager
def progress(description: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr that is told how much of how much is done; None where nobody sees it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class RowProgress:
    """How far the reading of rows is, on stderr; the bar only where that is a terminal."""

    def __init__(self, description: str) -> None:
        self._description = printable(description)
        self._bar: Any = None
        self._first: tuple[int, float] | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._bar = _bar()
            self._bar.start()
            self._task = self._bar.add_task(self._description, total=None, told="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def say(self, text: str) -> None:
        """A sentence, above the bar where there is one."""
        message = f"{self._description}: {printable(text)}"
        if self._bar:
            self._bar.console.print(_cell(message))
        else:
            sys.stderr.write(f"{message}\n")

    def read(self, rows: int, pages: int, total: int | None) -> None:
        """So much is read; the pace is that of this call, whatever was there before it."""
        if not self._bar:
            return
        now = time.monotonic()
        before, began = self._first = self._first or (rows, now)
        pace = f"{(rows - before) / (now - began):,.0f} rows/s" if now > began else ""
        told = f"{rows:,} rows  {pages:,} pages  {pace}"
        self._bar.update(self._task, completed=rows, total=total, told=told)


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def printable(text: str, keep: str = "") -> str:
    """The text without control characters: a document must not steer the terminal."""
    return "".join(sign if sign.isprintable() or sign in keep else "\ufffd" for sign in text)


def _cell(value: Any) -> Any:
    from rich.text import Text

    if value is None:
        return Text()
    if isinstance(value, Decimal):
        return Text(_decimal(value), justify="right")
    if isinstance(value, list | tuple):
        return Text("\n".join(printable(str(part)) for part in value))
    return Text(printable(str(value)))


def silence() -> None:
    """Let what stdout still holds go nowhere, so that Python's end does not stumble over it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print(what: Any, **style: Any) -> None:
    with _told():
        _console().print(what, **style)


@contextmanager
def _told() -> Iterator[None]:
    """Turns what keeps stdout from taking it, such as a full disk, into one sentence."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as exc:
        silence()
        raise OutputFailed(f"stdout: cannot be written ({exc.strerror})") from exc


def _console() -> Any:
    from rich.console import Console

    return Console(width=_WIDE if _unbounded() else None, highlight=False, markup=False)


def _unbounded() -> bool:
    """Whether nobody says how wide the output is: then a sentence stays one line."""
    return not (sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal())

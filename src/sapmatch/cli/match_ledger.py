"""The file of `sapmatch match --ledger`: what was matched, for the next call."""

import fcntl
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec
from msgspec import Struct

from sapmatch.model.document import EarlierInvoice
from sapmatch.model.errors import InputRejected
from sapmatch.model.order import Reservation

_LARGEST = Decimal("1E+11")  # SAP's amounts have 14 digits, three of them decimals


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the ledger file: an invoice that was matched, and what it took."""

    sha256: str  # of the document
    company_code: str
    invoice: EarlierInvoice
    reservations: Mapping[str, tuple[Reservation, ...]]


class MatchLedger:
    """Entries of one file, in use by one process at a time; without a path nothing is kept.

    Two runs that read the file at once would both take what it leaves open.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()

    def entries(self) -> Iterator[Entry]:
        """Lock the file and read it; raises InputRejected where another run has it."""
        if self._path is None:
            return
        self._file = _locked(self._path)
        self._file.seek(0)
        for n, line in enumerate(self._file.read().splitlines(), start=1):
            entry = _entry(line)
            if entry is None or not all(map(_is_plain, _numbers(entry))):
                raise InputRejected(
                    f"{self._path}: line {n} is no match; name another file with --ledger"
                )
            yield entry

    def append(self, entry: Entry) -> None:
        """Add a match; it stands in the file before the call returns."""
        if self._file is None:
            return
        try:
            self._file.write(msgspec.json.encode(entry) + b"\n")
            self._file.flush()
        except OSError as exc:
            raise InputRejected(f"{self._path}: cannot be written ({exc.strerror})") from exc


def _locked(path: Path) -> BinaryIO:
    try:
        file = path.open("a+b")
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be read ({exc.strerror})") from exc
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        file.close()
        raise InputRejected(
            f"{path}: another run is using this ledger; start this one when that has ended"
        ) from exc
    return file


def _entry(line: bytes) -> Entry | None:
    try:
        return msgspec.json.decode(line, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _numbers(entry: Entry) -> Iterator[Decimal]:
    yield entry.invoice.total
    for taken in (one for several in entry.reservations.values() for one in several):
        yield from (taken.quantity, taken.amount, *(part.quantity for part in taken.receipts))


def _is_plain(number: Decimal) -> bool:
    return number.is_finite() and abs(number) < _LARGEST

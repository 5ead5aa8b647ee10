"""Files on disk -> what they hold, with the OCR that the call asked for."""

import sys
import traceback
from pathlib import Path
from typing import Literal

from sapmatch.cli import output
from sapmatch.cli.ocr import Ocr, OcrUnavailable, engine
from sapmatch.model.document import ReasonCode, pages_of
from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Outcome, ReadResult
from sapmatch.reading import ReadLimits, read_document
from sapmatch.settings import Settings

_BUGS, _REFUSED, _UNREACHABLE = 1, 3, 4
_TOO_LARGE = (
    "The file has {size:,} bytes; at most {limit:,} are read. {remedy}, or raise max_bytes under "
    "[intake] of the settings."
)
_SMALLER = {
    ".xml": "Ask the sender for an XML with nothing attached",
    ".pdf": "Split it, or scan it with fewer dots per inch",
}
_COARSER = "Scan it with fewer dots per inch"
_BUG = (
    "Reading it failed with {error}, a bug of ours: report it with the lines above. The other "
    "files were read."
)
_UNAVAILABLE = "It was not read: only OCR can read it, and that is not at hand."


class Reader:
    """Reads one file after the other.

    `bugs` counts those that ended in a bug of ours, `unread` those that OCR could not be asked
    about; `unavailable` says why.
    """

    def __init__(self, ocr: Ocr, settings: Settings) -> None:
        self._engine = engine(ocr)
        self._method: Literal["textract", "ocr"] = "textract" if ocr == "aws" else "ocr"
        self._settings = settings
        self.bugs = 0
        self.unread: list[str] = []
        self.unavailable = ""

    def read(self, name: str) -> ReadResult:
        """What the file holds; whatever becomes of it, the next one can be read."""
        try:
            return self._read(Path(name))
        except OSError as exc:
            return _unread("NOT_READABLE", f"The file cannot be opened: {_why(exc)}.")
        except OcrUnavailable as exc:
            self.unread.append(name)
            self.unavailable = str(exc)
            return _unread("OCR_UNAVAILABLE", _UNAVAILABLE, "needs-review")
        except Exception as exc:  # noqa: BLE001 - one file must not stop the others
            self.bugs += 1
            traceback.print_exc(file=sys.stderr)
            return _unread("BUG", _BUG.format(error=type(exc).__name__))

    def _read(self, path: Path) -> ReadResult:
        intake = self._settings.intake
        size = path.stat().st_size
        if size > intake.max_bytes:
            remedy = _SMALLER.get(path.suffix.lower(), _COARSER)
            told = _TOO_LARGE.format(size=size, limit=intake.max_bytes, remedy=remedy)
            return _unread("TOO_LARGE", told)
        return read_document(
            path.read_bytes(),
            name=str(path),
            limits=ReadLimits(max_bytes=intake.max_bytes, max_pages=intake.max_pages),
            analyse=self._engine,
            method=self._method,
            review_below=self._settings.reading.review_below,
        )

    def ended(self, refused: int) -> int:
        """The exit code after the last file: 1 a bug, 4 no OCR, 3 where some were refused, 0."""
        if self.unavailable:
            output.complain(f"{self.unavailable}\nnot read for that: {', '.join(self.unread)}")
        if self.bugs:
            return _BUGS
        return _UNREACHABLE if self.unavailable else _REFUSED if refused else 0


def invoices(result: ReadResult) -> tuple[ReadResult, ...]:
    """The invoices of a file: its parts where it holds several, else what was read as a whole."""
    return result.parts or (result,)


def place(name: str, result: ReadResult) -> str:
    """The file for people, with its pages where the invoice is a part of it."""
    return f"{name}, {pages_of(result.pages)}" if result.pages else name


def holds_invoice(result: ReadResult) -> bool:
    """Whether there is an invoice in it, doubtful or not: one that has a number or a total."""
    found = result.invoice
    return found is not None and (found.number is not None or found.total is not None)


def _why(error: OSError) -> str:
    return "no permission" if isinstance(error, PermissionError) else error.strerror or "no reason"


def _unread(code: ReasonCode, message: str, outcome: Outcome = "reject") -> ReadResult:
    return ReadResult(outcome=outcome, problems=(Problem(code=code, message=message),))

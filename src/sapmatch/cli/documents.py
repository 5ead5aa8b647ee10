"""Files on disk -> what they hold, with the OCR that the call asked for."""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from sapmatch.model.document import ReasonCode, pages_of
from sapmatch.model.errors import InputRejected, Problem, SapmatchError
from sapmatch.model.expense import Analysis
from sapmatch.model.invoice import ReadResult
from sapmatch.reading import ReadLimits, read_document
from sapmatch.settings import Settings

Ocr = Literal["local", "aws", "none"]
_TOO_LARGE = (
    "The file has {size:,} bytes; at most {limit:,} are read. Split it, or scan it coarser."
)
_BUG = (
    "Reading it failed with {error}, a bug of ours: report it with the lines above. The other "
    "files were read."
)


class Reader:
    """Reads one file after the other; `bugs` counts those that ended in a bug of ours."""

    def __init__(self, ocr: Ocr, settings: Settings) -> None:
        self._ocr = ocr
        self._settings = settings
        self.bugs = 0

    def read(self, name: str) -> ReadResult:
        """What the file holds, whatever it is; raises only what the OCR service raises."""
        try:
            return self._read(Path(name))
        except OSError as exc:
            return _refused("READ_FAILED", f"The file cannot be read: {exc.strerror}.")
        except SapmatchError:
            raise
        except Exception as exc:  # noqa: BLE001 - one file must not stop the others
            self.bugs += 1
            traceback.print_exc(file=sys.stderr)
            return _refused("READ_FAILED", _BUG.format(error=type(exc).__name__))

    def _read(self, path: Path) -> ReadResult:
        intake = self._settings.intake
        size = path.stat().st_size
        if size > intake.max_bytes:
            return _refused("TOO_LARGE", _TOO_LARGE.format(size=size, limit=intake.max_bytes))
        return read_document(
            path.read_bytes(),
            name=str(path),
            limits=ReadLimits(max_bytes=intake.max_bytes, max_pages=intake.max_pages),
            analyse=_ANALYSE[self._ocr],
            method="textract" if self._ocr == "aws" else "ocr",
            review_below=self._settings.reading.review_below,
        )


def invoices(result: ReadResult) -> tuple[ReadResult, ...]:
    """The invoices of a file: its parts where it holds several, else what was read as a whole."""
    return result.parts or (result,)


def place(name: str, result: ReadResult) -> str:
    """The file for people, with its pages where the invoice is a part of it."""
    return f"{name}, {pages_of(result.pages)}" if result.pages else name


def _refused(code: ReasonCode, message: str) -> ReadResult:
    return ReadResult(outcome="reject", problems=(Problem(code=code, message=message),))


def _local(data: bytes, pages: int) -> Analysis:
    try:
        from sapmatch.ocr import analyze_expense
    except ImportError as exc:
        raise InputRejected(
            "--ocr local: the engine is not installed; "
            "install sapmatch[ocr], or choose --ocr aws or --ocr none"
        ) from exc
    return Analysis(documents=tuple(analyze_expense(data)), pages=pages)


def _aws(data: bytes, pages: int) -> Analysis:
    from sapmatch.bootstrap import textract

    return textract(data, pages)


_ANALYSE: dict[Ocr, Callable[[bytes, int], Analysis] | None] = {
    "local": _local,
    "aws": _aws,
    "none": None,
}

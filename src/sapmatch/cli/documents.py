"""Files on disk -> what they hold, with the OCR that the call asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.expense import Analysis
from sapmatch.model.flow import Intake
from sapmatch.model.invoice import ReadResult
from sapmatch.reading import ReadLimits, read_document

Ocr = Literal["local", "aws", "none"]
_TOO_LARGE = (
    "The file has {size:,} bytes; at most {limit:,} are read. Split it, or scan it coarser."
)


def read_file(name: str, *, ocr: Ocr, intake: Intake) -> ReadResult:
    """What the file holds; raises only what the OCR service raises."""
    path = Path(name)
    size = path.stat().st_size
    if size > intake.max_bytes:
        message = _TOO_LARGE.format(size=size, limit=intake.max_bytes)
        return ReadResult(outcome="reject", problems=(Problem(code="TOO_LARGE", message=message),))
    return read_document(
        path.read_bytes(),
        name=name,
        limits=ReadLimits(max_bytes=intake.max_bytes, max_pages=intake.max_pages),
        analyse=_ANALYSE[ocr],
        method="textract" if ocr == "aws" else "ocr",
    )


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

"""Who reads pictures for a command: the embedded engine, Textract, or nobody."""

from collections.abc import Callable
from typing import Literal

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    TransientError,
)
from sapmatch.model.expense import Analysis

Ocr = Literal["local", "aws", "none"]
Engine = Callable[[bytes, int], Analysis]


class OcrUnavailable(Exception):
    """Nobody can be asked: no verdict on a document, and none of this call can be read by OCR."""


def engine(ocr: Ocr) -> Engine | None:
    """What reads the pages of a file, made when the first file needs it; None for nobody.

    It raises OcrUnavailable where it cannot be used at all, and InputRejected where it refuses the
    document.
    """
    if ocr == "none":
        return None
    return _Engine({"local": _local, "aws": _textract}[ocr])


class _Engine:
    """Once it could not be used, nobody waits for it again."""

    def __init__(self, make: Callable[[], Engine]) -> None:
        self._make = make
        self._made: Engine | None = None
        self._missing = ""

    def __call__(self, data: bytes, pages: int) -> Analysis:
        if self._missing:
            raise OcrUnavailable(self._missing)
        try:
            return self._ready()(data, pages)
        except (TransientError, LogonRefused, AuthorizationMissing) as exc:
            self._missing = str(exc)
            raise OcrUnavailable(self._missing) from exc

    def _ready(self) -> Engine:
        try:
            self._made = self._made or self._make()
        except InputRejected as exc:
            self._missing = str(exc)
            raise OcrUnavailable(self._missing) from exc
        return self._made


def _local() -> Engine:
    try:
        from sapmatch.ocr import analyze_expense
    except ImportError as exc:
        raise InputRejected(
            "--ocr local: the engine is not installed; "
            "install sapmatch[ocr], or choose --ocr aws or --ocr none"
        ) from exc
    return lambda data, pages: Analysis(documents=tuple(analyze_expense(data)), pages=pages)


def _textract() -> Engine:
    from sapmatch.bootstrap import textract

    return textract()

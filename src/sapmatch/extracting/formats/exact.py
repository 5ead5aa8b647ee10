"""Decimals that SAP sent as JSON numbers: DuckDB would read them as doubles, and lose digits."""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from sapmatch.extracting.formats.parts import Part, has_plain_list
from sapmatch.model.errors import InputRejected

# What looks like it inside a text costs time only: the page is rewritten for nothing.
_LIKELY = re.compile(rb":\s*-?\d+[.eE]")  # twice as fast as the next one, and seldom wrong
_FIELD = re.compile(rb'"\s*:\s*-?\d+[.eE]')
_ANYWHERE = re.compile(rb"[:\[,]\s*-?\d+[.eE]")
_BLOCK = 1 << 20
_OVERLAP = 512  # bytes of a number that may stand on the border of two blocks
_MOST_DIGITS = 400


def exact_pages(pages: Iterable[Path], fields: Sequence[Part], workspace: Path) -> Iterator[Path]:
    """The pages; one that holds decimals as numbers as a copy that holds them as texts.

    V4 sends them so where a service ignores IEEE754Compatible, V2 never should (OD-P40, OD-P41).
    """
    patterns = (_ANYWHERE,) if has_plain_list(fields) else (_LIKELY, _FIELD)
    for number, page in enumerate(pages):
        if _holds(page, patterns):
            to = workspace / f"exact-{number:05d}.ndjson"
            _rewrite(page, to)
            yield to
        else:
            yield page


def _holds(page: Path, patterns: Sequence[re.Pattern[bytes]]) -> bool:
    before = b""
    with page.open("rb") as file:
        for block in iter(partial(file.read, _BLOCK), b""):
            if all(pattern.search(before + block) for pattern in patterns):
                return True
            before = block[-_OVERLAP:]
    return False


def _rewrite(page: Path, to: Path) -> None:
    decoder = msgspec.json.Decoder(dict[str, Any], float_hook=_digits)
    encode = msgspec.json.encode
    with page.open("rb") as rows, to.open("wb") as file:
        for number, row in enumerate(rows, 1):
            try:
                file.write(encode(decoder.decode(row)) + b"\n")
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
                raise InputRejected(f"{page.name}: row {number} is no JSON object") from exc


def _digits(text: str) -> str:
    """The number as a decimal has it, without an exponent in a sane size."""
    if "e" not in text and "E" not in text:
        return text
    found = Decimal(text)
    return f"{found:f}" if abs(found.adjusted()) < _MOST_DIGITS else text

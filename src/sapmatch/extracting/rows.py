"""Rows of SAP as lines, as they came."""

from collections.abc import Sequence

import msgspec


def raw_line(row: bytes | msgspec.Raw) -> bytes:
    """The row as SAP sent it, as one line: only one of several lines loses its white space."""
    line = bytes(row)
    if b"\n" in line or b"\r" in line:
        line = msgspec.json.format(line, indent=-1)
    return line + b"\n"


def raw_lines(rows: Sequence[bytes | msgspec.Raw]) -> bytes:
    """The rows of a page, as `raw_line` makes each."""
    lines = b"\n".join([*rows, b""])
    if lines.count(b"\n") == len(rows) and b"\r" not in lines:
        return lines
    return b"".join(map(raw_line, rows))

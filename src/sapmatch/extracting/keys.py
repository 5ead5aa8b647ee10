"""The keys of rows, read out of their JSON without the rest, and rows that SAP sent twice."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import astuple

from sapmatch.extracting.rows import raw_line
from sapmatch.model.errors import InputRejected
from sapmatch.model.shape import Shape

Row: TypeAlias = Raw | bytes
RowsByKey: TypeAlias = dict[bytes, Row]  # in the order of the page

_encoder = msgspec.json.Encoder()


class Columns:
    """Some fields of all rows of a page, their values as they came; the rest is passed over."""

    def __init__(self, entity_set: str, names: Sequence[str]) -> None:
        self._entity_set = entity_set
        fields = [
            (f"column_{n}", Raw, msgspec.field(name=name))  # SAP's names may be no identifiers
            for n, name in enumerate(names)
        ]
        kind: Any = msgspec.defstruct("Columns", fields, frozen=True)
        self._decoder: msgspec.json.Decoder[list[Struct]] = msgspec.json.Decoder(list[kind])

    def of(self, rows: Sequence[Row]) -> list[tuple[Raw, ...]]:
        """Values row by row; InputRejected names a field that a row has not."""
        try:
            found = self._decoder.decode(b"[%b]" % b",".join(rows))
        except msgspec.MsgspecError as exc:
            raise InputRejected(
                f"{self._entity_set}: a row of SAP's answer cannot be told from the others: {exc}; "
                "compare the field with $metadata, and select it where fields are selected"
            ) from exc
        return list(map(astuple, found))


class KeyReader:
    """Reads the keys of rows, the same for OData V2 and V4."""

    def __init__(self, shape: Shape) -> None:
        if not shape.keys:
            raise InputRejected(
                f"{shape.entity_set}: has no key in $metadata, so that nothing tells its rows "
                "apart; read an entity set with a key"
            )
        self._columns = Columns(shape.entity_set, shape.keys)

    def lines(self, rows: Sequence[Row]) -> list[bytes]:
        """For each row a JSON array of its key fields' values, no line end.

        Numbers as SAP wrote them, texts in a form of our own: SAP may write `4500\\/1` in a row and
        `4500/1` in the address by which it deletes the same one.
        """
        values = self._columns.of(rows)
        lines = _encoder.encode_lines(values)
        if b"\\" in lines:
            lines = _encoder.encode_lines([tuple(map(_unescaped, row)) for row in values])
        return lines.splitlines()


def _unescaped(value: Raw) -> Raw:
    if b"\\" not in bytes(value):
        return value
    return Raw(_encoder.encode(msgspec.json.decode(value)))


def kept_once(before: RowsByKey, page: RowsByKey) -> bool:
    """Take out of a page what the page before it holds; whether that one got newer content.

    SAP repeats rows at the border of two pages while its data moves (OD-P24). The content that
    came later is the newer one: it takes the place of the older one, where that stands, so that a
    row is never without a page, whenever the worker dies.
    """
    newer = False
    for key in before.keys() & page.keys():
        line = raw_line(page.pop(key))
        if line != raw_line(before[key]):
            before[key] = line.rstrip(b"\n")
            newer = True
    return newer

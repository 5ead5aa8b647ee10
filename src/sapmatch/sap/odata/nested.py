"""Expanded collections that SAP cut off, each with a next link of its own (OD-P28)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from sapmatch.model.intent import Record
from sapmatch.model.ports import Page
from sapmatch.sap.odata.codec import Codec

# Pages from a link in an answer that came from the URL.
Fetch = Callable[[str, str], Iterator[Page]]
_V4_LINK = "@odata.nextLink"
_encoder = msgspec.json.Encoder(decimal_format="number")  # as the row was: strings stay strings


def completed(rows: Sequence[Raw], codec: Codec, url: str, fetch: Fetch) -> Sequence[Raw]:
    """The rows, those with a cut collection made whole; the others stay untouched."""
    mark = b"__next" if codec.VERSION == "V2" else _V4_LINK.encode()
    return [_whole(row, codec, url, fetch) if mark in bytes(row) else row for row in rows]


def _whole(row: Raw, codec: Codec, url: str, fetch: Fetch) -> Raw:
    record = codec.row(row)
    _complete(record, codec, url, fetch)
    return Raw(_encoder.encode(record))


def _complete(record: Record, codec: Codec, url: str, fetch: Fetch) -> None:
    for name in list(record):
        found = record.get(name)
        link = _taken_link(record, name, found)
        nested = found["results"] if isinstance(found, dict) and "results" in found else found
        if link and isinstance(nested, list):
            nested.extend(codec.row(raw) for page in fetch(link, url) for raw in page.rows)
        for part in nested if isinstance(nested, list) else [nested]:
            if isinstance(part, dict):
                _complete(part, codec, url, fetch)


def _taken_link(record: Record, name: str, found: Any) -> str | None:
    """The link of one collection, taken out because it is followed now."""
    link = record.pop(name + _V4_LINK, None)
    if isinstance(found, dict):
        link = found.pop("__next", link)
    return link if isinstance(link, str) else None

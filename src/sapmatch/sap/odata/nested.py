"""Expanded collections that SAP cut off, each with a next link of its own (OD-P28)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.model.ports import Page
from sapmatch.sap.http import MAX_BODY
from sapmatch.sap.odata.codec import Codec

# Pages of a navigation from a link on, which stood in an answer from the URL.
Fetch = Callable[[str, str, str], Iterator[Page]]
_V4_LINKS = ("@odata.nextLink", "@nextLink")  # OData 4.01 may leave out `odata.`
_encoder = msgspec.json.Encoder(decimal_format="number")  # as the row was: strings stay strings


class Room:
    """Bytes that collections may bring to one page, all levels together; else it has no end."""

    def __init__(self) -> None:
        self._left = MAX_BODY

    def take(self, size: int, what: str) -> None:
        """InputRejected where there is no room for an answer of that size."""
        self._left -= size
        if self._left < 0:
            raise InputRejected(
                f"{what}: SAP's links bring more than {MAX_BODY // 2**20} MB of it to one page; "
                "ask for smaller pages, or read the entity set behind it on its own"
            )


def completed(rows: Sequence[Raw], codec: Codec, url: str, fetch: Fetch) -> Sequence[Raw]:
    """The rows, those with a cut collection made whole; the others stay untouched."""
    mark = b"__next" if codec.VERSION == "V2" else b"nextLink"
    return [_whole(row, codec, url, fetch) if mark in bytes(row) else row for row in rows]


def complete(record: Record, codec: Codec, url: str, fetch: Fetch) -> None:
    """Make the cut collections of one record whole, in place."""
    for name in {each.partition("@")[0]: None for each in record}:
        link = _taken_link(record, name)
        if link:
            _append(
                record,
                name,
                (codec.row(raw) for page in fetch(name, link, url) for raw in page.rows),
            )
        found = _listed(record.get(name))
        for part in found if isinstance(found, list) else [found]:
            if isinstance(part, dict):
                complete(part, codec, url, fetch)


def _whole(row: Raw, codec: Codec, url: str, fetch: Fetch) -> Raw:
    record = codec.row(row)
    complete(record, codec, url, fetch)
    return Raw(_encoder.encode(record))


def _append(record: Record, name: str, rows: Iterable[Record]) -> None:
    """To what is there; V4 may leave out a collection of which the first page holds nothing."""
    nested = _listed(record.get(name))
    if not isinstance(nested, list):
        nested = record[name] = []
    nested.extend(rows)


def _listed(found: Any) -> Any:
    return found["results"] if isinstance(found, dict) and "results" in found else found


def _taken_link(record: Record, name: str) -> str | None:
    """The link of one collection, taken out because it is followed now."""
    links = [record.pop(name + mark, None) for mark in _V4_LINKS if name]
    found = record.get(name)
    if isinstance(found, dict) and "results" in found:
        links.append(found.pop("__next", None))
    return next((link for link in links if isinstance(link, str)), None)

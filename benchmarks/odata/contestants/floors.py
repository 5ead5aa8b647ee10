"""The floors: what reading costs at least, without and with decoding."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec
import requests

from benchmarks.odata.contestants import Source
from benchmarks.odata.schema import ENTITY_SET

_TAIL = 300  # bytes; the next link is the last thing in a page


def read_bytes(source: Source, _output: Path) -> Iterator[Sequence[bytes]]:
    """The bodies, thrown away."""
    mark = b'"__next":"' if source.version == "V2" else b'"@odata.nextLink":"'
    url: str | None = f"{source.address}{source.service}/{ENTITY_SET}"
    with requests.Session() as session:
        while url:
            body = session.get(url, timeout=60).content
            yield (body,)
            _, found, link = body[-_TAIL:].partition(mark)
            url = urljoin(url, link.partition(b'"')[0].decode()) if found else None


def read_decode(source: Source, _output: Path) -> Iterator[Sequence[Any]]:
    """The rows as Python objects by the fastest decoder there is, thrown away."""
    decode = msgspec.json.Decoder().decode
    url: str | None = f"{source.address}{source.service}/{ENTITY_SET}"
    with requests.Session() as session:
        while url:
            found = decode(session.get(url, timeout=60).content)
            if source.version == "V2":
                rows, link = found["d"]["results"], found["d"].get("__next")
            else:
                rows, link = found["value"], found.get("@odata.nextLink")
            yield rows
            url = urljoin(url, link) if link else None

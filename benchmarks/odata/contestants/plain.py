"""What people write by hand: `requests` and the decoder of the standard library."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from benchmarks.odata.contestants import Source
from benchmarks.odata.schema import ENTITY_SET


def read_json(source: Source, output: Path) -> Iterator[Sequence[Any]]:
    """The rows as NDJSON in a file."""
    url: str | None = f"{source.address}{source.service}/{ENTITY_SET}"
    with requests.Session() as session, output.open("w") as file:
        while url:
            found = json.loads(session.get(url, timeout=60).content)
            if source.version == "V2":
                rows, link = found["d"]["results"], found["d"].get("__next")
            else:
                rows, link = found["value"], found.get("@odata.nextLink")
            file.writelines(json.dumps(row) + "\n" for row in rows)
            yield rows
            url = urljoin(url, link) if link else None

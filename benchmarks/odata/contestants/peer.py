"""SAP's own Python client, V2 only, as its documentation pages through an entity set."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyodata
import requests

from benchmarks.odata.contestants import Source
from benchmarks.odata.schema import ENTITY_SET


def read_pyodata(source: Source, _output: Path) -> Iterator[Sequence[Any]]:
    """Its entities, with values converted by $metadata."""
    with requests.Session() as session:
        client = pyodata.Client(f"{source.address}{source.service}", session)
        entities = getattr(client.entity_sets, ENTITY_SET)
        found = entities.get_entities().execute()
        yield found
        while found.next_url is not None:
            found = entities.get_entities().next_url(found.next_url).execute()
            yield found

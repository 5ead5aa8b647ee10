"""Port SapReader over fixed pages, with every way in which paging goes wrong."""

import json
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Raw

from sapmatch.model.intent import Entity
from sapmatch.model.ports import Page
from sapmatch.model.query import EVERYTHING, ODataValue, Query


class PagedSap:
    """Pages by entity set; a page that is an exception is raised. Links are page numbers."""

    def __init__(self, **sets: list[list[str] | Exception]) -> None:
        self.sets = sets
        self.counts: dict[str, list[int]] = {}
        self.links: list[str | None] = []

    def pages(
        self, service: str, entity_set: str, query: Query = EVERYTHING, *, link: str | None = None
    ) -> Iterator[Page]:
        self.links.append(link)
        pages = self.sets[entity_set]
        for number in range(int(link or 0), len(pages)):
            page = pages[number]
            if isinstance(page, Exception):
                raise page
            following = str(number + 1) if number + 1 < len(pages) else None
            rows = [Raw(_row(entity_set, name)) for name in page]
            yield Page(rows=rows, next_link=following, size=sum(map(len, rows)))

    def count(self, service: str, entity_set: str, query: Query = EVERYTHING) -> int:
        given = self.counts.get(entity_set)
        if given:
            return given.pop(0) if len(given) > 1 else given[0]
        pages = [page for page in self.sets[entity_set] if not isinstance(page, Exception)]
        return len({name for page in pages for name in page})

    def get(
        self,
        service: str,
        entity_set: str,
        key: Mapping[str, ODataValue],
        *,
        expand: Sequence[str] = (),
    ) -> Entity | None:
        raise NotImplementedError

    def find(self, service: str, entity_set: str, query: Query) -> list[Entity]:
        raise NotImplementedError


def _row(entity_set: str, name: str) -> bytes:
    fields = {
        "__metadata": {"uri": f"https://sap.example.com/{entity_set}('{name}')"},
        "Name": name,
        "Day": "/Date(1793577600000)/",
        "Amount": "10.10",
    }
    return json.dumps(fields).encode()

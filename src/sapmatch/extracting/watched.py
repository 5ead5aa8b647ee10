"""A reader of SAP that tells how far it is."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from sapmatch.model.changes import ChangePage, DeltaPosition
from sapmatch.model.intent import Entity
from sapmatch.model.ports import Page, SapSource
from sapmatch.model.query import EVERYTHING, ODataValue, Query
from sapmatch.model.shape import Shape


class Progress(Protocol):
    """Who is told how far it is."""

    def say(self, text: str) -> None:
        """Something to be known: that a run goes on, or starts anew."""
        ...

    def read(self, rows: int, pages: int, total: int | None) -> None:
        """So much is read, of `total` rows; None where SAP does not count."""
        ...


class WatchedSap:
    """Port SapSource over another one, for several threads; `rows` and `pages` are read before."""

    def __init__(
        self, sap: SapSource, progress: Progress, rows: int, pages: int, total: int | None
    ) -> None:
        self._sap = sap
        self._progress = progress
        self._rows = rows
        self._pages = pages
        self._total = total
        self._lock = threading.Lock()
        self._tell(0, 0)

    def pages(
        self, service: str, entity_set: str, query: Query = EVERYTHING, *, link: str | None = None
    ) -> Iterator[Page]:
        """As the reader gives them."""
        for page in self._sap.pages(service, entity_set, query, link=link):
            self._tell(len(page.rows), 1)
            yield page

    def changes(
        self,
        service: str,
        entity_set: str,
        query: Query = EVERYTHING,
        *,
        since: DeltaPosition | None = None,
    ) -> Iterator[ChangePage]:
        """As the reader gives them."""
        for page in self._sap.changes(service, entity_set, query, since=since):
            self._tell(len(page.rows), 1)
            yield page

    def count(self, service: str, entity_set: str, query: Query = EVERYTHING) -> int:
        """As the reader says."""
        return self._sap.count(service, entity_set, query)

    def shape(self, service: str, entity_set: str, query: Query = EVERYTHING) -> Shape:
        """As the reader says."""
        return self._sap.shape(service, entity_set, query)

    def get(
        self,
        service: str,
        entity_set: str,
        key: Mapping[str, ODataValue],
        *,
        expand: Sequence[str] = (),
    ) -> Entity | None:
        """As the reader says."""
        return self._sap.get(service, entity_set, key, expand=expand)

    def find(self, service: str, entity_set: str, query: Query) -> list[Entity]:
        """As the reader says."""
        return self._sap.find(service, entity_set, query)

    def _tell(self, rows: int, pages: int) -> None:
        with self._lock:
            self._rows += rows
            self._pages += pages
            self._progress.read(self._rows, self._pages, self._total)

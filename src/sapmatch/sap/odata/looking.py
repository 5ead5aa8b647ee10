"""Questions of the write protocol: what SAP holds under a key or a reference (port SapWriter)."""

from collections.abc import Sequence
from http import HTTPStatus
from itertools import chain

from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    SapmatchError,
    SapRejected,
    SapThrottled,
    ServiceNotActivated,
    TransientError,
)
from sapmatch.model.intent import Entity, Look
from sapmatch.model.ports import Page
from sapmatch.model.query import Query
from sapmatch.sap.odata.batch import OperationResult, Read
from sapmatch.sap.odata.batch_call import Batch
from sapmatch.sap.odata.catalog import Catalog
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.reading import Reading
from sapmatch.sap.odata.writing import Writing

MOST = 100  # questions in one batch
_WHOLE = (TransientError, LogonRefused, ServiceNotActivated)  # true of every further question
_Found = list[Entity] | SapmatchError


class Looking:
    """Questions to one service: many in one batch of reads, else one by one.

    $metadata is read first: only it tells how the value of a key or a reference is written.
    """

    def __init__(
        self, exchange: Exchange, catalog: Catalog, reading: Reading, writing: Writing
    ) -> None:
        self._place = exchange.place
        self._catalog = catalog
        self._reading = reading
        self._writing = writing
        self._batch = Batch(exchange, catalog, reading, writing)

    def look(self, looks: Sequence[Look]) -> list[_Found]:
        """The entities that answer each question, or its error; see SapWriter.look."""
        self._catalog.metadata()
        parts = [looks[at : at + MOST] for at in range(0, len(looks), MOST)]
        return [found for part in parts for found in self._part(part)]

    def _part(self, looks: Sequence[Look]) -> list[_Found]:
        if len(looks) == 1 or not self._catalog.takes_batches:
            return [self._single(look) for look in looks]
        reads = [Read(look.entity_set, look.key or None, _query(look)) for look in looks]
        try:
            results = self._batch.run(reads, continue_on_error=True)
        except (LogonRefused, ServiceNotActivated, SapThrottled):
            raise
        except SapmatchError:  # no batches, not this one, or too large an answer
            return [self._single(look) for look in looks]
        return [self._answer(*pair) for pair in zip(looks, results, strict=True)]

    def _answer(self, look: Look, result: OperationResult) -> _Found:
        """What the batch says; asked once more on its own where it says nothing."""
        if _is_silent(result):
            return self._single(look)
        try:
            if result.error:
                return self._failed(look, result.error)
            if result.page:
                return self._listed(look, result.page)
        except SapmatchError as exc:
            return _of_one(exc)
        return [Entity(row=result.row, etag=result.etag)]

    def _failed(self, look: Look, error: SapmatchError) -> _Found:
        if not look.key or not isinstance(error, SapRejected):
            return _of_one(error)
        if error.http_status != HTTPStatus.NOT_FOUND:
            return error
        if error.code.startswith("HTTP"):  # no word of OData, so perhaps not from the service
            return self._single(look)
        self._reading.check_known(look.entity_set)
        return []

    def _listed(self, look: Look, page: Page) -> list[Entity]:
        """The entities of a page and of those behind it."""
        name, link = look.entity_set, page.next_link
        rest = self._reading.follow(name, link, _query(look)) if link else ()
        found = self._reading.entities(name, chain([page], rest))
        self._writing.remember_listed(name, found)
        return found

    def _single(self, look: Look) -> _Found:
        try:
            return self._asked(look)
        except SapmatchError as exc:
            return _of_one(exc)

    def _asked(self, look: Look) -> list[Entity]:
        name = look.entity_set
        if look.key:
            found = self._reading.get(name, look.key)
            self._writing.remember(name, look.key, found.etag if found else None)
            return [found] if found else []
        if not look.equals:
            raise InputRejected(f"{self._place}: {name}: neither key nor fields: asks for all")
        listed = self._reading.find(name, _query(look))
        self._writing.remember_listed(name, listed)
        return listed


def _is_silent(result: OperationResult) -> bool:
    """Whether SAP did not get to the question, or its answer cannot be read."""
    status = result.http_status or 0
    busy = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
    unsaid = result.status in ("unknown", "not_executed")
    return busy or unsaid or isinstance(result.error, TransientError)


def _query(look: Look) -> Query:
    return Query() if look.key else Query(equals=look.equals)


def _of_one(error: SapmatchError) -> SapmatchError:
    """The error of one question; raised where the next ones would end in the same."""
    if isinstance(error, _WHOLE):
        raise error
    return error

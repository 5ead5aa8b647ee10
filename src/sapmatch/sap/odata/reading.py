"""Pages, counts and single entities of one service."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice

from msgspec import Raw
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected, SapUnavailable
from sapmatch.model.intent import Entity, Record
from sapmatch.model.ports import Page
from sapmatch.model.query import EVERYTHING, Expand, ODataValue, Query
from sapmatch.sap.odata import errors, filters, messages, nested, urls
from sapmatch.sap.odata.catalog import Catalog, codec_of
from sapmatch.sap.odata.codec import UNREADABLE, Codec
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.session import Answer

MAX_PAGES = 100_000
MAX_EMPTY = 100  # pages without a row, one behind the other
DEFAULT_PAGE = 1000  # rows, where the client itself counts the pages
# Answers of entity sets that SAP knows and lets nobody list: by key alone, or with a filter.
_CLOSED = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
_ALL_EMPTY = f"{MAX_EMPTY} pages in a row hold nothing and each names a next one: report it to SAP"
_CIRCLE = (
    "SAP's next link leads back to a page that was read already; rows would repeat without end: "
    "report it to SAP"
)
_SKIP = re.compile(r"(?<=[?&]\$skip=)\d+")


class Reading:
    """Reads of one service; nothing is kept but which entity sets there are."""

    def __init__(self, exchange: Exchange, catalog: Catalog) -> None:
        self._exchange = exchange
        self._catalog = catalog
        self._place = exchange.place
        self._known: set[str] = set()  # entity sets that SAP has

    def pages(
        self, entity_set: str, query: Query = EVERYTHING, *, link: str | None = None
    ) -> Iterator[Page]:
        """Pages lazily, one in memory at a time (OD-P20 to OD-P28); see Service.pages."""
        if query.paging == "skip":
            return self._by_skip(entity_set, self._ordered(entity_set, query), link)
        return self.follow(entity_set, link or self.start(entity_set, query), query)

    def start(self, entity_set: str, query: Query) -> str:
        """The URL of the first page; InputRejected where $metadata rules the query out."""
        self.check(entity_set, query)
        return self._url(self._catalog.path(entity_set), entity_set, query)

    def check(self, entity_set: str, query: Query) -> None:
        """Refuse what SAP would refuse, where $metadata is known (OD-P62)."""
        if self._catalog.known:
            from sapmatch.sap.odata.preflight import check_query

            check_query(self._catalog.known, entity_set, query)

    def follow(
        self,
        entity_set: str,
        link: str,
        query: Query,
        *,
        prefer: Sequence[str] = (),
        room: nested.Room | None = None,
    ) -> Iterator[Page]:
        """Pages from a link on, along SAP's own links, each byte for byte (OD-P21 to OD-P25).

        `room` is what is left for the collection that these pages complete.
        """
        headers = _preferring(query, prefer)
        url = self._exchange.resolve(link, against=self._exchange.url(""))
        seen: set[int] = set()  # hashes: links are long
        empty = 0
        while len(seen) < MAX_PAGES:
            seen.add(hash(url))
            page = self._page(url, headers, entity_set, query, room)
            yield page
            if page.next_link is None:
                return
            empty = 0 if page.rows else empty + 1
            if empty == MAX_EMPTY:
                raise self._endless(entity_set, _ALL_EMPTY)
            url = page.next_link
            if hash(url) in seen:
                raise self._endless(entity_set, _CIRCLE)
        raise self._endless(
            entity_set, f"more than {MAX_PAGES} pages; filter, or ask for larger ones"
        )

    def _endless(self, entity_set: str, text: str) -> InputRejected:
        return InputRejected(f"{self._place}: {entity_set}: {text}")

    def count(self, entity_set: str, query: Query = EVERYTHING) -> int:
        """Number of entities; `$count` is plain text (OD-P27)."""
        only = Query(equals=query.equals, where=query.where, filter=query.filter)
        self.check(entity_set, only)
        url = self._url(f"{self._catalog.path(entity_set)}/$count", entity_set, only)
        answer = self._exchange.read(url, {"Accept": "text/plain"})
        try:
            return int(answer.body.decode("utf-8-sig"))
        except ValueError as exc:
            raise self._unreadable(answer, entity_set) from exc

    def get(
        self, entity_set: str, key: Mapping[str, ODataValue], expand: Sequence[str | Expand] = ()
    ) -> Entity | None:
        """One entity by its key, None where SAP has none; see Service.get."""
        query = Query(expand=tuple(expand))
        url = self._url(self._catalog.path(entity_set, key), entity_set, query)
        answer = self._exchange.get(url, {"Accept": self._codec.ACCEPT})
        if _is_absent(answer):
            self.check_known(entity_set)
            return None
        if answer.status == HTTPStatus.NOT_FOUND:
            raise errors.record_refused(answer, self._place, self._exchange.kind)
        self._exchange.check_read(answer)
        codec = codec_of(answer, self._codec)
        row = self.entity_of(answer, entity_set)
        if expand:
            fetch = self._fetch(entity_set, query, nested.Room())
            nested.complete(row, codec, answer.url, fetch)
        return Entity(row=row, etag=codec.etag_of(row) or answer.headers.get("ETag"))

    def find(self, entity_set: str, query: Query) -> list[Entity]:
        """All entities that fit."""
        return self.entities(entity_set, self.pages(entity_set, query), query.top)

    def entities(
        self, entity_set: str, pages: Iterable[Page], most: int | None = None
    ) -> list[Entity]:
        """All entities of pages, or the first ones: some services know no $top."""
        codec = self._codec
        try:
            raws = (raw for page in pages for raw in page.rows)
            rows = [codec.row(raw) for raw in islice(raws, most)]
        except UNREADABLE as exc:
            raise InputRejected(
                f"{self._place}: {entity_set}: a row of SAP's answer is no readable JSON object; "
                "read it raw to see it"
            ) from exc
        return [Entity(row=row, etag=codec.etag_of(row)) for row in rows]

    def entity_of(self, answer: Answer, what: str) -> Record:
        """The one entity of an answer."""
        try:
            return codec_of(answer, self._codec).entity(answer.body)
        except UNREADABLE as exc:
            raise self._unreadable(answer, what) from exc

    @property
    def _codec(self) -> Codec:
        return self._catalog.codec()

    def _url(self, path: str, entity_set: str, query: Query) -> str:
        options = self._codec.options(query, self._catalog.kind(entity_set), self._catalog.types)
        if self._exchange.kind.simple_filters:
            filters.check_simple(f"{self._place}: {entity_set}", options)
        if self._exchange.kind.json_parameter and not path.endswith("/$count"):
            options = {**options, "$format": "json"}
        return self._exchange.url(path, urls.encoded_options(options))

    def _page(
        self,
        url: str,
        headers: Mapping[str, str],
        entity_set: str,
        query: Query,
        room: nested.Room | None = None,
    ) -> Page:
        answer = self._exchange.read(url, {"Accept": self._codec.ACCEPT, **headers})
        if room:
            room.take(len(answer.body), f"{self._place}: {entity_set}")
        codec = codec_of(answer, self._codec)
        try:
            if not answer.body.isascii():
                answer.body.decode()  # rows are not looked into: a broken text would pass
            found = codec.feed(answer.body)
            rows = found.rows
            if query.expand:
                fetch = self._fetch(entity_set, query, room or nested.Room())
                rows = nested.completed(rows, codec, answer.url, fetch)
        except UNREADABLE as exc:
            raise self._unreadable(answer, entity_set) from exc
        return Page(
            rows=rows,
            next_link=self._absolute(found.next, answer),
            delta_link=self._absolute(found.delta, answer),
            count=found.count,
            size=len(answer.body),
            preferences=answer.headers.get("Preference-Applied", ""),
            seconds=answer.seconds,
            busy=answer.busy,
        )

    def _fetch(self, entity_set: str, query: Query, room: nested.Room) -> nested.Fetch:
        """Pages of a nested collection, from its link on, what is cut inside them included."""

        def pages(name: str, link: str, against: str) -> Iterator[Page]:
            url = self._exchange.resolve(link, against=against)
            inner = Query(expand=query.expand)
            return self.follow(f"{entity_set}/{name}", url, inner, room=room)

        return pages

    def _by_skip(self, entity_set: str, query: Query, link: str | None) -> Iterator[Page]:
        """Pages that we count ourselves, for services without links of their own (OD-P26).

        A page shorter than asked is the last one only where SAP gave a full one before: else its
        own limit may be lower than ours.
        """
        end = None if query.top is None else (query.skip or 0) + query.top
        size = min(query.page_size or DEFAULT_PAGE, query.top or DEFAULT_PAGE)
        url, at = self._counted(entity_set, replace(query, top=size, skip=query.skip or 0), link)
        full = False
        before: Sequence[Raw] = ()
        for _ in range(MAX_PAGES):
            page = self._page(_SKIP.sub(str(at), url), {}, entity_set, query)
            self._check_moved(entity_set, before, page.rows)
            before = page.rows
            rows = page.rows if end is None else page.rows[: max(0, end - at)]
            at += len(rows)
            full = full or len(rows) >= size
            over = not rows or (full and len(rows) < size) or at == end
            yield replace(page, rows=rows, next_link=None if over else _SKIP.sub(str(at), url))
            if over:
                return
        raise self._endless(entity_set, f"more than {MAX_PAGES} pages; filter")

    def _counted(self, entity_set: str, query: Query, link: str | None) -> tuple[str, int]:
        """The URL to start at, and how many rows lie before it."""
        start = self.start(entity_set, query)
        url = self._exchange.resolve(link or start, against=start)
        found = _SKIP.search(url)
        if found is None:
            raise InputRejected(
                f"{self._place}: {entity_set}: this link is none of pages that are counted; "
                'follow it with paging="server"'
            )
        return url, int(found[0])

    def _check_moved(self, entity_set: str, before: Sequence[Raw], rows: Sequence[Raw]) -> None:
        """Each row holds its key, so that the same page twice means that $skip is ignored."""
        if rows and list(map(bytes, rows)) == list(map(bytes, before)):
            raise InputRejected(
                f"{self._place}: {entity_set}: SAP ignores $skip and sends the same page again; "
                'read with paging="server"'
            )

    def _ordered(self, entity_set: str, query: Query) -> Query:
        """Sorted by what was asked for and then by the key, so that no row moves between pages.

        Columns come with the key too: a page that repeats is known by it.
        """
        keys = self._catalog.metadata().type_of(entity_set).keys
        if query.select and not keys:
            raise InputRejected(
                f"{self._place}: {entity_set}: has no key in $metadata, so that nothing tells rows "
                'of some columns apart; select nothing, or read with paging="server"'
            )
        sorted_by = {part.strip().partition(" ")[0] for part in query.order_by}
        order_by = (*query.order_by, *(key for key in keys if key not in sorted_by))
        if not query.select or "*" in query.select:
            return replace(query, order_by=order_by)
        select = (*query.select, *(key for key in keys if key not in query.select))
        return replace(query, select=select, order_by=order_by)

    def check_known(self, entity_set: str) -> None:
        """SAP answers 404 for a misspelt entity set too: ask once whether it can be listed."""
        if entity_set in self._known:
            return
        url = self._url(self._catalog.path(entity_set), entity_set, Query(top=0))
        answer = self._exchange.get(url)
        if _is_absent(answer):
            raise InputRejected(
                f"{self._place}: SAP's service {self._exchange.root.rstrip('/')} has no entity set "
                f"{entity_set}; check its spelling in the service's $metadata"
            )
        if answer.status not in _CLOSED:
            self._exchange.check_read(answer)
        self._known.add(entity_set)

    def _absolute(self, link: str | None, answer: Answer) -> str | None:
        return self._exchange.resolve(link, against=answer.url) if link else None

    def _unreadable(self, answer: Answer, what: str) -> SapUnavailable:
        kind = answer.headers.get("Content-Type", "no type")
        return SapUnavailable(
            f"{self._place}: {what}: {len(answer.body)} bytes of {kind} are no complete OData "
            f"{self._codec.VERSION} answer; try again, and check the service's path where it "
            "stays so"
        )


def _preferring(query: Query, more: Sequence[str]) -> dict[str, str]:
    size = [f"odata.maxpagesize={query.page_size}"] if query.page_size else []
    wanted = ",".join([*more, *size])
    return {"Prefer": wanted} if wanted else {}


def _is_absent(answer: Answer) -> bool:
    """SAP knows the service and has no such record."""
    found = messages.from_body(answer.body) if answer.status == HTTPStatus.NOT_FOUND else None
    return found is not None and found.code != errors.NO_SERVICE

"""Reads and writes of one SAP system by OData V2 (port SapWriter)."""

from collections.abc import Iterator, Mapping, Sequence
from email.utils import format_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

from sapmatch.model.errors import InputRejected, LogonRefused, OutcomeUnknown, SapUnavailable
from sapmatch.model.intent import Entity, Record, Repeatability, Written
from sapmatch.model.ports import EVERYTHING, ODataValue, Page, Query
from sapmatch.sap import csrf
from sapmatch.sap.odata import errors, messages, urls, v2
from sapmatch.sap.session import Answer, SapSession

MAX_PAGES = 100_000
# Answers of entity sets that SAP knows and lets nobody list: by key alone, or with a filter.
_CLOSED = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
_JSON = {"Content-Type": "application/json"}


class ODataClient:
    """One SAP system; thread-safe. A context manager: its connections are closed at the end.

    Raises the SAP errors of model/errors.py, and InputRejected where a name, a link or an answer
    is beyond repair.
    """

    def __init__(
        self,
        session: SapSession,
        tokens: csrf.CsrfTokens,
        description: str,
        *,
        repeatable: bool = False,
    ) -> None:
        self._session = session
        self._tokens = tokens
        self._repeatable = repeatable
        self._description = description
        self._place = session.place
        self._known: set[str] = set()  # paths of entity sets that SAP has

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ODataClient {self._description}>"

    def close(self) -> None:
        """Close all connections; the client may be used again and opens new ones."""
        self._session.close()

    def pages(
        self, service: str, entity_set: str, query: Query = EVERYTHING, *, link: str | None = None
    ) -> Iterator[Page]:
        """Pages lazily, one in memory at a time, following SAP's next links (OD-P20 to OD-P25).

        `link` resumes at one of them. Raises InputRejected where a link leads to another origin,
        comes twice, or where there are more than MAX_PAGES.
        """
        start = self._session.url(urls.resource(service, entity_set), urls.options(query))
        url = start if link is None else self._session.origin.resolve(link, against=start)
        size = {"Prefer": f"odata.maxpagesize={query.page_size}"} if query.page_size else {}
        seen: set[str] = set()
        while len(seen) < MAX_PAGES:
            seen.add(url)
            page = self._page(self._read(url, size), entity_set)
            yield page
            if page.next_link is None:
                return
            url = page.next_link
            if url in seen:
                raise InputRejected(
                    f"{self._place}: {entity_set}: SAP's next link leads back to a page that was "
                    "read already; rows would repeat without end: report it to SAP"
                )
        raise InputRejected(
            f"{self._place}: {entity_set}: more than {MAX_PAGES} pages; filter, or ask for larger "
            "ones"
        )

    def count(self, service: str, entity_set: str, query: Query = EVERYTHING) -> int:
        """Number of entities; `$count` is plain text (OD-P27)."""
        path = f"{urls.resource(service, entity_set)}/$count"
        only = urls.options(Query(equals=query.equals, filter=query.filter))
        answer = self._read(self._session.url(path, only), {"Accept": "text/plain"})
        try:
            return int(answer.body.decode("utf-8-sig"))
        except ValueError as exc:
            raise self._unreadable(answer, entity_set) from exc

    def get(
        self,
        service: str,
        entity_set: str,
        key: Mapping[str, ODataValue],
        *,
        expand: Sequence[str] = (),
    ) -> Entity | None:
        """One entity by its key, None where SAP has none.

        Raises InputRejected where SAP does not know the entity set at all.
        """
        path = urls.resource(service, entity_set, key)
        url = self._session.url(path, urls.options(Query(expand=tuple(expand))))
        answer = self._session.read("GET", url)
        if _is_absent(answer):
            self._check_known(service, entity_set)
            return None
        errors.check_read(answer, self._place)
        row = self._row(answer, entity_set)
        return Entity(row=row, etag=_etag(answer, row))

    def find(self, service: str, entity_set: str, query: Query) -> list[Entity]:
        """All entities that fit."""
        rows = (v2.row(raw) for page in self.pages(service, entity_set, query) for raw in page.rows)
        return [Entity(row=row, etag=v2.etag_of(row)) for row in rows]

    def prepare(self, service: str) -> None:
        """Have a CSRF token: whatever fails here, nothing was written."""
        self._tokens.prepare(urls.service_root(service))

    def create(
        self,
        service: str,
        entity_set: str,
        record: Record,
        *,
        repeatability: Repeatability | None = None,
    ) -> Written:
        """POST, nested entities included (OD-P80).

        `repeatability` is sent only where the settings say that SAP knows it (SAP Gateway,
        "Defining Settings for Idempotent Services"): a Gateway without it refuses the header.
        """
        headers = dict(_JSON)
        if repeatability and self._repeatable:
            moment = format_datetime(repeatability.first_sent, usegmt=True)
            headers |= {
                "RequestID": repeatability.request_id,
                "RepeatabilityCreation": moment,
            }
        path = urls.resource(service, entity_set)
        answer = self._write("POST", service, path, headers, v2.encode(record))
        said = errors.check_write(answer, self._place)
        row = self._written_row(answer, entity_set)
        return Written(
            key=v2.key_of(entity_set, row, answer.headers.get("Location")),
            row=row,
            etag=_etag(answer, row),
            http_status=answer.status,
            messages=tuple(map(str, said)),
        )

    def update(
        self,
        service: str,
        entity_set: str,
        key: Mapping[str, ODataValue],
        changes: Record,
        *,
        etag: str | None,
    ) -> Written:
        """PATCH the named fields; the ETag goes back as it came (OD-P66)."""
        path = urls.resource(service, entity_set, key)
        body = v2.encode(changes)
        return self._changed("PATCH", service, path, key, _JSON | _if_match(etag), body)

    def delete(
        self, service: str, entity_set: str, key: Mapping[str, ODataValue], *, etag: str | None
    ) -> Written:
        """DELETE one entity, with its ETag (OD-P69)."""
        path = urls.resource(service, entity_set, key)
        return self._changed("DELETE", service, path, key, _if_match(etag), None)

    def _changed(
        self,
        method: str,
        service: str,
        path: str,
        key: Mapping[str, ODataValue],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Written:
        answer = self._write(method, service, path, headers, body)
        said = errors.check_write(answer, self._place)
        row = self._written_row(answer, path) if answer.body.strip() else {}
        return Written(
            key={name: str(value) for name, value in key.items()},
            row=row,
            etag=_etag(answer, row),
            http_status=answer.status,
            messages=tuple(map(str, said)),
        )

    def _write(
        self, method: str, service: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Send with a token; once more where SAP refused for the token alone (OD-P04)."""
        root = urls.service_root(service)
        url = self._session.url(path)
        token = self._tokens.token(root)
        answer = self._session.write(method, url, _with(headers, token), body)
        if not csrf.is_required(answer):
            return answer
        token = self._tokens.renewed(root, token)
        answer = self._session.write(method, url, _with(headers, token), body)
        if csrf.is_required(answer):
            raise LogonRefused(
                f"{self._place}: SAP refuses the CSRF token that it has just given; its session "
                "cookies get lost on the way: check load balancers and proxies before SAP"
            )
        return answer

    def _check_known(self, service: str, entity_set: str) -> None:
        """SAP answers 404 for a misspelt entity set too: ask once whether it can be listed."""
        path = urls.resource(service, entity_set)
        if path in self._known:
            return
        answer = self._session.read("GET", self._session.url(path, urls.options(Query(top=0))))
        if _is_absent(answer):
            raise InputRejected(
                f"{self._place}: SAP's service {service} has no entity set {entity_set}; check its "
                "spelling in the service's $metadata"
            )
        if answer.status not in _CLOSED:
            errors.check_read(answer, self._place)
        self._known.add(path)

    def _read(self, url: str, headers: Mapping[str, str]) -> Answer:
        answer = self._session.read("GET", url, headers)
        errors.check_read(answer, self._place)
        return answer

    def _page(self, answer: Answer, entity_set: str) -> Page:
        try:
            found = v2.feed(answer.body)
            count = v2.count_of(found)
        except v2.UNREADABLE as exc:
            raise self._unreadable(answer, entity_set) from exc
        return Page(
            rows=found.results,
            next_link=self._absolute(found.next, answer),
            delta_link=self._absolute(found.delta, answer),
            count=count,
            size=len(answer.body),
        )

    def _absolute(self, link: str | None, answer: Answer) -> str | None:
        return self._session.origin.resolve(link, against=answer.url) if link else None

    def _row(self, answer: Answer, what: str) -> Record:
        try:
            return v2.entity(answer.body)
        except v2.UNREADABLE as exc:
            raise self._unreadable(answer, what) from exc

    def _written_row(self, answer: Answer, what: str) -> Record:
        try:
            return v2.entity(answer.body)
        except v2.UNREADABLE as exc:
            raise OutcomeUnknown(
                f"{self._place}: {what}: SAP answered {answer.status} without a readable record; "
                "read it back"
            ) from exc

    def _unreadable(self, answer: Answer, what: str) -> SapUnavailable:
        kind = answer.headers.get("Content-Type", "no type")
        return SapUnavailable(
            f"{self._place}: {what}: {len(answer.body)} bytes of {kind} are no complete OData V2 "
            "answer; try again, and check the service's path where it stays so"
        )


def _is_absent(answer: Answer) -> bool:
    """SAP knows the service and has no such record."""
    found = messages.from_body(answer.body) if answer.status == HTTPStatus.NOT_FOUND else None
    return found is not None and found.code != errors.NO_SERVICE


def _etag(answer: Answer, row: Record) -> str | None:
    """From the row first: proxies that compress change the header."""
    return v2.etag_of(row) or answer.headers.get("ETag")


def _if_match(etag: str | None) -> dict[str, str]:
    return {"If-Match": etag} if etag else {}


def _with(headers: Mapping[str, str], token: str | None) -> dict[str, str]:
    return {**headers, csrf.HEADER: token} if token else dict(headers)

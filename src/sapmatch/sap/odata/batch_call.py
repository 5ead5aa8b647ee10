"""Sends a batch and says what became of each of its operations."""

from collections.abc import Sequence
from http import HTTPStatus

from msgspec.structs import replace

from sapmatch.model.errors import OutcomeUnknown, SapmatchError, SapRejected, SapUnavailable
from sapmatch.model.intent import Repeatability
from sapmatch.sap.http import CutOff
from sapmatch.sap.odata import errors, filters
from sapmatch.sap.odata.batch import (
    BatchItem,
    Call,
    Create,
    Delete,
    Group,
    Operation,
    OperationResult,
    Read,
    RecordWrite,
    Update,
    encode_batch,
    grouped,
)
from sapmatch.sap.odata.batch_answer import parse_batch
from sapmatch.sap.odata.catalog import Catalog
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.messages import from_body
from sapmatch.sap.odata.metadata import Metadata, StructuredType
from sapmatch.sap.odata.operations import CallRequest, Operations
from sapmatch.sap.odata.reading import Reading
from sapmatch.sap.odata.writing import Writing
from sapmatch.sap.session import Answer

_NO_BATCH = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)


class Batch:
    """Batches of one service; a batch with writes is on the wire at most once."""

    def __init__(
        self, exchange: Exchange, catalog: Catalog, reading: Reading, writing: Writing
    ) -> None:
        self._exchange = exchange
        self._catalog = catalog
        self._writing = writing
        self._operations = Operations(exchange, catalog, reading, writing)

    def run(
        self, items: Sequence[BatchItem], *, continue_on_error: bool = False
    ) -> list[OperationResult]:
        """See Service.batch."""
        one_by_one = self._exchange.options.one_operation_changesets
        groups = grouped(items, one_by_one=one_by_one)
        if not groups:
            return []
        for group in groups:
            self._preflight(group)
        answer = self._sent(groups, continue_on_error=continue_on_error)
        try:
            results = parse_batch(
                answer,
                groups,
                place=self._exchange.place,
                codec=self._catalog.codec(),
                kind=self._kind,
                check=self._writing.check,
                check_read=self._exchange.check_read,
            )
        except ValueError as exc:
            raise self._unreadable(answer, groups) from exc
        self._remember(results)
        return results

    def _sent(self, groups: Sequence[Group], *, continue_on_error: bool) -> Answer:
        content_type, body = encode_batch(
            groups,
            codec=self._catalog.codec(),
            options=self._exchange.options,
            kind=self._kind,
            guards=self._guards,
            called=self._called,
            types=self._catalog.types,
        )
        headers = {"Content-Type": content_type, "Accept": "multipart/mixed"}
        if continue_on_error and self._catalog.codec().VERSION == "V4":
            headers["Prefer"] = "odata.continue-on-error"
        url = self._exchange.url("$batch")
        if not _writes(groups):
            answer = self._exchange.ask(url, headers, body)
            self._check_taken(answer)
            self._exchange.check_read(answer)
            return answer
        try:
            answer = self._exchange.write("POST", url, headers, body)
        except OutcomeUnknown as exc:
            answer = _cut_off(exc, url)
        self._check_taken(answer)
        self._exchange.check(answer)
        return answer

    def _guards(self, one: RecordWrite) -> dict[str, str]:
        """Its request id, or its ETag, where it has one."""
        if isinstance(one, Create):
            return self._repeated(one.repeatability)
        return self._writing.if_match(one.entity_set, one.key, one.etag)

    def _called(self, one: Call) -> CallRequest:
        found = self._operations.changing(one.function, one.parameters, one.entity_set, one.key)
        guard = self._writing.if_match(*found.on, one.etag) if found.on else {}
        headers = {**found.headers, **guard, **self._repeated(one.repeatability)}
        return replace(found, headers=headers)

    def _repeated(self, repeatability: Repeatability | None) -> dict[str, str]:
        version = self._catalog.codec().VERSION
        return self._writing.repeatable.headers(repeatability, version)

    def _check_taken(self, answer: Answer) -> None:
        """SapRejected where the service takes no batches, and none is tried again."""
        found = from_body(answer.body)
        if answer.status not in _NO_BATCH or (found and found.code == errors.NO_SERVICE):
            return
        self._catalog.takes_batches = False
        text = (
            f"{self._exchange.place}: {self._exchange.root}$batch: SAP answered HTTP "
            f"{answer.status}{f', {found.text}' if found else ''}; the service takes no batches, "
            "so send the operations one by one, or its path is wrong: "
            f"{self._exchange.kind.remedies.service}"
        )
        code = found.code if found else f"HTTP {answer.status}"
        raise SapRejected(code, text, http_status=answer.status)

    def _unreadable(self, answer: Answer, groups: Sequence[Group]) -> SapmatchError:
        kind = answer.headers.get("Content-Type", "no type")
        text = (
            f"{self._exchange.place}: {self._exchange.root}$batch: {len(answer.body)} bytes of "
            f"{kind} are no answer to a batch"
        )
        if _writes(groups):
            return OutcomeUnknown(f"{text}; read back what its writes did")
        self._catalog.takes_batches = False  # before a write gets lost in one
        return SapUnavailable(f"{text}; try again")

    def _kind(self, entity_set: str) -> StructuredType | None:
        return self._catalog.kind(entity_set)

    def _preflight(self, group: Group) -> None:
        """Refuse what SAP would refuse, where $metadata is known (OD-P62)."""
        if group.read and self._exchange.kind.simple_filters:
            options = self._catalog.codec().options(group.read.query)
            filters.check_simple(f"{self._exchange.place}: {group.read.entity_set}", options)
        if self._catalog.known is None:
            return
        for one in (group.read, *group.writes.values()):
            if one is not None:
                _check(self._catalog.known, one)

    def _remember(self, results: Sequence[OperationResult]) -> None:
        """The ETags that SAP gave; what is not certain is read anew before it is changed."""
        for result in results:
            one = result.operation
            key = result.key if isinstance(one, Create) else one.key
            if key:
                known = result.status == "succeeded" and not isinstance(one, Call)
                etag = result.etag if known else None
                self._writing.remember(one.entity_set, key, etag)


def _check(metadata: Metadata, one: Operation) -> None:
    from sapmatch.sap.odata import preflight

    match one:
        case Read(entity_set=name, query=query) if one.key is not None:
            preflight.check_record(metadata, name, query)
        case Read(entity_set=name, query=query):
            preflight.check_query(metadata, name, query)
        case Create(entity_set=name, record=record):
            preflight.check_create(metadata, name, record)
        case Update(entity_set=name, changes=changes):
            preflight.check_update(metadata, name, changes)
        case Delete(entity_set=name):
            preflight.check_delete(metadata, name)


def _cut_off(exc: OutcomeUnknown, url: str) -> Answer:
    """The part of an answer that came before the connection broke; it may tell of some writes."""
    cause = exc.__cause__
    if not isinstance(cause, CutOff) or cause.status >= HTTPStatus.MULTIPLE_CHOICES:
        raise exc
    return Answer(cause.status, cause.headers, cause.part, url)


def _writes(groups: Sequence[Group]) -> bool:
    return any(group.writes for group in groups)

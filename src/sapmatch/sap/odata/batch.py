"""Several operations in one call ($batch), each with a result of its own (OD-P95 to OD-P101)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import InputRejected, SapmatchError, SapMessage
from sapmatch.model.intent import Record, Repeatability
from sapmatch.model.ports import Page
from sapmatch.model.query import EVERYTHING, ODataValue, Query
from sapmatch.sap.odata import multipart, urls
from sapmatch.sap.odata.codec import Codec
from sapmatch.sap.odata.metadata import NO_TYPES, StructuredType, Types
from sapmatch.sap.odata.operations import CallRequest
from sapmatch.sap.odata.writing import KNOWN, ETag

MAX_OPERATIONS = 1000


class Read(Struct, frozen=True):
    """One entity by its key, or one page of an entity set."""

    entity_set: str
    key: Mapping[str, ODataValue] | None = None
    query: Query = EVERYTHING


class Create(Struct, frozen=True):
    """POST one entity, nested entities included."""

    entity_set: str
    record: Record
    repeatability: Repeatability | None = None


class Update(Struct, frozen=True):
    """Change the named fields; `etag` as in Service.update."""

    entity_set: str
    key: Mapping[str, ODataValue]
    changes: Record
    etag: ETag = KNOWN


class Delete(Struct, frozen=True):
    """DELETE one entity; `etag` as in Service.update."""

    entity_set: str
    key: Mapping[str, ODataValue]
    etag: ETag = KNOWN


class Call(Struct, frozen=True):
    """Call by POST a function import or action; `entity_set` and `key` say on what."""

    function: str
    parameters: Mapping[str, Any]
    entity_set: str = ""
    key: Mapping[str, ODataValue] = {}
    etag: ETag = KNOWN
    repeatability: Repeatability | None = None


RecordWrite: TypeAlias = Create | Update | Delete
Write: TypeAlias = RecordWrite | Call
Operation: TypeAlias = Read | Write


class Changeset(Struct, frozen=True):
    """Writes that happen all or not at all.

    Where the service's settings say `one_operation_changesets`, SAP cannot promise that: each
    write then is a changeset of its own (OD-P100).
    """

    operations: tuple[Write, ...]


# A write outside of a changeset is a changeset of its own.
BatchItem: TypeAlias = Operation | Changeset
Status = Literal["succeeded", "failed", "not_executed", "unknown"]


class OperationResult(Struct, frozen=True, kw_only=True):
    """What became of one operation.

    `failed` and `not_executed`: certainly nothing happened. `unknown`: SAP may have executed it,
    read it back. `page` is what a read of an entity set brought, `row` one entity. `error` says
    why it failed or is unknown. `culprit` is the `content_id` of the operation that made SAP
    refuse the whole changeset, empty where SAP does not name it. `messages` stand beside success.
    """

    operation: Operation
    status: Status
    content_id: str = ""
    http_status: int | None = None
    row: Record = {}
    page: Page | None = None
    key: dict[str, ODataValue] = {}
    etag: str | None = None
    messages: tuple[SapMessage, ...] = ()
    error: SapmatchError | None = None
    culprit: str = ""
    repeatability: str | None = None


class Group(Struct, frozen=True):
    """What SAP answers with one part: a read, or the writes of a changeset by their Content-ID."""

    read: Read | None = None
    writes: Mapping[str, Write] = {}


# What stands in the headers of a write for its own sake: If-Match, or its request id.
Guards = Callable[[RecordWrite], Mapping[str, str]]
Called = Callable[[Call], CallRequest]


def grouped(items: Sequence[BatchItem], *, one_by_one: bool = False) -> list[Group]:
    """The operations by the part that will answer them, writes numbered through.

    InputRejected beyond MAX_OPERATIONS, and for a changeset without operations.
    """
    groups: list[Group] = []
    count = 0
    for writes in _writes_of(items, one_by_one=one_by_one):
        if isinstance(writes, Read):
            groups.append(Group(read=writes))
            count += 1
            continue
        numbers = range(count + 1, count + len(writes) + 1)
        groups.append(Group(writes=dict(zip(map(str, numbers), writes, strict=True))))
        count += len(writes)
    if count > MAX_OPERATIONS:
        raise InputRejected(f"{count} operations are too many for one batch: {MAX_OPERATIONS} fit")
    return groups


def encode_batch(
    groups: Sequence[Group],
    *,
    codec: Codec,
    options: ServiceOptions,
    kind: Callable[[str], StructuredType | None],
    guards: Guards,
    called: Called,
    types: Types = NO_TYPES,
) -> tuple[str, bytes]:
    """Content type and body; `kind` is the type of an entity set where $metadata is known.

    `types` by qualified name are those of nested entities.

    InputRejected where a value cannot be sent, or where the service replaces whole records (PUT).
    """
    encoder = _Encoder(codec, options, kind, guards, called, types)
    return multipart.encode(
        encoder.read(group.read) if group.read else encoder.changeset(group.writes)
        for group in groups
    )


class _Encoder(Struct, frozen=True):
    """Operations as requests; every address is relative to the service, encoded once (OD-P59)."""

    codec: Codec
    options: ServiceOptions
    kind: Callable[[str], StructuredType | None]
    guards: Guards
    called: Called
    types: Types

    def read(self, one: Read) -> multipart.Request:
        options = urls.encoded_options(
            self.codec.options(one.query, self.kind(one.entity_set), self.types)
        )
        path = self._path(one.entity_set, one.key) + ("?" + "&".join(options) if options else "")
        size = one.query.page_size
        headers = {"Prefer": f"odata.maxpagesize={size}"} if size and one.key is None else {}
        return multipart.Request(
            method="GET", path=path, headers={"Accept": self.codec.ACCEPT, **headers}
        )

    def changeset(self, writes: Mapping[str, Write]) -> list[multipart.Request]:
        return [self._write(content_id, one) for content_id, one in writes.items()]

    def _write(self, content_id: str, one: Write) -> multipart.Request:
        if isinstance(one, Call):
            return self._call(content_id, one)
        headers = {"Accept": self.codec.ACCEPT, **self.guards(one)}
        body = None
        if not isinstance(one, Delete):
            record = one.record if isinstance(one, Create) else one.changes
            headers["Content-Type"] = self.codec.content_type(self.options.decimals)
            body = self._body(one.entity_set, record)
        return multipart.Request(
            method=self._method(one),
            path=self._path(one.entity_set, None if isinstance(one, Create) else one.key),
            headers=headers,
            body=body,
            content_id=content_id,
        )

    def _call(self, content_id: str, one: Call) -> multipart.Request:
        request = self.called(one)
        return multipart.Request(
            method="POST",
            path="?".join(filter(None, (request.path, "&".join(request.options)))),
            headers=request.headers,
            body=request.body,
            content_id=content_id,
        )

    def _method(self, one: RecordWrite) -> str:
        if isinstance(one, Create):
            return "POST"
        if isinstance(one, Delete):
            return "DELETE"
        if self.options.update_method == "PUT":
            raise InputRejected(
                f'{one.entity_set}: the service replaces whole records (update_method = "PUT"), '
                "which a batch cannot do safely; update outside of a batch"
            )
        return self.options.update_method

    def _body(self, entity_set: str, record: Record) -> bytes:
        decimals, kind = self.options.decimals, self.kind(entity_set)
        return self.codec.encode(record, decimals=decimals, kind=kind, types=self.types)

    def _path(self, entity_set: str, key: Mapping[str, ODataValue] | None) -> str:
        return urls.resource(
            "",
            entity_set,
            key,
            codec=self.codec,
            kind=self.kind(entity_set),
            slash=self.options.slash_in_keys,
        )


def _writes_of(items: Sequence[BatchItem], *, one_by_one: bool) -> Iterator[Read | Sequence[Write]]:
    for item in items:
        _check_operations(item)
        if isinstance(item, Read):
            yield item
        elif not isinstance(item, Changeset):
            yield [item]
        elif not item.operations:
            raise InputRejected("a changeset without operations; leave it out")
        elif one_by_one:
            yield from ([one] for one in item.operations)
        else:
            yield item.operations


def _check_operations(item: object) -> None:
    operations = item.operations if isinstance(item, Changeset) else [item]
    allowed = Write if isinstance(item, Changeset) else Operation
    for one in operations:
        if not isinstance(one, allowed):
            raise InputRejected(
                f"{one.__class__.__name__}: a batch holds Read, Create, Update, Delete, Call "
                "and Changeset, a changeset holds writes only"
            )

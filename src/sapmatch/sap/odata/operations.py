"""Function imports of V2, functions and actions of V4, bound ones included."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import msgspec
from msgspec import Struct

from sapmatch.model.errors import OutcomeUnknown, SapMessage, SapUnavailable
from sapmatch.model.intent import Change, Record, Written
from sapmatch.model.query import EVERYTHING, ODataValue
from sapmatch.sap.odata import errors, urls, v4
from sapmatch.sap.odata.catalog import Catalog, codec_of
from sapmatch.sap.odata.codec import UNREADABLE, Codec
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.metadata import Operation, Property, StructuredType
from sapmatch.sap.odata.overloads import meant, meant_by
from sapmatch.sap.odata.reading import Reading
from sapmatch.sap.odata.writing import ETag, Writing
from sapmatch.sap.session import Answer


class CallRequest(Struct, frozen=True, kw_only=True):
    """One call as it goes over the wire; `on` is the record that it is called on."""

    operation: Operation
    path: str
    options: Sequence[str]
    headers: Mapping[str, str]
    body: bytes | None
    on: tuple[str, Mapping[str, ODataValue]] | None


class Operations:
    """Calls of one service; $metadata decides how each is called."""

    def __init__(
        self, exchange: Exchange, catalog: Catalog, reading: Reading, writing: Writing
    ) -> None:
        self._exchange = exchange
        self._catalog = catalog
        self._reading = reading
        self._writing = writing

    def call(
        self,
        name: str,
        parameters: Mapping[str, Any],
        entity_set: str | None,
        key: Mapping[str, ODataValue] | None,
        etag: ETag,
    ) -> object:
        """Call it; see Service.call."""
        operation, given = meant(self._catalog.metadata(), name, parameters, entity_set, key)
        call = self._prepared(operation, given, entity_set, key)
        if call.operation.method == "GET":
            return self._asked(call)
        answer, _ = self._sent(call, etag, {})
        return self.result(answer, call.operation)

    def send(self, change: Change) -> Written:
        """Call by POST what changes something; what it returns is the row.

        A single value or a list stands in it under `value`.
        """
        call = self.changing(change.function or "", change.record, change.entity_set, change.key)
        codec = self._catalog.codec()
        repeated = self._writing.repeatable.headers(change.repeatability, codec.VERSION)
        answer, said = self._sent(call, change.etag, repeated)
        return Written(
            key=dict(change.key),
            row=row_of(self.result(answer, call.operation)),
            http_status=answer.status,
            messages=tuple(map(str, said)),
            repeatability=errors.repeatability_of(answer.headers) or None,
        )

    def changing(
        self,
        name: str,
        parameters: Mapping[str, Any],
        entity_set: str,
        key: Mapping[str, ODataValue],
    ) -> CallRequest:
        """The call of what changes something; InputRejected where there is no such one."""
        found = meant_by(self._catalog.metadata(), name, parameters, entity_set, key)
        return self._prepared(found.operation, found.given, found.entity_set, found.key)

    def _prepared(
        self,
        operation: Operation,
        given: Mapping[str, Any],
        entity_set: str | None,
        key: Mapping[str, ODataValue] | None,
    ) -> CallRequest:
        """With its address, body and headers but the ETag."""
        codec = self._catalog.codec()
        path, options, body = self._request(operation, given, entity_set, key, codec)
        headers = {"Accept": codec.ACCEPT}
        if body is not None:
            headers["Content-Type"] = codec.content_type(self._exchange.options.decimals)
        on = (entity_set, key) if entity_set and key else None
        return CallRequest(
            operation=operation, path=path, options=options, headers=headers, body=body, on=on
        )

    def _asked(self, call: CallRequest) -> object:
        url = self._exchange.url(call.path, call.options)
        answer = self._exchange.read(url, call.headers)
        result = self.result(answer, call.operation)
        return [*result, *self._rest(answer, call.operation)] if _is_list(result) else result

    def _sent(
        self, call: CallRequest, etag: ETag, headers: Mapping[str, str]
    ) -> tuple[Answer, tuple[SapMessage, ...]]:
        """What is called by POST, with the ETag of the record that it is called on."""
        headers = {**call.headers, **headers}
        if call.on:
            headers |= self._writing.if_match(*call.on, etag)
        url = self._exchange.url(call.path, call.options)
        answer = self._exchange.write("POST", url, headers, call.body)
        try:
            return answer, self._writing.check(answer)
        finally:
            if call.on:
                # An ETag of the answer is one of what came back, which may be something else.
                self._writing.remember(*call.on, None)

    def _request(
        self,
        operation: Operation,
        given: Mapping[str, Any],
        entity_set: str | None,
        key: Mapping[str, ODataValue] | None,
        codec: Codec,
    ) -> tuple[str, Sequence[str], bytes | None]:
        """Path, query options and body."""
        bound = (
            self._catalog.path(entity_set, key) + "/" if operation.bound_to and entity_set else ""
        )
        path = bound + urls.name_of(operation.name)
        types = {each.name: each.type for each in operation.parameters}
        if codec.VERSION == "V2":
            written = {
                name: urls.literal_of(name, value, types[name], codec)
                for name, value in given.items()
            }
            return path, urls.encoded_options(written), None
        if operation.kind == "action":
            return path, (), self._body(operation, given, codec)
        path += urls.arguments(given, types, codec)
        return path, urls.encoded_options(self._aliased(operation, given)), None

    def _body(self, operation: Operation, given: Mapping[str, Any], codec: Codec) -> bytes:
        decimals, types = self._exchange.options.decimals, self._catalog.types
        return codec.encode(dict(given), decimals=decimals, kind=_as_type(operation), types=types)

    def _aliased(self, operation: Operation, given: Mapping[str, Any]) -> dict[str, str]:
        """Lists and objects as JSON, by alias (OData V4.01 Part 2, 5.1.1.13)."""
        found = {name: value for name, value in given.items() if isinstance(value, urls.STRUCTURED)}
        body = v4.encode(found, kind=_as_type(operation), types=self._catalog.types)
        values = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return {f"@{name}": bytes(value).decode() for name, value in values.items()}

    def _rest(self, answer: Answer, operation: Operation) -> list[Record]:
        """The rows behind the first page of what a function returned."""
        codec = codec_of(answer, self._catalog.codec())
        try:
            link = codec.feed(answer.body).next
        except UNREADABLE:
            return []  # a list of values, which no server cuts
        if link is None:
            return []
        url = self._exchange.resolve(link, against=answer.url)
        pages = self._reading.follow(operation.name, url, EVERYTHING)
        return [codec.row(raw) for page in pages for raw in page.rows]

    def result(self, answer: Answer, operation: Operation) -> object:
        """What it returned; OutcomeUnknown where an executed one's answer cannot be read."""
        codec = codec_of(answer, self._catalog.codec())
        try:
            return codec.result(answer.body, operation.name)
        except UNREADABLE as exc:
            text = (
                f"{self._exchange.place}: {operation.name}: {len(answer.body)} bytes are no "
                f"complete OData {codec.VERSION} answer"
            )
            if operation.method == "GET":
                raise SapUnavailable(f"{text}; try again") from exc
            raise OutcomeUnknown(f"{text}; the call was executed: read back what it did") from exc


def row_of(result: object) -> Record:
    """What an operation returned as a record: anything else stands under `value`."""
    if result is None:
        return {}
    return result if isinstance(result, dict) else {"value": result}


def _is_list(result: object) -> TypeGuard[list[object]]:
    return isinstance(result, list)


def _as_type(operation: Operation) -> StructuredType:
    """The parameters as the fields of the body that carries them."""
    fields = {
        each.name: Property(name=each.name, type=each.type, many=each.many)
        for each in operation.parameters
    }
    return StructuredType(name=operation.name, properties=fields)

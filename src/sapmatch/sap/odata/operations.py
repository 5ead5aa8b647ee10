"""Function imports of V2, functions and actions of V4, bound ones included."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import msgspec

from sapmatch.model.errors import InputRejected, OutcomeUnknown, SapUnavailable
from sapmatch.model.intent import Record
from sapmatch.model.query import EVERYTHING, ODataValue
from sapmatch.sap.odata import urls, v4
from sapmatch.sap.odata.catalog import Catalog, codec_of
from sapmatch.sap.odata.codec import UNREADABLE, Codec
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.metadata import Operation, Property, StructuredType
from sapmatch.sap.odata.overloads import chosen
from sapmatch.sap.odata.reading import Reading
from sapmatch.sap.odata.writing import ETag, Writing
from sapmatch.sap.session import Answer


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
        codec = self._catalog.codec()
        # In V2 nothing is bound: SAP takes the key among the parameters (sap:action-for).
        given = {**(key or {}), **parameters} if codec.VERSION == "V2" else dict(parameters)
        operation = chosen(self._overloads(name, entity_set, key, codec), given, codec.VERSION)
        url, body = self._request(operation, given, entity_set, key, codec)
        if operation.method == "GET":
            answer = self._exchange.read(url, {"Accept": codec.ACCEPT})
            result = self._result(answer, operation)
            return [*result, *self._rest(answer, operation)] if _is_list(result) else result
        headers = {"Accept": codec.ACCEPT}
        if body is not None:
            headers["Content-Type"] = codec.content_type(self._exchange.options.decimals)
        answer = self._sent(url, headers, body, entity_set, key, etag)
        return self._result(answer, operation)

    def _sent(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        entity_set: str | None,
        key: Mapping[str, ODataValue] | None,
        etag: ETag,
    ) -> Answer:
        """What is called by POST, with the ETag of the record that it is called on."""
        if not (entity_set and key):
            answer = self._exchange.write("POST", url, headers, body)
            self._exchange.check(answer)
            return answer
        headers = {**headers, **self._writing.if_match(entity_set, key, etag)}
        answer = self._exchange.write("POST", url, headers, body)
        try:
            self._exchange.check(answer)
        finally:
            # An ETag of the answer is one of what came back, which may be something else.
            self._writing.remember(entity_set, key, None)
        return answer

    def _overloads(
        self,
        name: str,
        entity_set: str | None,
        key: Mapping[str, ODataValue] | None,
        codec: Codec,
    ) -> Sequence[Operation]:
        metadata = self._catalog.metadata()
        if entity_set is None or codec.VERSION == "V2":
            return metadata.overloads(name)
        found = metadata.entity_set(entity_set)
        bound = metadata.overloads(name, bound_to=found.type)
        fitting = [each for each in bound if found.single or each.bound_to_many != bool(key)]
        if not fitting:
            raise InputRejected(
                f"{name}: is called on "
                + ("all of a set: give no key" if key else "one record: give its key")
            )
        return fitting

    def _request(
        self,
        operation: Operation,
        given: Mapping[str, Any],
        entity_set: str | None,
        key: Mapping[str, ODataValue] | None,
        codec: Codec,
    ) -> tuple[str, bytes | None]:
        """URL and body."""
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
            return self._exchange.url(path, urls.encoded_options(written)), None
        if operation.kind == "action":
            return self._exchange.url(path), self._body(operation, given, codec)
        path += urls.arguments(given, types, codec)
        return self._exchange.url(path, urls.encoded_options(self._aliased(operation, given))), None

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

    def _result(self, answer: Answer, operation: Operation) -> object:
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


def _is_list(result: object) -> TypeGuard[list[object]]:
    return isinstance(result, list)


def _as_type(operation: Operation) -> StructuredType:
    """The parameters as the fields of the body that carries them."""
    fields = {
        each.name: Property(name=each.name, type=each.type, many=each.many)
        for each in operation.parameters
    }
    return StructuredType(name=operation.name, properties=fields)

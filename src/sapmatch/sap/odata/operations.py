"""Function imports of V2, functions and actions of V4, bound ones included."""

from collections.abc import Mapping
from typing import TypeGuard

from sapmatch.model.errors import InputRejected, OutcomeUnknown, Problem, SapUnavailable
from sapmatch.model.intent import Record
from sapmatch.model.query import EVERYTHING, ODataValue
from sapmatch.sap.odata import urls
from sapmatch.sap.odata.catalog import Catalog, codec_of
from sapmatch.sap.odata.codec import UNREADABLE, Codec
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.metadata import Operation, Property, StructuredType
from sapmatch.sap.odata.reading import Reading
from sapmatch.sap.odata.writing import ETag, Writing
from sapmatch.sap.session import Answer

Parameters = Mapping[str, ODataValue | None]


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
        parameters: Parameters,
        entity_set: str | None,
        key: Mapping[str, ODataValue] | None,
        etag: ETag,
    ) -> object:
        """Call it; see Service.call."""
        codec = self._catalog.codec()
        operation = self._operation(name, entity_set, key, codec)
        # In V2 nothing is bound: SAP takes the key among the parameters (sap:action-for).
        given = {**(key or {}), **parameters} if codec.VERSION == "V2" else dict(parameters)
        _check(operation, given)
        headers = {"Accept": codec.ACCEPT}
        path, body = self._request(operation, given, entity_set, key, codec)
        if operation.method == "GET":
            answer = self._exchange.read(path, headers)
            result = self._result(answer, operation)
            return [*result, *self._rest(answer, operation)] if _is_list(result) else result
        if entity_set and key:
            headers |= self._writing.if_match(entity_set, key, etag)
        if body is not None:
            headers["Content-Type"] = codec.content_type(self._exchange.options.decimals)
        answer = self._exchange.write("POST", path, headers, body)
        try:
            self._exchange.check(answer)
        finally:
            if entity_set and key:
                # An ETag of the answer is one of what came back, which may be something else.
                self._writing.remember(entity_set, key, None)
        return self._result(answer, operation)

    def _operation(
        self,
        name: str,
        entity_set: str | None,
        key: Mapping[str, ODataValue] | None,
        codec: Codec,
    ) -> Operation:
        metadata = self._catalog.metadata()
        if entity_set is None or codec.VERSION == "V2":
            return metadata.operation(name)
        found = metadata.entity_set(entity_set)
        first = metadata.operation(name, bound_to=found.type)
        for each in metadata.operations:
            same = (each.name, each.bound_to) == (first.name, first.bound_to)
            if same and (found.single or each.bound_to_many != bool(key)):
                return each
        raise InputRejected(
            f"{name}: is called on "
            + ("all of a set: give no key" if key else "one record: give its key")
        )

    def _request(
        self,
        operation: Operation,
        given: Parameters,
        entity_set: str | None,
        key: Mapping[str, ODataValue] | None,
        codec: Codec,
    ) -> tuple[str, bytes | None]:
        """URL and body."""
        bound = (
            self._writing.path(entity_set, key) + "/" if operation.bound_to and entity_set else ""
        )
        path = bound + urls.name_of(operation.name)
        types = {each.name: each.type for each in operation.parameters}
        if codec.VERSION == "V2":
            written = {name: codec.literal(value, types[name]) for name, value in given.items()}
            return self._exchange.url(path, urls.encoded_options(written)), None
        if operation.kind == "action":
            body = codec.encode(
                dict(given),
                decimals=self._exchange.options.decimals,
                kind=_as_type(operation),
                types=self._catalog.types,
            )
            return self._exchange.url(path), body
        return self._exchange.url(path + urls.arguments(given, types, codec)), None

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


def _check(operation: Operation, given: Parameters) -> None:
    """InputRejected with every parameter that is unknown or missing."""
    known = {each.name: each for each in operation.parameters}
    wrong = [f"{name} is no parameter" for name in given if name not in known]
    wrong += [
        f"{each.name} is missing"
        for each in known.values()
        if not each.nullable and given.get(each.name) is None
    ]
    if wrong:
        names = ", ".join(known) or "none"
        raise InputRejected(
            f"{operation.name}: {'; '.join(wrong)}; its parameters are {names}",
            [Problem(code="PARAMETER", message=text, field=operation.name) for text in wrong],
        )

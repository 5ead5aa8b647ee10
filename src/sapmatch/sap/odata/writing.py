"""Creates, changes and deletions of one service, each at most once on the wire."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from sapmatch.model.errors import InputRejected, OutcomeUnknown, SapMessage
from sapmatch.model.intent import Entity, Record, Repeatability, Written
from sapmatch.model.query import ODataValue
from sapmatch.sap.odata import errors
from sapmatch.sap.odata.catalog import Catalog, codec_of
from sapmatch.sap.odata.codec import UNREADABLE, Codec
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.metadata import StructuredType
from sapmatch.sap.odata.reading import Reading
from sapmatch.sap.odata.repeatable import Repeatable
from sapmatch.sap.odata.seen import SeenETags
from sapmatch.sap.session import Answer

ANY: Final = "*"  # an ETag that overwrites whatever is there


class Known:
    """The ETag that this client saw last of the record, else the one that is read now."""


KNOWN: Final = Known()
ETag = str | Known | None

_log = logging.getLogger(__name__)


class Writing:
    """Writes of one service; remembers the ETags of what was read and written through it."""

    def __init__(
        self, exchange: Exchange, catalog: Catalog, reading: Reading, repeatable: bool
    ) -> None:
        self._exchange = exchange
        self._catalog = catalog
        self._reading = reading
        self.repeatable = Repeatable(repeatable)
        self._place = exchange.place
        self._seen = SeenETags()

    def create(
        self, entity_set: str, record: Record, repeatability: Repeatability | None
    ) -> Written:
        """POST, nested entities included; see Service.create."""
        self._preflight("check_create", entity_set, record)
        headers = self._json() | self.repeatable.headers(repeatability, self._codec.VERSION)
        body = self._body(entity_set, record)
        answer = self._send("POST", self._catalog.path(entity_set), headers, body)
        said = self.check(answer)
        row = self._written_row(answer, entity_set)
        codec = codec_of(answer, self._codec)
        kind = self._catalog.kind(entity_set)
        address = answer.headers.get("Location") or answer.headers.get("OData-EntityId")
        key = codec.key_of(entity_set, row, address, kind.keys if kind else ())
        if not row and not key:
            raise OutcomeUnknown(
                f"{self._place}: {entity_set}: SAP answered {answer.status} and did not name the "
                "new record; read it back"
            )
        written = self._written(answer, key, row, tuple(map(str, said)))
        if key:
            self.remember(entity_set, key, written.etag)
        return written

    def update(
        self,
        entity_set: str,
        key: Mapping[str, ODataValue],
        changes: Record,
        etag: ETag,
    ) -> Written:
        """Change the named fields; see Service.update."""
        self._preflight("check_update", entity_set, changes)
        method = self._exchange.options.update_method
        if method == "PUT":
            changes, etag = self._replacement(entity_set, key, changes, etag)
        headers = self._json() | self.if_match(entity_set, key, etag)
        return self._changed(method, entity_set, key, headers, self._body(entity_set, changes))

    def delete(self, entity_set: str, key: Mapping[str, ODataValue], etag: ETag) -> Written:
        """DELETE one entity, with its ETag (OD-P69)."""
        self._preflight("check_delete", entity_set)
        return self._changed("DELETE", entity_set, key, self.if_match(entity_set, key, etag), None)

    def if_match(
        self, entity_set: str, key: Mapping[str, ODataValue], etag: ETag
    ) -> dict[str, str]:
        """The header that keeps others' changes, from one of the three kinds of ETag (OD-P67)."""
        if isinstance(etag, Known):
            etag = self._known(entity_set, key)
        if etag == ANY:
            _log.warning("%s: %s: any ETag: overwrites whatever is there", self._place, entity_set)
        return {"If-Match": etag} if etag else {}

    def remember(self, entity_set: str, key: Mapping[str, ODataValue], etag: str | None) -> None:
        """Note what was seen last; None where SAP gave none, so that it is read anew (OD-P68)."""
        self._seen.note(entity_set, key, etag)

    def remember_listed(self, entity_set: str, found: Iterable[Entity]) -> None:
        """Note the ETags of a list, as far as its rows hold them and tell their keys."""
        kind = self._catalog.kind(entity_set)
        keys = kind.keys if kind else ()
        for one in found:
            key = self._codec.key_of(entity_set, one.row, None, keys) if one.etag else {}
            if key:
                self.remember(entity_set, key, one.etag)

    def check(self, answer: Answer) -> tuple[SapMessage, ...]:
        """Raise what the answer to a write means, or return the messages beside its success."""
        self.repeatable.learn(answer)
        return self._exchange.check(answer)

    @property
    def _codec(self) -> Codec:
        return self._catalog.codec()

    def _known(self, entity_set: str, key: Mapping[str, ODataValue]) -> str | None:
        etag = self._seen.of(entity_set, key)
        if etag is None:
            found = self._reading.get(entity_set, key)
            etag = found.etag if found else None
        return etag

    def _preflight(self, check: str, entity_set: str, *record: Record) -> None:
        if self._catalog.known:
            from sapmatch.sap.odata import preflight

            getattr(preflight, check)(self._catalog.known, entity_set, *record)

    def _json(self) -> dict[str, str]:
        decimals = self._exchange.options.decimals
        return {"Content-Type": self._codec.content_type(decimals), "Accept": self._codec.ACCEPT}

    def _body(self, entity_set: str, record: Record) -> bytes:
        return self._codec.encode(
            record,
            decimals=self._exchange.options.decimals,
            kind=self._catalog.kind(entity_set),
            types=self._catalog.types,
        )

    def _replacement(
        self, entity_set: str, key: Mapping[str, ODataValue], changes: Record, etag: ETag
    ) -> tuple[Record, ETag]:
        """PUT replaces the whole entity: all fields as they are, with the changes on top.

        Left out is what $metadata, where it is known, says that nobody changes: some refuse it.
        """
        found = self._reading.get(entity_set, key)
        if found is None:
            raise InputRejected(f"{self._place}: {entity_set}: there is no such record to replace")
        kind = self._catalog.kind(entity_set)
        fixed = _fixed(kind) if kind else frozenset()
        fields = {
            name: value for name, value in _without_notes(found.row).items() if name not in fixed
        }
        if isinstance(etag, Known):  # what was just read may be somebody else's change
            etag = self._seen.of(entity_set, key) or found.etag
        return fields | changes, etag

    def _changed(
        self,
        method: str,
        entity_set: str,
        key: Mapping[str, ODataValue],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Written:
        answer = self._send(method, self._catalog.path(entity_set, key), headers, body)
        try:
            said = self.check(answer)
        finally:
            self.remember(entity_set, key, None)
        row = self._written_row(answer, entity_set)
        written = self._written(answer, dict(key), row, tuple(map(str, said)))
        self.remember(entity_set, key, written.etag)
        return written

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        return self._exchange.write(method, self._exchange.url(path), headers, body)

    def _written(
        self,
        answer: Answer,
        key: dict[str, ODataValue],
        row: Record,
        messages: tuple[str, ...],
    ) -> Written:
        return Written(
            key=key,
            row=row,
            # From the row first: proxies that compress change the header.
            etag=codec_of(answer, self._codec).etag_of(row) or answer.headers.get("ETag"),
            http_status=answer.status,
            messages=messages,
            repeatability=errors.repeatability_of(answer.headers) or None,
        )

    def _written_row(self, answer: Answer, what: str) -> Record:
        if answer.status == HTTPStatus.NO_CONTENT or not answer.body.strip():
            return {}
        try:
            return codec_of(answer, self._codec).entity(answer.body)
        except UNREADABLE as exc:
            raise OutcomeUnknown(
                f"{self._place}: {what}: SAP answered {answer.status} without a readable record; "
                "read it back"
            ) from exc


def _fixed(kind: StructuredType) -> frozenset[str]:
    """Links, and the fields that no update changes; the key stays with the record."""
    read_only = (name for name, each in kind.properties.items() if not each.updatable)
    return (frozenset(kind.navigations) | frozenset(read_only)) - frozenset(kind.keys)


def _without_notes(row: Record) -> Record:
    """A record as it may be sent back: what SAP says about it and its links are left out."""
    return {
        name: _without_notes(value) if isinstance(value, dict) else value
        for name, value in row.items()
        if name != "__metadata"
        and "@" not in name
        and not (isinstance(value, dict) and "__deferred" in value)
    }

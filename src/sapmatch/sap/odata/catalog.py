"""What is known of one service: its protocol version and, once asked for, its $metadata."""

import threading
from collections.abc import Mapping
from typing import Final

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import ODataValue
from sapmatch.sap.odata import urls, v2, v4
from sapmatch.sap.odata.codec import Codec
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.metadata import Metadata, StructuredType, Version
from sapmatch.sap.session import Answer

_CODECS: Final[Mapping[Version, Codec]] = {"V2": v2, "V4": v4}
_PATHS: Final[Mapping[str, Version]] = {
    "/sap/opu/odata/": "V2",
    "/sap/opu/odata4/": "V4",
    "/sap/c4c/odata/": "V2",
    "/sap/byd/odata/": "V2",
    "/odata/v2/": "V2",
    "/odata/v4/": "V4",
}
_PROLOG = 64
_BLANK = b"\xef\xbb\xbf \t\r\n"


class Catalog:
    """One service; asks SAP at most once for each of the two, whatever the number of threads."""

    def __init__(self, exchange: Exchange, metadata: Metadata | None) -> None:
        self._exchange = exchange
        self._lock = threading.Lock()
        self._version = exchange.options.version or _version_in(exchange.root)
        self.known: Metadata | None = None
        self.takes_batches = True  # until the service refuses one
        if metadata:
            self._know(metadata)

    def codec(self) -> Codec:
        """The protocol: set, said by $metadata, by the path, or by the service (OD-P107)."""
        with self._lock:
            if self._version is None:
                answer = self._exchange.read(self._exchange.url(""))
                self._version = said_version(answer) or _version_of(answer.body)
            return _CODECS[self._version]

    def metadata(self) -> Metadata:
        """$metadata, fetched on first use and kept (OD-P106)."""
        with self._lock:
            return self.known or self._know(self._described())

    def _know(self, metadata: Metadata) -> Metadata:
        """A path may lie, the document may not: only the settings go before it."""
        self.known = metadata
        self._version = self._exchange.options.version or metadata.version
        return metadata

    def document(self) -> bytes:
        """$metadata as SAP sends it now."""
        exchange = self._exchange
        return exchange.read(exchange.url("$metadata"), {"Accept": "application/xml"}).body

    def _described(self) -> Metadata:
        from sapmatch.sap.odata.edmx import parse_metadata

        exchange = self._exchange
        document = self.document()
        try:
            return parse_metadata(document)
        except InputRejected as exc:
            raise InputRejected(f"{exchange.place}: {exchange.root}{exc}") from exc

    @property
    def types(self) -> Mapping[str, StructuredType]:
        """All types by their qualified name; none before $metadata was read."""
        return self.known.types if self.known else {}

    def kind(self, entity_set: str) -> StructuredType | None:
        """The type of an entity set; None before $metadata was read."""
        return self.known.type_of(entity_set) if self.known else None

    def path(self, entity_set: str, key: Mapping[str, ODataValue] | None = None) -> str:
        """The encoded path of an entity set, or of one entity, below the service."""
        return urls.resource(
            "",
            entity_set,
            key,
            codec=self.codec(),
            kind=self.kind(entity_set),
            slash=self._exchange.options.slash_in_keys,
        )


def codec_of(answer: Answer, default: Codec) -> Codec:
    """The protocol of this very answer: headers are trusted before anything else (OD-P107).

    Some V2 services answer in Atom whatever they are asked for.
    """
    version = said_version(answer)
    codec = _CODECS[version] if version else default
    if codec.VERSION == "V2" and answer.body[:_PROLOG].lstrip(_BLANK).startswith(b"<"):
        from sapmatch.sap.odata import atom

        return atom
    return codec


def said_version(answer: Answer) -> Version | None:
    """What the headers say; `4.0;NetFx` and the like count by their first digit."""
    if answer.headers.get("OData-Version", "").lstrip().startswith("4"):
        return "V4"
    if answer.headers.get("DataServiceVersion", "").lstrip()[:1] in ("1", "2"):
        return "V2"
    return None


def _version_in(path: str) -> Version | None:
    """What SAP's own paths say, those of ABAP and those of CAP; others may be anything."""
    return next((version for part, version in _PATHS.items() if part in path), None)


def _version_of(service_document: bytes) -> Version:
    return "V4" if b"@odata.context" in service_document[:2000] else "V2"

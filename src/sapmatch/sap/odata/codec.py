"""What differs between the protocol versions: literals, query options, bodies to and fro."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec
from msgspec import Raw, Struct

from sapmatch.model.intent import Record
from sapmatch.model.query import ODataValue, Query
from sapmatch.sap.odata.metadata import NO_TYPES, StructuredType, Types, Version

# What a body that is no OData answer may raise while it is read.
# A number such as 1e99999999999999999999 is an ArithmeticError.
UNREADABLE = (msgspec.MsgspecError, RecursionError, ValueError, ArithmeticError)
_OBJECT = frozenset(b"{")
Decimals = Literal["string", "number"]


class Feed(Struct):
    """A collection as it came: untouched rows, links as SAP wrote them."""

    rows: Sequence[Raw]
    next: str | None = None
    delta: str | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        """ValueError for a row that is no JSON object; its first byte tells, the rest is not read.

        `pages` hands rows on unread, so nobody would look at them later.
        """
        starts = {memoryview(row)[0] for row in self.rows}  # copies nothing
        if starts - _OBJECT and any(bytes(row).lstrip()[:1] != b"{" for row in self.rows):
            raise ValueError("a row is no JSON object")


class Codec(Protocol):
    """One protocol version; the modules `v2` and `v4` are its two implementations.

    `kind` is the entity type where metadata is known: it decides how a value is written.
    """

    VERSION: Version
    ACCEPT: str  # of a read

    def literal(self, value: ODataValue | None, type: str | None = None) -> str:
        """The value as URLs write it, not yet percent-encoded; `type` is its Edm type if known."""
        ...

    def options(
        self, query: Query, kind: StructuredType | None = None, types: Types = NO_TYPES
    ) -> dict[str, str]:
        """Query options by name, not yet percent-encoded; those that are not needed are absent."""
        ...

    def content_type(self, decimals: Decimals | None) -> str:
        """The type of a body that `encode` made."""
        ...

    def encode(
        self,
        record: Record,
        *,
        decimals: Decimals | None = None,
        kind: StructuredType | None = None,
        types: Types = NO_TYPES,
    ) -> bytes:
        """The body of a write; InputRejected for a value that the protocol cannot hold.

        `types` by qualified name are those of nested entities and complex values.
        """
        ...

    def feed(self, body: bytes) -> Feed:
        """A collection; raises one of UNREADABLE."""
        ...

    def entity(self, body: bytes) -> Record:
        """One entity; raises one of UNREADABLE."""
        ...

    def row(self, raw: Raw | bytes) -> Record:
        """One row of a feed with its values as JSON gives them, numbers exact."""
        ...

    def etag_of(self, row: Record) -> str | None:
        """The ETag inside a row, untouched (OD-P66)."""
        ...

    def key_of(
        self, entity_set: str, row: Record, location: str | None, keys: Sequence[str] = ()
    ) -> dict[str, ODataValue]:
        """The key of an entity from its address, or from its `keys`; empty where there is none."""
        ...

    def result(self, body: bytes, name: str) -> object:
        """What an operation returned: a record, a list of them, a value, or None."""
        ...

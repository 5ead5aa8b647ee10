"""What the verbs need from the outside world, each as small as its users allow."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from msgspec import Raw, Struct

from sapmatch.model.changes import ChangePage, DeltaPosition
from sapmatch.model.document import Arrival, DocumentRecord, EarlierInvoice
from sapmatch.model.errors import Problem, SapmatchError
from sapmatch.model.intent import Change, Entity, Intent, IntentState, Look, Written
from sapmatch.model.ledger import Account, Entry, Subject, Usage
from sapmatch.model.match import Decision
from sapmatch.model.order import IndexedOrder, PostedInvoice, Reservation
from sapmatch.model.query import EVERYTHING, ODataValue, Query
from sapmatch.model.shape import Shape


class Clock(Protocol):
    """Time as an injected thing, so that every run can be repeated."""

    def now(self) -> datetime:
        """The present moment in UTC, with its zone."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Objects(Protocol):
    """A versioned object store under one bucket (or folder)."""

    def read(self, key: str, version_id: str | None = None) -> bytes:
        """The bytes; InputRejected where there is no such object."""
        ...

    def write(self, key: str, data: bytes) -> None:
        """Store the bytes under the key, replacing what was there."""
        ...

    def write_once(self, key: str, data: bytes) -> bool:
        """Store only where nothing is stored yet; False where something was."""
        ...

    def size(self, key: str, version_id: str | None = None) -> int:
        """Size in bytes; InputRejected where there is no such object."""
        ...

    def version(self, key: str) -> str | None:
        """Id of the newest version, None where the store keeps none; InputRejected if missing."""
        ...

    def exists(self, key: str) -> bool:
        """Whether something is stored under the key."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys under the prefix, in order."""
        ...

    def delete(self, key: str) -> None:
        """Remove the newest version if there is one; older versions stay where they are kept."""
        ...

    def fetch(self, key: str, path: Path) -> None:
        """Copy an object into a file of this machine; InputRejected where there is none."""
        ...

    def store(self, key: str, path: Path) -> None:
        """Store a file of this machine under the key, whatever its size."""
        ...


class Versioned(Struct, frozen=True, kw_only=True):
    """A value that several writers agree on; `version` counts its changes from 1."""

    value: bytes
    version: int


class Control(Protocol):
    """What runs must agree on, by key: leases, permits, positions. Every read is consistent."""

    def read(self, key: str) -> Versioned | None:
        """The value, None where there is none."""
        ...

    def write(self, key: str, value: bytes, *, expected: int) -> int:
        """Store where the version is `expected` (0: there is no value yet); returns the new one.

        PreconditionFailed where somebody else changed it.
        """
        ...


class Page(Struct, frozen=True, kw_only=True):
    """One page as SAP sent it: rows are the untouched JSON of each entity."""

    rows: Sequence[Raw]
    next_link: str | None = None
    delta_link: str | None = None
    count: int | None = None
    size: int = 0  # bytes of the answer's body
    preferences: str = ""  # what SAP says it applied of them (Preference-Applied)
    seconds: float = 0.0  # from the sent request to the last byte of the answer that held it
    busy: int = 0  # how often SAP could not answer (429, 502 to 504) before it did


class SapReader(Protocol):
    """Reads from one SAP system; raises the SAP errors of model/errors.py."""

    def pages(
        self, service: str, entity_set: str, query: Query = EVERYTHING, *, link: str | None = None
    ) -> Iterator[Page]:
        """Pages lazily, following SAP's next links; `link` resumes at one of them."""
        ...

    def count(self, service: str, entity_set: str, query: Query = EVERYTHING) -> int:
        """Number of entities ($count)."""
        ...

    def get(
        self,
        service: str,
        entity_set: str,
        key: Mapping[str, ODataValue],
        *,
        expand: Sequence[str] = (),
    ) -> Entity | None:
        """One entity by its key with values as JSON gives them, None where SAP has none."""
        ...

    def find(self, service: str, entity_set: str, query: Query) -> list[Entity]:
        """All entities that fit; for reading back by a business reference."""
        ...


class SapSource(SapReader, Protocol):
    """Reads whole entity sets, knows what they are made of, and what changed."""

    def shape(self, service: str, entity_set: str, query: Query = EVERYTHING) -> Shape:
        """What the rows of the query are made of, from $metadata: selected fields, expansions.

        InputRejected where the service knows no such entity set, field or navigation.
        """
        ...

    def changes(
        self,
        service: str,
        entity_set: str,
        query: Query = EVERYTHING,
        *,
        since: DeltaPosition | None = None,
    ) -> Iterator[ChangePage]:
        """Pages of what changed since; everything where `since` is None.

        ResyncRequired where SAP no longer knows the position: nothing is loaded in its place.
        """
        ...


class SapWriter(SapReader, Protocol):
    """Writes to one SAP system, each call at most once on the wire.

    Raises OutcomeUnknown where SAP may have executed the call, SapRejected where it refused,
    PreconditionFailed on 412 and 428, TransientError only where nothing can have happened.
    """

    def prepare(self, service: str, on_behalf_of: str | None = None) -> None:
        """Do whatever a write needs first (a CSRF token), so that the write itself is one call.

        `on_behalf_of` is the SAP user of the change that is to come, as in Change.
        """
        ...

    def check(self, change: Change) -> Sequence[Problem]:
        """What $metadata rules out: unknown, read-only, too long, wrong type; nothing is sent.

        Reads $metadata at most once for each service.
        """
        ...

    def look(self, looks: Sequence[Look]) -> list[list[Entity] | SapmatchError]:
        """What SAP answers to each question: several in one call where the service takes batches.

        An error of one question stands in its place; one of the call as a whole is raised.
        """
        ...

    def write(self, change: Change) -> Written:
        """Send one change. What a call returns is the row."""
        ...

    def write_batch(self, changes: Sequence[Change]) -> list[Written | SapmatchError]:
        """Send changes of one service in one $batch, each in a change set of its own (MA-P65).

        In their order, one outcome each: OutcomeUnknown where nobody knows (MA-P66),
        TransientError for those that SAP certainly did not execute. Raises where the batch as a
        whole was lost (OutcomeUnknown: every one may have happened) or never sent. SapRejected:
        SAP takes no batches, or not this one; InputRejected: one of the changes cannot travel in
        one. Nothing was executed then, and each may be sent by `write`.
        """
        ...


class OrderKey(Struct, frozen=True, order=True):
    """A candidate key: type (K1 order number, K3 reference, ...) and normalised value."""

    type: str
    value: str


class OrderScope(Struct, frozen=True):
    """Where orders live: SAP system, client and company code are part of every key."""

    connection: str
    client: str
    company_code: str


class Orders(Protocol):
    """The order index, as matching reads it."""

    def find(self, scope: OrderScope, key: OrderKey, cap: int) -> tuple[str, ...]:
        """Names of orders under the key, in order, at most `cap + 1` of them.

        A name is the order's number; `sales_order/<number>` where it is a purchase order's too.
        """
        ...

    def get(self, scope: OrderScope, order_id: str) -> IndexedOrder | None:
        """One order by its name, read consistently."""
        ...

    def posted(self, scope: OrderScope, key: OrderKey) -> tuple[PostedInvoice, ...]:
        """Supplier invoices in SAP under a duplicate key."""
        ...


class Ledger(Protocol):
    """The accounts behind the order index, as runs write them."""

    def load(self, subject: Subject) -> Account | None:
        """What is known of a subject, read consistently."""
        ...

    def save(self, subject: Subject, account: Account, before: Account | None) -> None:
        """Replace `before`: new entries first, stale ones (its own, and those named so) last.

        A reader may find too much, never too little. PreconditionFailed where the account is no
        longer at the version of `before`; new entries are there then.
        """
        ...

    def enter(self, subject: Subject, entry: Entry, before: Account | None) -> None:
        """Write one entry ahead of the account that will follow `before`."""
        ...

    def listed(self, subject: Subject, place: str, after: str = "") -> Iterator[str]:
        """Names of the entries under a place of the subject's SAP client, in order."""
        ...

    @property
    def usage(self) -> Usage:
        """Units that were used so far."""
        ...


class MatchRecord(Struct, frozen=True, kw_only=True):
    """All that becomes true together when a match is recorded."""

    document: DocumentRecord  # as read; its version is the condition
    decision: Decision
    scope: OrderScope
    reservations: Mapping[str, tuple[Reservation, ...]]  # by order id
    intents: tuple[Intent, ...]
    earlier: EarlierInvoice  # this invoice, as later ones will see it
    keys: tuple[OrderKey, ...]  # its duplicate keys
    claim: str  # exact identity: only one document may hold it


class Documents(Protocol):
    """Records of documents."""

    def receive(self, record: DocumentRecord, arrival: Arrival) -> DocumentRecord:
        """Create the record of a new content, or note one more arrival of a known one.

        Returns the record that stands: the first one's.
        """
        ...

    def create(self, record: DocumentRecord) -> DocumentRecord:
        """Create the record of a part of a file; returns the one that stands, the first."""
        ...

    def get(self, document_id: str) -> DocumentRecord:
        """The record, read consistently; InputRejected where there is none."""
        ...

    def save(self, record: DocumentRecord) -> DocumentRecord:
        """Replace the record of the same version; PreconditionFailed where it moved on."""
        ...

    def decided(
        self,
        record: DocumentRecord,
        decision: Decision,
        earlier: EarlierInvoice | None,
        scope: OrderScope | None,
        keys: Sequence[OrderKey] = (),
    ) -> DocumentRecord:
        """Append a decision that posts nothing and set the record's state from it."""
        ...

    def record_match(self, match: MatchRecord) -> DocumentRecord:
        """Decision, reservations, intents and claim in one transaction.

        PreconditionFailed where an order, the document or the claim changed: decide anew.
        """
        ...

    def remember(
        self, scope: OrderScope, keys: Sequence[OrderKey], invoice: EarlierInvoice
    ) -> None:
        """Let `earlier` find an invoice that was not decided on."""
        ...

    def earlier(self, scope: OrderScope, key: OrderKey) -> tuple[EarlierInvoice, ...]:
        """Our own earlier invoices under a duplicate key."""
        ...

    def all(self) -> Iterator[DocumentRecord]:
        """Every document, for `sapmatch status`."""
        ...


class Intents(Protocol):
    """Intended writes; every change is conditional on the version that was read."""

    def plan(self, intents: Sequence[Intent]) -> list[Intent]:
        """Store intents that are new; returns all of them as stored."""
        ...

    def get(self, intent_id: str) -> Intent:
        """One intent, read consistently; InputRejected where there is none."""
        ...

    def save(self, after: Intent) -> None:
        """Replace the version before `after`; PreconditionFailed where it moved on."""
        ...

    def due(self, flow: str, states: Sequence[IntentState]) -> Iterator[Intent]:
        """Intents of a flow in these states: urgent ones first, then oldest first.

        Those that were planned together come in the order of their records.
        """
        ...

    def ended(self, flow: str, day: date) -> Iterator[Intent]:
        """Intents of a flow that became terminal on a day (UTC)."""
        ...


class Mailer(Protocol):
    """Sends a notice to the operations team."""

    def send(self, subject: str, body: str, attributes: Mapping[str, str]) -> None:
        """Publish; the subject is plain text under 100 characters."""
        ...


class Workflows(Protocol):
    """Starts state machines."""

    def start(self, machine: str, name: str, input: Mapping[str, Any]) -> bool:
        """Start once under the name; False where an execution of that name was already started."""
        ...

    def is_running(self, machine: str, name: str) -> bool:
        """Whether the execution of that name has begun and not ended."""
        ...

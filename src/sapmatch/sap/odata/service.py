"""One OData service of one SAP system: everything that can be asked of it, V2 and V4 alike."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sapmatch.model.intent import Change, Entity, Look, Record, Repeatability, Written
from sapmatch.model.ports import Page
from sapmatch.model.query import EVERYTHING, Expand, ODataValue, Query
from sapmatch.model.shape import Shape
from sapmatch.sap.odata.catalog import Catalog
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.metadata import Metadata, Version
from sapmatch.sap.odata.reading import Reading
from sapmatch.sap.odata.writing import KNOWN, ETag, Writing

if TYPE_CHECKING:
    from sapmatch.model.changes import ChangePage, DeltaPosition
    from sapmatch.model.errors import Problem, SapmatchError
    from sapmatch.sap.odata.batch import BatchItem, OperationResult
    from sapmatch.sap.odata.deep_update import DeepUpdate
    from sapmatch.sap.odata.sending import Sending

_NO_PARAMETERS: Final[Mapping[str, Any]] = {}


class Service:
    """Thread-safe; sends nothing before it is asked to.

    Every method raises the SAP errors of model/errors.py, and InputRejected where a name, a value,
    a link or an answer is beyond repair.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        subscriber: str,
        repeatable: bool,
        metadata: Metadata | None = None,
    ) -> None:
        self._exchange = exchange
        self._subscriber = subscriber
        self._catalog = Catalog(exchange, metadata)
        self._reading = Reading(exchange, self._catalog)
        self._writing = Writing(exchange, self._catalog, self._reading, repeatable)

    def __repr__(self) -> str:
        return f"<Service {self._exchange.place} {self._exchange.root}>"

    @property
    def version(self) -> Version:
        """V2 or V4."""
        return self._catalog.codec().VERSION

    def metadata(self) -> Metadata:
        """$metadata, fetched on first use; from then on wrong calls are refused before sending."""
        return self._catalog.metadata()

    def document(self) -> bytes:
        """$metadata (EDMX) as SAP sends it now, to be kept and compared with later."""
        return self._catalog.document()

    def pages(
        self, entity_set: str, query: Query = EVERYTHING, *, link: str | None = None
    ) -> Iterator[Page]:
        """Pages lazily, rows untouched, one in memory at a time.

        `link` resumes at a next link of an earlier page. Raises InputRejected where a link leads
        to another origin, comes twice, or where there are more than MAX_PAGES.
        """
        return self._reading.pages(entity_set, query, link=link)

    def rows(self, entity_set: str, query: Query = EVERYTHING) -> Iterator[Record]:
        """Rows with the values that $metadata says they are: Decimal, date, time, datetime, UUID.

        What no type of Python holds stays as SAP sent it, null stays None; SAP's notes on itself
        (`__metadata`, links, annotations) are left out.
        """
        from sapmatch.sap.odata.typed import row_reader

        read = row_reader(self.metadata(), entity_set, self._catalog.codec())
        for page in self.pages(entity_set, query):
            for raw in page.rows:
                yield read(raw)

    def shape(self, entity_set: str, query: Query = EVERYTHING) -> Shape:
        """What the rows of a query are made of, from $metadata: selected fields, expansions.

        Key fields are among them whatever is selected. Raises InputRejected for an entity set,
        field or navigation that there is not, with the nearest that there are.
        """
        from sapmatch.sap.odata.shapes import shape

        return shape(self.metadata(), entity_set, query)

    def count(self, entity_set: str, query: Query = EVERYTHING) -> int:
        """Number of entities that fit the conditions of the query ($count)."""
        return self._reading.count(entity_set, query)

    def get(
        self,
        entity_set: str,
        key: Mapping[str, ODataValue],
        *,
        expand: Sequence[str | Expand] = (),
    ) -> Entity | None:
        """One entity by its key with values as JSON gives them, None where SAP has none.

        Raises InputRejected where SAP does not know the entity set at all.
        """
        found = self._reading.get(entity_set, key, expand)
        self._writing.remember(entity_set, key, found.etag if found else None)
        return found

    def find(self, entity_set: str, query: Query) -> list[Entity]:
        """All entities that fit, in memory, with values as JSON gives them.

        An entity's `etag` is None where SAP's list holds none: `get` it then.
        """
        found = self._reading.find(entity_set, query)
        self._writing.remember_listed(entity_set, found)
        return found

    def prepare(self) -> None:
        """Have $metadata and a CSRF token: whatever fails here, nothing was written."""
        self.metadata()
        self._exchange.prepare()

    def check(self, change: Change) -> "list[Problem]":
        """All that $metadata rules out of a change, by the paths of its fields (OD-P62)."""
        from sapmatch.sap.odata.checking import problems

        return problems(self.metadata(), change)

    def look(self, looks: Sequence[Look]) -> "list[list[Entity] | SapmatchError]":
        """What SAP answers to each question, its own errors in their place.

        Many go in one batch of reads where the service takes batches. Raises TransientError,
        LogonRefused and ServiceNotActivated, which hold for all.
        """
        from sapmatch.sap.odata.looking import Looking

        parts = (self._exchange, self._catalog, self._reading, self._writing)
        return Looking(*parts).look(looks)

    def write(self, change: Change) -> Written:
        """Send one change, as `create`, `update`, `delete` and `call` do.

        What a call returns is the row. InputRejected for a call by GET: that is a read, which may
        be repeated on its way.
        """
        return self._sending().write(change)

    def write_batch(self, changes: Sequence[Change]) -> "list[Written | SapmatchError]":
        """Send changes in one $batch, each in a changeset of its own, one outcome for each.

        In their place: OutcomeUnknown where nobody knows, SapUnavailable where SAP ended the batch
        before (OD-P99). With nothing executed it raises SapRejected where the service takes no
        batches or not this one, InputRejected where a change cannot travel in one (records below
        it in V2, replacement by PUT): send them by `write` then.
        """
        return self._sending().write_batch(changes)

    def create(
        self, entity_set: str, record: Record, *, repeatability: Repeatability | None = None
    ) -> Written:
        """POST, nested entities included (OD-P80).

        `repeatability` is sent only where the settings say that SAP knows it: V2 as `RequestID`
        (SAP Gateway, "Defining Settings for Idempotent Services"), V4 as the headers of OData
        4.01. Raises OutcomeUnknown where SAP may have executed it: read back, never send again.
        """
        return self._writing.create(entity_set, record, repeatability)

    def update(
        self,
        entity_set: str,
        key: Mapping[str, ODataValue],
        changes: Record,
        *,
        etag: ETag = KNOWN,
        verify: Sequence[str] = (),
    ) -> Written:
        """Change the named fields, by PATCH, MERGE or PUT as the service's settings say (OD-P71).

        `etag`: KNOWN sends the one of this record that was last seen through this object by `get`,
        `find`, a write or a batch read by key, or one read now where none was; a text goes into
        If-Match as it is (OD-P66); None sends none; ANY overwrites whatever is there. Raises
        PreconditionFailed where the record changed: read it and decide again (OD-P67).

        Records nested in `changes` are found by their keys and, in V2, changed one by one behind
        the record itself (OD-P80): OutcomeUnknown then says which were. V4 takes them where
        $metadata documents deep updates. The fields of `verify` are read back: OutcomeUnknown
        where SAP holds something else, or does not tell (OD-P70).
        """
        if verify:
            from sapmatch.sap.odata.verify import Verification

            check = Verification(self._catalog, self.get, entity_set, changes, verify)
        written = self._changing().update(entity_set, key, changes, etag)
        if verify:
            check.run(key)
        return written

    def upsert(self, entity_set: str, record: Record, *, by: Sequence[str] = ()) -> Written:
        """Create the record, or change the one that has its key, or its fields `by`.

        Nobody's change is overwritten: where somebody else is faster it looks again, a few times,
        then raises PreconditionFailed. InputRejected where several records fit.
        """
        from sapmatch.sap.odata.upsert import Upsert

        upsert = Upsert(self._catalog, self._reading, self._writing, self._changing())
        return upsert.run(entity_set, record, by)

    def delete(
        self, entity_set: str, key: Mapping[str, ODataValue], *, etag: ETag = KNOWN
    ) -> Written:
        """DELETE one entity; `etag` as in `update`."""
        return self._writing.delete(entity_set, key, etag)

    def call(
        self,
        name: str,
        parameters: Mapping[str, Any] = _NO_PARAMETERS,
        *,
        entity_set: str | None = None,
        key: Mapping[str, ODataValue] | None = None,
        etag: ETag = KNOWN,
    ) -> object:
        """Call a function import, function or action; `entity_set` and `key` say on what.

        Of several with one name, the names of the parameters choose. V4 takes lists and objects.
        What is called by GET is a read and may be repeated; what is called by POST is sent once.
        Returns a record, a list of records, a value, or None, values as JSON gives them. Raises
        InputRejected for parameters that are unknown or missing, OutcomeUnknown as `create` does.
        """
        from sapmatch.sap.odata.operations import Operations

        operations = Operations(self._exchange, self._catalog, self._reading, self._writing)
        return operations.call(name, parameters, entity_set, key, etag)

    def batch(
        self, items: Sequence["BatchItem"], *, continue_on_error: bool = False
    ) -> list["OperationResult"]:
        """Many operations in one call; one result for each of them, always (OD-P95 to OD-P101).

        A batch with writes is sent once, a batch of reads may be repeated. SAP goes on after an
        error in V2; in V4 only with `continue_on_error`, where it knows that. Up to 100 operations
        are a good size: SAP takes them one by one. Raises OutcomeUnknown where the answer to a
        batch with writes is missing as a whole.
        """
        from sapmatch.sap.odata.batch_call import Batch

        batch = Batch(self._exchange, self._catalog, self._reading, self._writing)
        return batch.run(items, continue_on_error=continue_on_error)

    def changes(
        self,
        entity_set: str,
        query: Query = EVERYTHING,
        *,
        since: "DeltaPosition | None" = None,
    ) -> Iterator["ChangePage"]:
        """Pages of what changed since a position; without one, everything, tracked from now on.

        Store a page before its position. Raises ResyncRequired where SAP has forgotten the
        position: nothing is ever loaded in full without being asked for.
        """
        from sapmatch.sap.odata.delta import Delta

        delta = Delta(self._exchange, self._catalog, self._reading, self._subscriber)
        return delta.changes(entity_set, query, since)

    def position_after(self, entity_set: str, token: str) -> "DeltaPosition":
        """The position after a delta token that another tool stored, quoted or bare (OD-P33)."""
        from sapmatch.sap.odata.delta import Delta

        delta = Delta(self._exchange, self._catalog, self._reading, self._subscriber)
        return delta.position(entity_set, token)

    def _sending(self) -> "Sending":
        from sapmatch.sap.odata.sending import Sending

        return Sending(self._exchange, self._catalog, self._reading, self._writing)

    def _changing(self) -> "DeepUpdate":
        from sapmatch.sap.odata.deep_update import DeepUpdate

        return DeepUpdate(self._exchange.place, self._catalog, self._reading, self._writing)

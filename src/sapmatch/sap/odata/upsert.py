"""Create or change, whichever it takes, without a race."""

from collections.abc import Sequence

from sapmatch.model.errors import InputRejected, PreconditionFailed, SapRejected
from sapmatch.model.intent import Entity, Record, Written
from sapmatch.model.query import ODataValue, Query
from sapmatch.sap.odata.catalog import Catalog
from sapmatch.sap.odata.deep_update import DeepUpdate
from sapmatch.sap.odata.reading import Reading
from sapmatch.sap.odata.writing import KNOWN, Writing

TRIES = 3  # rounds in which somebody else may be faster


class Upsert:
    """Looks first, then does one of both; the ETag or SAP's own refusal shows who was faster."""

    def __init__(
        self, catalog: Catalog, reading: Reading, writing: Writing, changing: DeepUpdate
    ) -> None:
        self._catalog = catalog
        self._reading = reading
        self._writing = writing
        self._changing = changing

    def run(self, entity_set: str, record: Record, by: Sequence[str]) -> Written:
        """Find the entity by its key, or by the fields `by`; see Service.upsert."""
        for _ in range(TRIES):
            found = self._found(entity_set, record, by)
            try:
                if found is None:
                    return self._writing.create(entity_set, record, None)
                return self._change(entity_set, record, found, by)
            except PreconditionFailed:
                continue  # changed or deleted since it was read
            except SapRejected:
                if found is not None or self._found(entity_set, record, by) is None:
                    raise
        raise PreconditionFailed(
            f"{entity_set}: the record changed in SAP during each of {TRIES} tries; nothing was "
            "written: look and decide"
        )

    def _found(self, entity_set: str, record: Record, by: Sequence[str]) -> Entity | None:
        names = tuple(by) or self._keys(entity_set)
        missing = [name for name in names if record.get(name) in (None, "")]
        if missing:
            if by:
                raise InputRejected(
                    f"{entity_set}: upsert by {missing[0]}, but the record has none"
                )
            return None  # SAP gives the number: it can only be new
        wanted: dict[str, ODataValue] = {name: record[name] for name in names}
        if not by:
            return self._reading.get(entity_set, wanted)
        topable = self._catalog.metadata().entity_set(entity_set).topable
        query = Query(equals=wanted, top=2 if topable else None)
        entities = self._reading.find(entity_set, query)
        if len(entities) > 1:
            raise InputRejected(
                f"{entity_set}: several records have this {', '.join(names)}; "
                "name fields that tell them apart"
            )
        return entities[0] if entities else None

    def _change(self, entity_set: str, record: Record, found: Entity, by: Sequence[str]) -> Written:
        """Only what may differ: keys and what it was found by are equal, and often read-only."""
        keys = self._keys(entity_set)
        key: dict[str, ODataValue] = {name: found.row[name] for name in keys}
        changes = {
            name: value for name, value in record.items() if name not in keys and name not in by
        }
        if not changes:
            return Written(key=key, row=found.row, etag=found.etag)
        # A list may lack the ETags that a single record has.
        etag = KNOWN if by and found.etag is None else found.etag
        return self._changing.update(entity_set, key, changes, etag)

    def _keys(self, entity_set: str) -> tuple[str, ...]:
        return self._catalog.metadata().type_of(entity_set).keys

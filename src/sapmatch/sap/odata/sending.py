"""Changes of the write protocol: one by one, or many in one $batch (port SapWriter)."""

from collections.abc import Sequence

from sapmatch.model.errors import InputRejected, SapmatchError, SapRejected, SapUnavailable
from sapmatch.model.intent import Change, Written
from sapmatch.sap.odata import batch
from sapmatch.sap.odata.batch import OperationResult, Write
from sapmatch.sap.odata.batch_call import Batch
from sapmatch.sap.odata.catalog import Catalog
from sapmatch.sap.odata.deep_update import DeepUpdate, nested_in
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.operations import Operations
from sapmatch.sap.odata.reading import Reading
from sapmatch.sap.odata.writing import Writing


class Sending:
    """Changes of one service, each on the wire at most once."""

    def __init__(
        self, exchange: Exchange, catalog: Catalog, reading: Reading, writing: Writing
    ) -> None:
        self._place = exchange.place
        self._catalog = catalog
        self._writing = writing
        self._changing = DeepUpdate(exchange.place, catalog, reading, writing)
        self._operations = Operations(exchange, catalog, reading, writing)
        self._batch = Batch(exchange, catalog, reading, writing)

    def write(self, change: Change) -> Written:
        """Send one; what a call returns is the row."""
        name, key, record = change.entity_set, change.key, change.record
        match change.kind:
            case "create":
                return self._writing.create(name, record, change.repeatability)
            case "update":
                return self._changing.update(name, key, record, change.etag)
            case "delete":
                return self._writing.delete(name, key, change.etag)
            case "call":
                return self._operations.send(change)

    def write_batch(self, changes: Sequence[Change]) -> list[Written | SapmatchError]:
        """Send them in one $batch, each in a changeset of its own (MA-P65, OD-P100).

        With nothing executed it raises SapRejected where SAP takes no such batch, InputRejected
        where a change cannot travel in one.
        """
        if not self._catalog.takes_batches:
            text = f"{self._place}: the service refused a batch before: send one by one"
            raise SapRejected("NO_BATCH", text)
        writes = [self._as_operation(change) for change in changes]
        results = self._batch.run(writes, continue_on_error=True)
        return [self._outcome(result) for result in results]

    def _as_operation(self, change: Change) -> Write:
        name, key, record = change.entity_set, change.key, change.record
        same = change.repeatability
        match change.kind:
            case "create":
                return batch.Create(name, record, same)
            case "update":
                if nested_in(self._catalog.metadata(), name, record):
                    raise InputRejected(f"{name}: records below it go by calls of their own in V2")
                return batch.Update(name, key, record, change.etag)
            case "delete":
                return batch.Delete(name, key, change.etag)
            case "call":
                return batch.Call(change.function or "", record, name, key, change.etag, same)

    def _outcome(self, result: OperationResult) -> Written | SapmatchError:
        if result.status == "not_executed":
            return SapUnavailable(
                f"{self._place}: SAP ended the batch at the error of another operation and did "
                "not execute this one (OD-P99): send it again"
            )
        if result.error:
            return result.error
        is_call = isinstance(result.operation, batch.Call)
        return Written(
            key=result.key,
            row=result.row,
            etag=None if is_call else result.etag,
            http_status=result.http_status or 0,
            messages=tuple(map(str, result.messages)),
            repeatability=result.repeatability,
        )

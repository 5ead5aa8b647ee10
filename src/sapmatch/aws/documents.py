"""Records of documents in DynamoDB.

<document id>                    meta                 the record; in index by_state
<document id>                    arrival#<hash>       one upload of this content
upload#<hash>                    upload               the record that came of this upload
<document id>                    decision#<n>         one decision, never overwritten
<scope>#invoice#<type>#<value>   <document id>        this invoice, for the duplicate check
claim#<hash of identity>         claim                which document holds this identity
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from sapmatch.aws.intents import intent_item
from sapmatch.aws.orders import DynamoOrders
from sapmatch.aws.table import Item, Table, body, transact
from sapmatch.model.document import Arrival, DocumentRecord, EarlierInvoice
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import Intent
from sapmatch.model.match import Decision, State
from sapmatch.model.ports import Clock, MatchRecord, OrderKey, OrderScope
from sapmatch.model.uploads import Upload

_META = "meta"
_UPLOAD = "upload"
BY_STATE = "by_state"


class DynamoDocuments:
    """Ports Documents and Arrivals; two other tables take part in the match transaction."""

    def __init__(self, table: Table, orders: Table, intents: Table, clock: Clock) -> None:
        self._table = table
        self._orders = DynamoOrders(orders)
        self._intents = intents
        self._clock = clock

    def receive(self, record: DocumentRecord, arrival: Arrival) -> DocumentRecord:
        """Conditional puts decide which of several deliveries is the first (RE-1).

        The upload is noted last: what is noted has its record (RE-2).
        """
        upload = _digest(arrival.bucket, arrival.key, arrival.version_id or "")
        item = Item(pk=record.id, sk=f"arrival#{upload}", body=body(arrival))
        with suppress(PreconditionFailed):
            self._table.put(item, new=True)
        record = self.create(record)
        self._table.put(Item(pk=f"upload#{upload}", sk=_UPLOAD, body=body(record.id)))
        return record

    def create(self, record: DocumentRecord) -> DocumentRecord:
        """A conditional put: of several creations the first one stands."""
        try:
            self._table.put(_meta(record), new=True)
        except PreconditionFailed:
            return self.get(record.id)
        return record

    def arrived(self, upload: Upload) -> bool:
        """One read by the address of the upload, whatever the number of documents."""
        digest = _digest(upload.bucket, upload.key, upload.version_id or "")
        return self._table.get(f"upload#{digest}", _UPLOAD) is not None

    def get(self, document_id: str) -> DocumentRecord:
        """The record as it stands now."""
        item = self._table.get(document_id, _META)
        if item is None:
            raise InputRejected(f"document {document_id}: is not known")
        return item.load(DocumentRecord)

    def save(self, record: DocumentRecord) -> DocumentRecord:
        """Write the next version of the record."""
        after = self._next(record)
        self._table.put(_meta(after), expected=record.version)
        return after

    def decided(
        self,
        record: DocumentRecord,
        decision: Decision,
        earlier: EarlierInvoice | None,
        scope: OrderScope | None,
        keys: Sequence[OrderKey] = (),
    ) -> DocumentRecord:
        """Decision, record and duplicate keys in one transaction."""
        after = self._next(_decided(record, decision))
        puts = [
            self._table.put_request(_meta(after), expected=record.version),
            self._table.put_request(_decision(after, decision), new=True),
        ]
        if earlier and scope:
            puts += [self._table.put_request(item) for item in _earlier(scope, keys, earlier)]
        transact(self._table.client, puts, f"document {record.id}")
        return after

    def record_match(self, match: MatchRecord) -> DocumentRecord:
        """Everything that a match means, or nothing of it (MA-P18)."""
        intents = [intent.id for intent in match.intents]
        decided = _decided(match.document, match.decision)
        after = self._next(msgspec.structs.replace(decided, matched=True, intents=tuple(intents)))
        puts = [
            self._table.put_request(_meta(after), expected=match.document.version),
            self._table.put_request(_decision(after, match.decision), new=True),
            *(self._table.put_request(i) for i in _earlier(match.scope, match.keys, match.earlier)),
            *self._claim(match),
            *self._reservations(match),
            *self._planned(match.intents),
        ]
        transact(self._table.client, puts, f"match of document {match.document.id}")
        return after

    def remember(
        self, scope: OrderScope, keys: Sequence[OrderKey], invoice: EarlierInvoice
    ) -> None:
        """One put per key; repeated, the same."""
        for item in _earlier(scope, keys, invoice):
            self._table.put(item)

    def earlier(self, scope: OrderScope, key: OrderKey) -> tuple[EarlierInvoice, ...]:
        """Invoices of ours under the key, this document's own included."""
        items = self._table.query(_earlier_pk(scope, key))
        return tuple(item.load(EarlierInvoice) for item in items)

    def all(self) -> Iterator[DocumentRecord]:
        """Every document once, in no order."""
        for item in self._table.scan_index(BY_STATE):
            yield item.load(DocumentRecord)

    def _next(self, record: DocumentRecord) -> DocumentRecord:
        return msgspec.structs.replace(
            record, version=record.version + 1, updated_at=self._clock.now()
        )

    def _claim(self, match: MatchRecord) -> Iterator[dict[str, Any]]:
        pk = f"claim#{_digest(match.claim)}"
        owner = match.document.id.encode()
        held = self._table.get(pk, "claim")
        if held is None:
            yield self._table.put_request(Item(pk=pk, sk="claim", body=owner), new=True)
        elif held.body != owner and match.decision.state is State.MANUAL_MATCHED:
            other = held.body.decode()  # to decide anew would come to the same, again and again
            raise InputRejected(
                f"document {match.document.id}: its invoice was posted with document {other} "
                "meanwhile; compare both, and reject this one"
            )
        elif held.body != owner:
            raise PreconditionFailed(f"document {match.document.id}: is a duplicate by now")

    def _reservations(self, match: MatchRecord) -> Iterator[dict[str, Any]]:
        for order_id, reservations in match.reservations.items():
            version = match.decision.order_versions[order_id]
            put = self._orders.reserve(match.scope, order_id, version, reservations)
            if put is None:
                raise PreconditionFailed(f"order {order_id}: changed since the decision")
            yield put

    def _planned(self, intents: Sequence[Intent]) -> Iterator[dict[str, Any]]:
        """Writes that are new; one of the same identity belongs to this very document, or nobody's.

        SAP keeps 16 characters of an invoice number: two numbers may be one for SAP (MA-P49).
        """
        for intent in intents:
            item = self._intents.get(intent.id, "intent")
            if item is None:
                yield self._intents.put_request(intent_item(intent), new=True)
            elif (other := item.load(Intent).document_id) != intent.document_id:
                raise InputRejected(
                    f"document {intent.document_id}: SAP cannot tell its number from that of "
                    f"document {other}; compare both and key this one by hand"
                )


def _decided(record: DocumentRecord, decision: Decision) -> DocumentRecord:
    return msgspec.structs.replace(
        record,
        state=decision.state.value,
        decision=record.decision + 1,
        company_code=decision.company_code,
        orders=decision.orders,
        cause=decision.cause,
        summary=decision.explanation[0] if decision.explanation else None,
        duplicate_of=decision.duplicate_of,
    )


def _meta(record: DocumentRecord) -> Item:
    return Item(
        pk=record.id,
        sk=_META,
        version=record.version,
        body=body(record),
        attributes={
            "state_shard": f"{record.state}#{record.id[0]}",
            "updated_at": (record.updated_at or record.received_at).isoformat(),
        },
    )


def _decision(record: DocumentRecord, decision: Decision) -> Item:
    return Item(pk=record.id, sk=f"decision#{record.decision:04}", body=body(decision))


def _earlier(
    scope: OrderScope, keys: Sequence[OrderKey], invoice: EarlierInvoice
) -> Iterator[Item]:
    for key in keys:
        yield Item(pk=_earlier_pk(scope, key), sk=invoice.document, body=body(invoice))


def _earlier_pk(scope: OrderScope, key: OrderKey) -> str:
    parts = (scope.connection, scope.client, scope.company_code, "invoice", key.type, key.value)
    return "#".join(parts)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()

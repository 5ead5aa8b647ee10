"""Records of what waits, in the table of the documents.

<document id>                review            of the document; in by_review until it is finished
<document id>                review#<version>  how one ended, never overwritten
review#<first 8 digits>      <document id>     that it has or had one: people type short ids
"""

import heapq
from collections.abc import Iterator

import msgspec

from sapmatch.aws.table import Item, Table, body, transact
from sapmatch.model.review import Review

_REVIEW = "review"
BY_REVIEW = "by_review"
SHARDS = "0123456789abcdef"  # the first digit of the id: no partition gets all that waits
SHORTEST = 8  # digits of an id that people may type


class DynamoReviews:
    """Port Reviews."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, document_id: str) -> Review | None:
        """One consistent read (RE-18)."""
        item = self._table.get(document_id, _REVIEW)
        return item.load(Review) if item else None

    def save(self, review: Review) -> Review:
        """A conditional put: of two changes to one version the first stands (RE-17)."""
        after = msgspec.structs.replace(review, version=review.version + 1)
        put = self._table.put_request
        puts = [put(_item(after), expected=review.version or None, new=not review.version)]
        if not review.version:
            puts.append(put(Item(pk=_short(review.document_id), sk=review.document_id)))
        if after.status != "open" and not after.settled:  # that is no other end
            puts.append(put(_ended(after), new=True))
        transact(self._table.client, puts, f"review of document {review.document_id}")
        return after

    def open(self) -> Iterator[Review]:
        """What of them waits for somebody."""
        return (review for review in self.unfinished() if review.status == "open")

    def unfinished(self) -> Iterator[Review]:
        """All shards together by age; the index lags behind by moments, so read again to change."""
        shards = (self._table.query_index(BY_REVIEW, "review_shard", _shard(n)) for n in SHARDS)
        streams = (((i.attributes["opened_at"], i.pk, i.body) for i in shard) for shard in shards)
        for _, _, stored in heapq.merge(*streams):
            yield msgspec.json.decode(stored, type=Review)

    def history(self, document_id: str) -> tuple[Review, ...]:
        """One query; versions count up."""
        items = self._table.query(document_id, f"{_REVIEW}#")
        return tuple(item.load(Review) for item in items)

    def find(self, prefix: str) -> tuple[str, ...]:
        """Ids of reviewed documents that begin so, from SHORTEST digits on; one query."""
        return tuple(item.sk for item in self._table.query(_short(prefix), prefix))


def _item(review: Review) -> Item:
    """The item of a review; without index attributes once there is nothing left to do."""
    waits = {
        "review_shard": _shard(review.document_id[0]),
        "opened_at": review.opened_at.isoformat(),
    }
    return Item(
        pk=review.document_id,
        sk=_REVIEW,
        version=review.version,
        body=body(review),
        attributes=waits if review.is_unfinished else {},
    )


def _ended(review: Review) -> Item:
    return Item(pk=review.document_id, sk=f"{_REVIEW}#{review.version:06}", body=body(review))


def _shard(digit: str) -> str:
    return f"OPEN#{digit}"


def _short(document_id: str) -> str:
    return f"review#{document_id[:SHORTEST]}"

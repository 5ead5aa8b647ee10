"""What waits, in memory: reviews by document, and who waits with which token."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.review import Review


class MemoryReviews:
    """Port Reviews for one process."""

    def __init__(self, *reviews: Review) -> None:
        self.stored = {review.document_id: review for review in reviews}
        self.ended: list[Review] = []

    def get(self, document_id: str) -> Review | None:
        return self.stored.get(document_id)

    def save(self, review: Review) -> Review:
        known = self.stored.get(review.document_id)
        if (known.version if known else 0) != review.version:
            raise PreconditionFailed(f"review of document {review.document_id}")
        after = msgspec.structs.replace(review, version=review.version + 1)
        self.stored[review.document_id] = after
        if after.status != "open" and not after.settled:
            self.ended.append(after)
        return after

    def open(self) -> Iterator[Review]:
        return (review for review in self.unfinished() if review.status == "open")

    def unfinished(self) -> Iterator[Review]:
        waiting = [review for review in self.stored.values() if review.is_unfinished]
        return iter(sorted(waiting, key=lambda review: (review.opened_at, review.document_id)))

    def history(self, document_id: str) -> tuple[Review, ...]:
        return tuple(review for review in self.ended if review.document_id == document_id)

    def find(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(name for name in self.stored if name.startswith(prefix)))


class MemoryWaits:
    """Port Waits; whoever waits with a token in `dead` waits no more."""

    def __init__(self) -> None:
        self.resumed: list[tuple[str, Mapping[str, Any]]] = []
        self.dead: set[str] = set()

    def resume(self, token: str, output: Mapping[str, Any]) -> bool:
        if token in self.dead:
            return False
        self.dead.add(token)
        self.resumed.append((token, output))
        return True

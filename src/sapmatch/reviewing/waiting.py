"""Documents that wait: for a person, or for what their decision lacks.

An execution waits with a task token, which the review of its document holds.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.match import State
from sapmatch.model.ports import Documents
from sapmatch.model.review import Review, Reviews, Waits, Watched

_TRIES = 5  # of a change that others overtake: people decide at the same moment
# Of one execution: its history takes 25,000 events. A turn makes about 22, and at worst 90.
MOST_TURNS = 250
_ENDED = (State.MANUAL_REJECTED, State.SUPERSEDED)
UNDER_WAY = timedelta(hours=1)  # so long a decision may take to be carried out
Due = Literal["decided", "expired", "again"]
Expiry = Literal["decided", "alert", "expired", "over"]


class Wait(Struct, frozen=True, kw_only=True):
    """One execution that waits; `reason` where no state of the document says for what.

    `alerted` says that a person was told; `turn` counts from 0 how often it waited before.
    """

    document_id: str
    token: str
    execution: str
    reason: str | None = None
    alerted: bool = True
    turn: int = 0


class Woken(Struct, frozen=True, kw_only=True):
    """How far a call came; the next one goes on behind `after`."""

    done: bool
    after: str = ""
    count: int = 0


class Waiting:
    """All that waits on a stage.

    `changed` says whether what a review watches is another by now, `restart` starts the workflow
    of a review anew, `within` is the time for a decision.
    """

    def __init__(
        self,
        *,
        reviews: Reviews,
        waits: Waits,
        changed: Callable[[Watched], bool],
        restart: Callable[[Review], object],
        within: timedelta,
    ) -> None:
        self._reviews = reviews
        self._waits = waits
        self._changed = changed
        self._restart = restart
        self._within = within

    def hold(self, wait: Wait, documents: Documents, now: datetime) -> Due | None:
        """Note who waits; answers at once where there is a reason to go on already.

        The note comes first: whoever decides later finds the token, whoever did before is found.
        """
        review = self._held(wait, documents, now)
        due = self._due(review, now) if review else "decided"
        if due == "decided" or (due and review and self._claimed(review)):
            self._waits.resume(wait.token, {"action": due})
        return due

    def wake(
        self, after: str, now: datetime, out_of_time: Callable[[], bool], *, lost: bool = False
    ) -> Woken:
        """Let go on what waits longer than it may, and what watches something that changed; and
        what was decided and not carried out, because nobody could tell the workflow.

        `lost` ones too: somebody began to wake them and did not end, or their execution died.
        """
        count = 0
        for listed in self._reviews.unfinished():
            place = f"{listed.opened_at.isoformat()} {listed.document_id}"
            if place <= after:
                continue
            if out_of_time():
                return Woken(done=False, after=after, count=count)
            after = place
            review = self._reviews.get(listed.document_id)
            count += bool(review and self._woken(review, now, lost))
        return Woken(done=True, after=after, count=count)

    def _woken(self, review: Review, now: datetime, lost: bool) -> bool:
        if review.status == "decided":
            if is_left := review.is_unfinished and _is_left(review, now):
                self._go_on(review, "decided")
            return is_left
        if review.status != "open" or (review.token is None and not lost):
            return False  # it comes to its waiting by itself, and looks then
        due = self._due(review, now) or ("again" if lost and _is_on_its_way(review) else None)
        claimed = self._claimed(review) if due else None
        if due and claimed:
            self._go_on(claimed, due)
        return claimed is not None

    def _go_on(self, review: Review, due: Due) -> None:
        """In the execution that waits; in a new one where none does, or its history is long."""
        is_long = due == "again" and review.turns >= MOST_TURNS
        if is_long:
            self._restart(review)
        action = "over" if is_long else due
        goes_on = review.token is not None and self._waits.resume(review.token, {"action": action})
        if not goes_on and not is_long:
            self._restart(review)

    def _held(self, wait: Wait, documents: Documents, now: datetime) -> Review | None:
        for _ in range(_TRIES - 1):
            with suppress(PreconditionFailed):
                return self._hold(wait, documents, now)
        return self._hold(wait, documents, now)

    def _hold(self, wait: Wait, documents: Documents, now: datetime) -> Review | None:
        """The review with the token in it; None where another execution came to the end already."""
        record = documents.get(wait.document_id)
        if record.is_matched or record.state in _ENDED:
            return None
        review = self._reviews.get(wait.document_id)
        if review and review.status == "decided" and review.decision == record.decision:
            return review
        if review is None or review.status != "open" or not _is_about(review, record, wait):
            review = _opened(record, wait, now, review.version if review else 0)
        held = replace(
            review,
            token=wait.token,
            execution=wait.execution,
            turns=wait.turn,
            alerted=review.alerted or wait.alerted,
        )
        return self._reviews.save(held)

    def _due(self, review: Review, now: datetime) -> Due | None:
        if review.status == "decided":
            return "decided"
        if now - review.opened_at >= self._within:
            return "expired"
        return "again" if review.watched and self._changed(review.watched) else None

    def _claimed(self, review: Review) -> Review | None:
        """The review without what it watches: of two that would wake it, one does."""
        try:
            return self._reviews.save(replace(review, watched=None))
        except PreconditionFailed:
            return None


def expire(document_id: str, execution: str, reviews: Reviews, now: datetime) -> Expiry:
    """What becomes of a wait that lasted too long; a decision that came in time wins (RE-17).

    A receipt that is overdue is told first, and waited for once more. `over` where another
    execution waits by now. A call that is repeated answers the same, or its mail would be lost.
    Raises PreconditionFailed where somebody decides at this moment.
    """
    review = reviews.get(document_id)
    if review and review.status == "decided":
        return "decided"
    if review is None or review.status == "closed" or review.execution != execution:
        return "over"
    if review.state == State.WAITING_RECEIPT and not review.alerted:
        reviews.save(replace(review, alerted=True, opened_at=now, token=None))
        return "alert"
    if review.status == "open" and review.token is None:  # who waits has a token
        return "alert"
    if review.status == "open":
        reviews.save(replace(review, status="expired", token=None))
    return "expired"


def _opened(record: DocumentRecord, wait: Wait, now: datetime, version: int) -> Review:
    """The review of what the reading left to a person."""
    return Review(
        document_id=record.id,
        state=wait.reason or record.state,
        cause=record.cause or record.reason,
        decision=record.decision,
        opened_at=now,
        version=version,
    )


def _is_about(review: Review, record: DocumentRecord, wait: Wait) -> bool:
    """Whether it is the review of what waits: a reading may end otherwise the second time."""
    if record.decision:
        return review.decision == record.decision
    return not review.decision and review.state == (wait.reason or record.state)


def _is_on_its_way(review: Review) -> bool:
    """Every decision leaves what it watches, taken away when the review is woken; who waits has a
    token."""
    return review.token is None or (bool(review.decision) and review.watched is None)


def _is_left(review: Review, now: datetime) -> bool:
    """Whether nobody carried out in time what a person decided."""
    verdict = review.verdict
    return verdict is None or now - (verdict.confirmed_at or verdict.at) >= UNDER_WAY

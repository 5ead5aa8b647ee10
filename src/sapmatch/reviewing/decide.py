"""A person decides on an exception: once, within limits, and by two where it is much."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import InputRejected, PreconditionFailed, TransientError
from sapmatch.model.ports import Clock, Documents
from sapmatch.model.review import Review, Reviewing, Reviews, Verdict, Waits
from sapmatch.reviewing.asked import REPLAY, SHORT_ID, Asked, require, require_allowed
from sapmatch.reviewing.people import Decider, decider, is_same

ATTEMPTS = 3  # where somebody else changes the review in the same moment
REMARKS = 100  # waits and proposals about one decision
_PAST = {
    "accept": "accepted it",
    "match": "chose order {order}",
    "reject": "rejected it",
    "wait": "left it open",
}

# What the invoice of a document is worth, in the company code's currency; InputRejected where that
# cannot be told.
Worth = Callable[[DocumentRecord], Decimal]
# What would be taken, in sentences; InputRejected where it could not be posted.
Rehearse = Callable[[DocumentRecord, Verdict], tuple[str, ...]]


class Answer(Struct, frozen=True, kw_only=True):
    """What became of it; `goes_on` says whether the workflow knows, `taken` what is posted."""

    document: str
    outcome: Literal["decided", "proposed", "waiting"]
    message: str
    goes_on: bool = False
    taken: tuple[str, ...] = ()


class Decisions:
    """Takes decisions of people, each at most once; nothing changes where one is refused."""

    def __init__(
        self,
        *,
        reviews: Reviews,
        documents: Documents,
        waits: Waits,
        rules: Reviewing,
        worth: Worth,
        rehearse: Rehearse,
        clock: Clock,
    ) -> None:
        self._reviews = reviews
        self._documents = documents
        self._waits = waits
        self._rules = rules
        self._worth = worth
        self._rehearse = rehearse
        self._clock = clock

    def decide(self, asked: Asked, caller: str) -> Answer:
        """Record what the caller wants, and let the workflow go on.

        Raises InputRejected with who decided what and when where it comes too late (RE-30), and
        with what to do instead where it may not be.
        """
        require(asked)
        person = decider(caller, self._rules)
        document_id = self._find(asked.document)
        for _ in range(ATTEMPTS):
            try:
                return self._decide(asked, person, document_id)
            except PreconditionFailed:  # somebody was faster: see what he said (RE-17)
                continue
        raise InputRejected(
            f"document {asked.document}: others change it this very moment, and nothing was "
            "decided; try it again"
        )

    def _find(self, prefix: str) -> str:
        found = self._reviews.find(prefix)
        if not found:
            raise InputRejected(
                f"document {prefix}: no exception has this id; `sapmatch exceptions` lists them"
            )
        if len(found) > 1:
            raise InputRejected(
                f"document {prefix}: {len(found)} exceptions begin so; give more digits"
            )
        return found[0]

    def _decide(self, asked: Asked, person: Decider, document_id: str) -> Answer:
        review, record = self._reviews.get(document_id), self._documents.get(document_id)
        if review is None:
            raise InputRejected(f"{_named(document_id)}: waits for nobody")
        self._require_open(asked, review, record)
        verdict = Verdict(
            action=asked.action,
            reason=asked.reason.strip(),
            by=person.caller,
            at=self._clock.now(),
            sap_user=person.sap_user,
            order=asked.order,
            other_supplier=asked.other_supplier,
            nothing_open=asked.nothing_open,
            token_sha256=asked.token_sha256,
        )
        if asked.action == "wait":
            return self._note(review, verdict)
        if asked.action == "reject":
            return self._end(review, verdict)
        require_allowed(asked, review)
        return self._approve(review, record, verdict, person)

    def _approve(
        self, review: Review, record: DocumentRecord, verdict: Verdict, person: Decider
    ) -> Answer:
        """What is posted in the end is checked before anybody relies on it."""
        two = self._needs_two(person, record)
        first = self._first(person, verdict, review) if two else None
        if verdict.token_sha256:
            _require_one_step(review, two=two)
        taken = self._rehearse(record, first or verdict)
        if not two:
            return replace(self._end(review, verdict), taken=taken)
        if first is None:
            return replace(self._propose(review, verdict), taken=taken)
        confirmed = replace(
            first,
            confirmed_by=verdict.by,
            confirmed_sap_user=verdict.sap_user,
            confirmed_at=verdict.at,
            confirmed_reason=verdict.reason,
        )
        return replace(self._end(review, confirmed), taken=taken)

    def _require_open(self, asked: Asked, review: Review, record: DocumentRecord) -> None:
        """A late, second or overtaken decision is told what happened instead."""
        where = _named(review.document_id)
        if review.status == "decided" and review.verdict:
            raise InputRejected(f"{where}: {told(review.verdict)}. Nothing was changed")
        if review.status == "expired":
            until = review.opened_at + timedelta(days=self._rules.decide_within_days)
            raise InputRejected(
                f"{where}: waited until {until:%Y-%m-%d} and nobody decided; "
                + REPLAY.format(id=review.document_id[:SHORT_ID])
            )
        if review.status != "open" or record.decision != review.decision:
            raise InputRejected(
                f"{where}: was decided on anew meanwhile and is {record.state} now. Nothing was "
                "changed; look at it again"
            )
        if asked.decision not in (None, review.decision):
            raise InputRejected(
                f"{where}: you saw decision {asked.decision}, and {review.decision} is the last "
                "by now. Nothing was changed; look at it again"
            )

    def _needs_two(self, person: Decider, record: DocumentRecord) -> bool:
        """Whether four eyes have to see it; InputRejected beyond this one's limit."""
        four_eyes_from = self._rules.four_eyes_from
        if person.limit is None and four_eyes_from == "off":
            return False
        worth = self._worth(record)
        if person.limit is not None and worth > person.limit:
            raise InputRejected(
                f"{_named(record.id)}: is worth more than the {person.limit:f} up to which you may "
                "decide; ask somebody with a higher limit, or reject it"
            )
        return four_eyes_from != "off" and worth >= four_eyes_from

    def _first(self, person: Decider, verdict: Verdict, review: Review) -> Verdict | None:
        """The proposal of somebody else that this confirms, None where it is the first one.

        A proposal of one's own gives way to another one. InputRejected where it is the same once
        more, or not what somebody else proposed.
        """
        proposed = review.proposed
        if proposed is None:
            return None
        alike = _wish(proposed) == _wish(verdict)
        if not is_same(person, proposed, self._rules):
            if alike:
                return proposed
            raise InputRejected(
                f"{_named(review.document_id)}: {told(proposed)}, as the first of two; confirm "
                "exactly that, or reject it"
            )
        if alike:
            raise InputRejected(
                f"{_named(review.document_id)}: you said so already, on {proposed.at:%Y-%m-%d}; a "
                "second person has to confirm it, or rejects it"
            )
        return None

    def _note(self, review: Review, verdict: Verdict) -> Answer:
        self._reviews.save(replace(review, said=_remarks(review, verdict)))
        stays = "stays open, and the reason is noted; what it lacks may still come"
        message = f"{_named(review.document_id)}: {stays}"
        return Answer(document=review.document_id, outcome="waiting", message=message)

    def _propose(self, review: Review, verdict: Verdict) -> Answer:
        said = _remarks(review, verdict)
        self._reviews.save(replace(review, proposed=verdict, said=said))
        still = "is proposed; a second person has to decide the same, or rejects it"
        message = f"{_named(review.document_id)}: {still}"
        return Answer(document=review.document_id, outcome="proposed", message=message)

    def _end(self, review: Review, verdict: Verdict) -> Answer:
        """The decision that counts; of two at the same moment the version lets one in (RE-17)."""
        self._reviews.save(replace(review, status="decided", verdict=verdict))
        goes_on = self._resume(review)
        told_so = (
            "its workflow goes on"
            if goes_on
            else "but no workflow waits for it: " + REPLAY.format(id=review.document_id[:SHORT_ID])
        )
        return Answer(
            document=review.document_id,
            outcome="decided",
            message=f"{_named(review.document_id)}: {told(verdict)}; {told_so}",
            goes_on=goes_on,
        )

    def _resume(self, review: Review) -> bool:
        """A workflow that does not wait yet finds the decision by itself."""
        if review.token is None:
            return True
        try:
            return self._waits.resume(review.token, {"action": "decided"})
        except TransientError:
            return False


def _require_one_step(review: Review, *, two: bool) -> None:
    """A token lasts for minutes: what is written with it has to follow from this one decision."""
    why = ""
    if two:
        why = "a second person has to decide too, and SAP shall name the first"
    elif not review.decision:
        why = "what the accepted values match is decided by the rules, and written in nobody's name"
    if why:
        raise InputRejected(f"{_named(review.document_id)}: {why}; leave --now out")


def told(verdict: Verdict) -> str:
    """Who decided what, when and why, for those who may decide too."""
    did = _PAST[verdict.action].format(order=verdict.order)
    who = verdict.sap_user or verdict.by
    first = f"{who} {did} on {verdict.at:%Y-%m-%d %H:%M} UTC ({verdict.reason})"
    if not verdict.confirmed_at:
        return first
    second = verdict.confirmed_sap_user or verdict.confirmed_by
    when = f"{verdict.confirmed_at:%Y-%m-%d %H:%M} UTC"
    return f"{first}, and {second} confirmed it on {when} ({verdict.confirmed_reason})"


def _remarks(review: Review, verdict: Verdict) -> tuple[Verdict, ...]:
    if len(review.said) >= REMARKS:
        raise InputRejected(
            f"{_named(review.document_id)}: has {REMARKS} remarks already; accept or reject it"
        )
    return (*review.said, verdict)


def _wish(verdict: Verdict) -> tuple[object, ...]:
    """What two people have to want alike."""
    return verdict.action, verdict.order, verdict.other_supplier, verdict.nothing_open


def _named(document_id: str) -> str:
    return f"document {document_id[:SHORT_ID]}"

"""A desk where people decide: one document that waits, and everybody whom the settings know."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import InputRejected
from sapmatch.model.review import Action, Person, Review, Reviewing, Verdict
from sapmatch.reviewing.asked import Asked
from sapmatch.reviewing.decide import Answer, Decisions
from tests.builders.memory import START, MemoryClock, MemoryDocuments
from tests.builders.memory_reviews import MemoryReviews, MemoryWaits

DOCUMENT = "3f9a1c2b4d5e" + 52 * "0"
SHORT = DOCUMENT[:12]
ACCOUNT = "arn:aws:iam::123456789012"
SESSION = "arn:aws:sts::123456789012:assumed-role"
ANNA, BORIS = f"{ACCOUNT}:user/anna", f"{ACCOUNT}:user/boris"
CLERK, CLARA = f"{SESSION}/clerks/carl@example.com", f"{SESSION}/clerks/clara@example.com"
STRANGER = f"{ACCOUNT}:user/stranger"
PEOPLE = {
    ANNA: Person(sap_user="ANNA"),
    BORIS: Person(sap_user="BORIS"),
    f"{ACCOUNT}:role/finance/clerks": Person(sap_user="CLERKS", limit=Decimal(500)),
}
TAKEN = ("Item 4500000012/10: 100 PC open before, 0 PC after.",)
RULES = Reviewing(four_eyes_from=Decimal(1000), people=PEOPLE)


class Office:
    """One document and what is decided about it."""

    def __init__(
        self,
        state: str = "OUT_OF_TOLERANCE",
        *,
        worth: str | None = "100",
        rules: Reviewing = RULES,
        decision: int = 1,
        **review: Any,
    ) -> None:
        self.clock = MemoryClock()
        self.documents = MemoryDocuments()
        self.documents.records[DOCUMENT] = DocumentRecord(
            id=DOCUMENT,
            bucket="b",
            key="incoming/invoice.pdf",
            version_id="v1",
            size=1,
            received_at=START,
            state=state,
            decision=decision,
        )
        waiting = Review(
            document_id=DOCUMENT, state=state, decision=decision, opened_at=START, token="token"
        )
        self.reviews = MemoryReviews()
        self.reviews.save(replace(waiting, **review))
        self.waits = MemoryWaits()
        self.worth = worth
        self.impossible = ""  # why writing could not post it
        self.rehearsed: list[Verdict] = []
        self.desk = Decisions(
            reviews=self.reviews,
            documents=self.documents,
            waits=self.waits,
            rules=rules,
            worth=self._worth,
            rehearse=self._rehearse,
            clock=self.clock,
        )

    @property
    def review(self) -> Review:
        found = self.reviews.get(DOCUMENT)
        assert found is not None
        return found

    @property
    def resumed(self) -> Sequence[Any]:
        return self.waits.resumed

    def says(
        self, who: str, action: Action = "accept", order: str | None = None, **more: Any
    ) -> Answer:
        """Somebody decides, with a reason of his own."""
        reason = f"{action} is right"
        asked = Asked(document=SHORT, action=action, order=order, reason=reason, **more)
        return self.desk.decide(asked, who)

    def _worth(self, _record: DocumentRecord) -> Decimal:
        if self.worth is None:
            raise InputRejected("there is no rate into EUR; add it to [matching.exchange_rates]")
        return Decimal(self.worth)

    def _rehearse(self, _record: DocumentRecord, verdict: Verdict) -> tuple[str, ...]:
        self.rehearsed.append(verdict)
        if self.impossible:
            raise InputRejected(self.impossible)
        return TAKEN

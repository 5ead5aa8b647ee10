"""What decisions would come to, before anybody takes them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from sapmatch.model.review import Reviewing

if TYPE_CHECKING:
    from decimal import Decimal

    from sapmatch.matching.stored import Desk
    from sapmatch.model.document import DocumentRecord
    from sapmatch.model.intent import Intent
    from sapmatch.model.ports import Intents
    from sapmatch.model.review import Verdict
    from sapmatch.reviewing.offers import Offers


class Rehearsal:
    """Tries decisions with the parts of one stage, which are made where one is tried."""

    def __init__(
        self,
        rules: Reviewing,
        desk: "Callable[[], Desk]",
        planner: "Callable[..., Sequence[tuple[Intent, bytes]]]",
        intents: "Callable[[], Intents]",
    ) -> None:
        self._rules = rules
        self._desk = desk
        self._planner = planner
        self._intents = intents

    @property
    def offers(self) -> "Offers":
        """What people are offered."""
        from sapmatch.reviewing.offers import Offers

        return Offers(rules=self._rules, worth=self.worth, rehearse=self.rehearse)

    def worth(self, record: "DocumentRecord") -> "Decimal":
        """What the document is about, in the company code's currency."""
        from sapmatch.matching.rehearse import worth_stored

        return worth_stored(record, self._desk())

    def rehearse(self, record: "DocumentRecord", verdict: "Verdict") -> tuple[str, ...]:
        """What would be taken, in sentences; InputRejected where it could not be posted."""
        from sapmatch.matching.rehearse import rehearse_stored
        from sapmatch.reviewing.people import decider

        # Of an offer nobody knows yet who takes it.
        person = decider(verdict.by, self._rules).identity if verdict.by else ""
        plan = partial(self._planner, person=person)
        return rehearse_stored(record, verdict, self._desk(), plan, self._intents())

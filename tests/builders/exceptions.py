"""Raising exceptions in memory, and what reached the people."""

from datetime import timedelta
from decimal import Decimal

from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import InputRejected
from sapmatch.model.review import Reviewing, Verdict
from sapmatch.reviewing.budget import MailBudget
from sapmatch.reviewing.exceptions import Exceptions
from sapmatch.reviewing.offers import Offers
from tests.builders.control import MemoryControl
from tests.builders.memory import START, MemoryClock, MemoryDocuments, MemoryMailer, MemoryObjects
from tests.builders.memory_outbox import MemoryOutbox


class Team:
    """The people, and the parts around them."""

    def __init__(self, mails_per_hour: int = 30, rules: Reviewing | None = None) -> None:
        self.objects, self.documents = MemoryObjects(), MemoryDocuments()
        self.mailer, self.outbox = MemoryMailer(), MemoryOutbox()
        self.clock = MemoryClock(START + timedelta(minutes=1))
        self.worth = Decimal(100)
        self.refused: set[str] = set()  # orders, or "accept"
        self.exceptions = Exceptions(
            objects=self.objects,
            documents=self.documents,
            outbox=self.outbox,
            mailer=self.mailer,
            budget=MailBudget(MemoryControl(), self.clock, mails_per_hour),
            clock=self.clock,
            stage="test",
            bucket="sapmatch-test",
            decide_within=timedelta(days=14),
            offers=Offers(
                rules=rules or Reviewing(), worth=lambda _: self.worth, rehearse=self._rehearse
            ),
        )

    def _rehearse(self, _record: DocumentRecord, said: Verdict) -> tuple[str, ...]:
        if (said.order or said.action) in self.refused:
            raise InputRejected("it cannot be posted")
        return ()

"""Raising exceptions in memory, and what reached the people."""

from datetime import timedelta

from sapmatch.reviewing.budget import MailBudget
from sapmatch.reviewing.exceptions import Exceptions
from tests.builders.control import MemoryControl
from tests.builders.memory import START, MemoryClock, MemoryDocuments, MemoryMailer, MemoryObjects
from tests.builders.memory_outbox import MemoryOutbox


class Team:
    """The people, and the parts around them."""

    def __init__(self, mails_per_hour: int = 30) -> None:
        self.objects, self.documents = MemoryObjects(), MemoryDocuments()
        self.mailer, self.outbox = MemoryMailer(), MemoryOutbox()
        self.clock = MemoryClock(START + timedelta(minutes=1))
        self.exceptions = Exceptions(
            objects=self.objects,
            documents=self.documents,
            outbox=self.outbox,
            mailer=self.mailer,
            budget=MailBudget(MemoryControl(), self.clock, mails_per_hour),
            clock=self.clock,
            stage="test",
            decide_within=timedelta(days=14),
        )

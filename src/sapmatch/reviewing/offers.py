"""What a person is offered: nothing that would be refused."""

from collections.abc import Iterator

from msgspec.structs import replace

from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import InputRejected
from sapmatch.model.match import Decision
from sapmatch.model.review import Action, Reviewing, Verdict
from sapmatch.reviewing.asked import allows
from sapmatch.reviewing.decide import Rehearse, Worth


class Offers:
    """Tries each decision as it will be tried when somebody takes it."""

    def __init__(self, *, rules: Reviewing, worth: Worth, rehearse: Rehearse) -> None:
        self._rules = rules
        self._worth = worth
        self._rehearse = rehearse

    def of(self, record: DocumentRecord, decision: Decision | None) -> tuple[str, ...]:
        """`accept`, and `match NUMBER` for candidates that accepting would not take anyway."""
        return tuple(self._offered(record, decision))

    def takes_two(self, record: DocumentRecord) -> bool:
        """Whether two people have to accept or match it."""
        state, four_eyes_from = record.state or "", self._rules.four_eyes_from
        if four_eyes_from == "off" or not (allows("accept", state) or allows("match", state)):
            return False
        try:
            return self._worth(record) >= four_eyes_from
        except InputRejected:  # then nobody can decide on a posting at all
            return False

    def _offered(self, record: DocumentRecord, decision: Decision | None) -> Iterator[str]:
        if self._would_take(record, "accept"):
            yield "accept"
        for order in decision.candidates if decision else ():
            taken = decision is not None and order in decision.orders
            if not taken and "+" not in order and self._would_take(record, "match", order):
                yield f"match {order}"

    def _would_take(self, record: DocumentRecord, action: Action, order: str | None = None) -> bool:
        if not allows(action, record.state or ""):
            return False
        return any(self._passes(record, said) for said in self._wishes(record, action, order))

    def _wishes(
        self, record: DocumentRecord, action: Action, order: str | None
    ) -> Iterator[Verdict]:
        """Of whoever decides: somebody with a SAP user, else somebody with a token of their own."""
        users = (person.sap_user for person in self._rules.people.values() if person.sap_user)
        said = Verdict(action=action, reason="", by="", at=record.received_at, order=order)
        yield replace(said, sap_user=next(users, None))
        yield replace(said, token_sha256="")

    def _passes(self, record: DocumentRecord, said: Verdict) -> bool:
        try:
            if self._rules.four_eyes_from != "off":
                self._worth(record)
            self._rehearse(record, said)
        except InputRejected:
            return False
        return True

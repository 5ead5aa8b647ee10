"""Mails about one document, for a person in accounts payable, purchasing or the warehouse."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from sapmatch.model.document import DocumentRecord
from sapmatch.model.invoice import Invoice, ReadResult
from sapmatch.model.match import POSTABLE, Decision, Owner, State, ToleranceCheck
from sapmatch.reviewing.asked import allows
from sapmatch.reviewing.fields import problem_line
from sapmatch.reviewing.mail import text, words
from sapmatch.reviewing.mail.text import Mail, Section

_ENDED = {"REVIEW_EXPIRED", "WORKFLOW_FAILED"}  # the workflow waits no more
_BEGUN_ANEW = _ENDED | {"READ_TIMED_OUT"}
_TOLD = _ENDED | {"ORDER_CHANGED"}  # no decision is awaited
_TWO = "Two people have to accept or match it: the second confirms with the same command."
_FEW = 5  # sentences of a decision that is told for comparison
_COPY_POSTED = "Nothing: the invoice is posted only once."
_COPY_SPLIT = "Nothing: each invoice of the first file goes its own way, once."
_COPY_NOT_POSTED = "Nothing about the copy. What the first file needs stands in the mail about it."


class Incident(Struct, frozen=True, kw_only=True):
    """A document that a person has to look at, and all that is known of it.

    `result` is what was read; `until` when a decision is awaited, on the stage `stage`. Where an
    order changed after the match, `recorded` is the decision that stands, `decision` that of now.
    `offers` are the decisions that would be taken, and `takes_two` says whether two people have to.
    `earlier` is the document that this one may be a copy of.
    """

    state: str
    record: DocumentRecord
    decision: Decision | None = None
    recorded: Decision | None = None
    result: ReadResult | None = None
    stage: str
    until: datetime
    offers: tuple[str, ...] = ()
    takes_two: bool = False
    earlier: DocumentRecord | None = None

    @property
    def cause(self) -> str | None:
        """The tolerance key or reason code of the state."""
        return (self.decision.cause if self.decision else None) or self.record.reason

    @property
    def invoice(self) -> Invoice:
        """What was read, empty where nothing was."""
        return (self.result.invoice if self.result else None) or Invoice()

    @property
    def owner(self) -> Owner:
        """Who can mend it."""
        named = self.decision.owner if self.decision else None
        return named or words.owner_of(self.state)

    @property
    def remedy(self) -> str | None:
        """What to do."""
        named = self.decision.remedy if self.decision and not self.recorded else None
        return named or words.remedy(self.state)

    @property
    def failed(self) -> tuple[ToleranceCheck, ...]:
        """Limits that do not hold, those of the cause first."""
        checks = self.decision.tolerances if self.decision and self._measured else ()
        failed = [check for check in checks if check.verdict == "fail"]
        return tuple(sorted(failed, key=lambda check: check.key != self.cause))

    @property
    def difference(self) -> Decimal | None:
        """Money beyond the tolerances, where that is why the document waits."""
        return self.decision.difference if self.decision and self._measured else None

    @property
    def _measured(self) -> bool:
        return self.decision is not None and self.decision.state is State.OUT_OF_TOLERANCE

    @property
    def below(self) -> bool:
        """Whether less is billed than the order says."""
        return bool(self.failed) and self.failed[0].bound.startswith("lower")


def document_mail(incident: Incident) -> Mail:
    """What, how much, why, what to do, how and where."""
    record = incident.record
    sections: list[Section] = [
        ("What", list(_what(incident))),
        ("How much", list(_how_much(incident))),
        ("Matched as", _told(incident.recorded)[:_FEW]),
        ("Now" if incident.recorded else "Why", list(_why(incident))),
        ("Orders", list(_orders(incident.decision))),
        ("What to do", [f"{incident.remedy or 'Look at the document.'}"]),
        ("Who", [_capital(words.owner_words(incident.owner)) + "."]),
        ("How", list(_commands(incident))),
        ("Where", list(_where(incident))),
    ]
    return Mail(
        subject=text.subject(_headline(incident), record.id[: text.SHORT_ID]),
        body=text.body(sections),
    )


def copy_mail(record: DocumentRecord, key: str) -> Mail:
    """The same file arrived under another name."""
    sections: list[Section] = [
        ("What", ["The same file was uploaded again under another name."]),
        ("Why", [f"File {key} has the same bytes as {record.key}, which is {record.state}."]),
        ("What to do", [_of_copy(record)]),
        ("Where", [f"Document {record.id}"]),
    ]
    return Mail(
        subject=text.subject("The same file again:", record.id[: text.SHORT_ID]),
        body=text.body(sections),
    )


def _headline(incident: Incident) -> str:
    """`Price too high: 12.50 EUR over (order 4500000012)`."""
    title = words.title(incident.state, incident.cause, below=incident.below)
    difference = _difference(incident)
    direction = "under" if incident.below else "over"
    total = text.amount(incident.invoice.total, incident.invoice.currency)
    money = f"{difference} {direction}" if difference else total
    orders = incident.decision.orders if incident.decision else ()
    named = f"order {orders[0]}" if len(orders) == 1 else f"{len(orders)} orders"
    told = [money, f"({named})" if orders else None]
    return f"{_capital(title)}: {' '.join(part for part in told if part)}".rstrip()


def _difference(incident: Incident) -> str | None:
    value = incident.difference
    return text.amount(abs(value), incident.invoice.currency) if value else None


def _what(incident: Incident) -> Iterator[str]:
    invoice, number = incident.invoice, incident.record.number or incident.invoice.number
    kind = "Credit note" if invoice.type == "credit-note" else "Invoice"
    told = [f"{kind} {text.quoted(number)}" if number else "The document"]
    if invoice.seller.name:
        told.append(f"of {text.quoted(invoice.seller.name)}")
    if invoice.issue_date:
        told.append(f"dated {invoice.issue_date}")
    if total := text.amount(invoice.total, invoice.currency):
        told.append(f"over {total}")
    title = words.title(incident.state, incident.cause, below=incident.below)
    yield f"{' '.join(told)}: {title}."


def _how_much(incident: Incident) -> Iterator[str]:
    if difference := _difference(incident):
        total = text.amount(incident.invoice.total, incident.invoice.currency)
        yield f"{difference} in all, of {total}." if total else f"{difference} in all."
    yield from text.bounded([_check(check) for check in incident.failed])


def _check(check: ToleranceCheck) -> str:
    line = f"Line {text.quoted(check.line)}, " if check.line else ""
    less = "less" if check.bound.startswith("lower") else "more"
    name = f"{line}{words.tolerance(check.key)}"
    value, limit = (_measured(number, check.unit) for number in (check.value, check.limit))
    return f"{_capital(name)}: {value} {less}, and {limit} is allowed (tolerance {check.key})."


def _measured(number: Decimal, unit: str) -> str:
    return f"{number.normalize() if unit == '%' else number:f} {unit}"


def _why(incident: Incident) -> Iterator[str]:
    if incident.decision:
        yield from text.bounded([*_told(incident.decision), *_parties(incident.decision)])
        return
    problems = incident.result.problems if incident.result else incident.record.problems
    yield from text.bounded([problem_line(problem, incident.result) for problem in problems])


def _parties(decision: Decision) -> Iterator[str]:
    """Where the order may be another party's: what was compared."""
    for one in decision.evidence if decision.cause == "OTHER_SUPPLIER" else ():
        if one.weight < 0 and one.invoice and one.order:
            mine, theirs = text.quoted(one.invoice), text.quoted(one.order)
            yield f"{_capital(one.name)}: {mine} on the invoice, {theirs} on the order."


def _told(decision: Decision | None) -> list[str]:
    told = decision.explanation if decision else ()
    return [text.unlinked(text.short_ids(sentence)) for sentence in told]


def _orders(decision: Decision | None) -> Iterator[str]:
    if decision:
        yield from text.bounded(decision.orders or [f"candidate {o}" for o in decision.candidates])


def _commands(incident: Incident) -> Iterator[str]:
    """Lines to copy; a decision is only ever taken by somebody who is logged on (RE-30)."""
    state, number = incident.state, incident.record.decision
    short = incident.record.id[: text.SHORT_ID]
    end = f'--reason "..." --stage {incident.stage}'
    about = f"--decision {number} {end}" if number else end
    yield f"sapmatch exceptions show {short} --stage {incident.stage}"
    if incident.earlier:
        earlier = incident.earlier.id[: text.SHORT_ID]
        yield f"sapmatch exceptions show {earlier} --stage {incident.stage}"
    if state in _BEGUN_ANEW:
        yield f"sapmatch replay {short} --stage {incident.stage}"
    if state in _TOLD:
        return
    yield from (f"sapmatch decide {short} {offer} {about}" for offer in incident.offers)
    if allows("match", state):
        yield f"sapmatch decide {short} match ORDER {about}"
    yield f"sapmatch decide {short} reject {about}"
    yield f"sapmatch decide {short} wait {about}"
    if incident.takes_two:
        yield _TWO


def _where(incident: Incident) -> Iterator[str]:
    record = incident.record
    yield _capital(record.place) if record.pages else f"File {record.place}"
    yield f"Document {record.id}"
    if earlier := incident.earlier:
        came = f"which came on {earlier.received_at:%Y-%m-%d} and is {earlier.state}"
        yield f"The earlier document is {earlier.place}, {came}."
    if incident.state not in _TOLD:
        yield f"A decision is awaited until {incident.until:%Y-%m-%d %H:%M} UTC."


def _of_copy(record: DocumentRecord) -> str:
    if record.state == "SPLIT":
        return _COPY_SPLIT
    return _COPY_POSTED if record.state in POSTABLE else _COPY_NOT_POSTED


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]

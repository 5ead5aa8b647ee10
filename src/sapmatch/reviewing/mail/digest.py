"""One mail about many exceptions: how many of what, how much, and the largest of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Context, Decimal

from sapmatch.model.document import ExceptionRecord
from sapmatch.reviewing.mail import text, words
from sapmatch.reviewing.mail.text import Mail, Section

LARGEST = 50
DIGEST = "DIGEST"
_WHY = "There were too many for a mail each within the hour, or a mail could not be sent."
_WIDE = Context(prec=60)


def digest_mail(records: Sequence[ExceptionRecord], at: datetime, stage: str) -> Mail:
    """About exceptions that were not mailed one by one."""
    sums = list(_sums(records))
    sections: list[Section] = [
        ("What", [f"{len(records)} exceptions. {_WHY}"]),
        ("How many", text.bounded(list(_counts(records)))),
        ("How much", text.bounded(sums)),
        ("The largest", [_line(record) for record in _largest(records)]),
        ("How", list(_commands(records, stage))),
    ]
    money = f": {sums[0]}" if len(sums) == 1 else ""
    return Mail(
        subject=text.subject(f"{len(records)} exceptions{money}", f"({at:%Y-%m-%d %H:%M} UTC)"),
        body=text.body(sections),
    )


def digest_attributes(records: Iterable[ExceptionRecord], digest: str) -> dict[str, str]:
    """Those of the one owner, else of several: a subscription of one owner takes these too."""
    owners = {record.owner or words.owner_of(record.state) for record in records}
    owner = owners.pop() if len(owners) == 1 else words.SEVERAL
    return {"state": DIGEST, "owner": owner, "document": f"digest/{digest}"}


def _counts(records: Iterable[ExceptionRecord]) -> Iterator[str]:
    counted = Counter((record.state, record.owner) for record in records)
    for (state, owner), count in sorted(counted.items(), key=lambda one: (-one[1], str(one[0]))):
        yield f"{count}: {words.title(state)}, for {words.owner_words(owner)}"


def _sums(records: Iterable[ExceptionRecord]) -> Iterator[str]:
    """Per currency what the documents are about; amounts that nobody bills are left out."""
    sums: dict[str, Decimal] = {}
    for record in records:
        if text.amount(record.total, record.currency) and record.total and record.currency:
            so_far = sums.get(record.currency, Decimal(0))
            sums[record.currency] = _WIDE.add(so_far, abs(record.total))
    for currency, total in sorted(sums.items()):
        if told := text.amount(total, currency):
            yield told


def _largest(records: Sequence[ExceptionRecord]) -> list[ExceptionRecord]:
    """By amount; what has none comes last, the oldest first."""

    def order(record: ExceptionRecord) -> tuple[Decimal, datetime]:
        known = text.amount(record.total, record.currency) and record.total
        return -abs(known or Decimal(0)), record.raised_at

    return sorted(records, key=order)[:LARGEST]


def _line(record: ExceptionRecord) -> str:
    """Its own subject, which is harmless, after the amount that it is about."""
    headline = record.subject.removeprefix("[sapmatch] ")
    money = text.amount(record.total, record.currency)
    return f"{money or '-'} | {headline} | {words.owner_words(record.owner)}"


def _commands(records: Sequence[ExceptionRecord], stage: str) -> Iterator[str]:
    if len(records) > LARGEST:
        yield f"{len(records) - LARGEST} more are listed by:"
    yield f"sapmatch exceptions --stage {stage}"
    yield f"sapmatch exceptions show ID --stage {stage}"

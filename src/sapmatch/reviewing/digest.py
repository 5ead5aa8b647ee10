"""Tell what nobody was told: in one mail, however many exceptions there are (RE-28, RE-29)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice, takewhile

from sapmatch.model.document import ExceptionRecord
from sapmatch.model.outbox import Outbox
from sapmatch.model.ports import Clock, Mailer
from sapmatch.reviewing.mail.attributes import attributes_of
from sapmatch.reviewing.mail.digest import digest_attributes, digest_mail

GRACE = timedelta(minutes=5)  # a younger one may be about to be mailed
MOST = 10_000  # exceptions that one call takes


def oldest_unsent(outbox: Outbox, now: datetime) -> int:
    """Seconds since the oldest exception that nobody was told was raised; 0 where there is none."""
    first = next(outbox.unsent(), None)
    return int((now - first.raised_at).total_seconds()) if first else 0


def send_digest(
    *,
    outbox: Outbox,
    mailer: Mailer,
    clock: Clock,
    stage: str,
    out_of_time: Callable[[], bool],
) -> int:
    """Send at most one mail, then mark what it told; returns how many exceptions that were.

    Whatever stays unmarked, because time was up or the process died, is told again by the next
    call: nothing is lost, and no call repeats more than one mail.
    """
    now = clock.now()
    waiting = _waiting(outbox, now)
    digest = f"{now:%Y%m%dT%H%M%SZ}" if len(waiting) > 1 else None
    if not waiting:
        return 0
    if digest is None:
        mailer.send(waiting[0].subject, waiting[0].body, attributes_of(waiting[0]))
    else:
        mail = digest_mail(waiting, now, stage)
        mailer.send(mail.subject, mail.body, digest_attributes(waiting, digest))
    marked = 0
    for record in takewhile(lambda _: not out_of_time(), waiting):
        outbox.told(record, clock.now(), digest)
        marked += 1
    return marked


def _waiting(outbox: Outbox, now: datetime) -> list[ExceptionRecord]:
    due = takewhile(lambda record: now - record.raised_at >= GRACE, outbox.unsent())
    return list(islice(due, MOST))

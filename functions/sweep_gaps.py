"""Find every night what nobody told us: uploads, extractions that did not run, unread mails."""

from datetime import datetime
from typing import Any

from functions._extractions import out_of_time
from functions._metrics import aged, measured
from functions._runtime import Event, task
from functions._waking import woken
from sapmatch.bootstrap import Services, services
from sapmatch.reviewing.digest import oldest_unsent
from sapmatch.reviewing.sweep import Gap, lost_uploads, overdue_extractions, unread_mails


@task
def handler(_event: Event, context: Any) -> dict[str, Any]:
    """Any event -> {"found"}: how many gaps there were, each told in one mail."""
    parts = services()
    now = parts.clock.now()
    unread = unread_mails(parts.settings.alerts.addresses, parts.mailer.subscriptions())
    gaps = [*_uploads(parts, now, context), *_extractions(parts, now), *unread]
    measured(SweepFound=len(gaps), UnreadMailAddresses=len(unread))
    aged(OldestUnsentExceptionSeconds=oldest_unsent(parts.outbox, now))  # where no digest runs
    if gaps:  # first: what was received now is no gap any more when the sweep is repeated
        parts.exceptions.about_sweep(now.date().isoformat(), [str(gap) for gap in gaps])
    woken(parts, context, lost=True)
    return {"found": len(gaps)}


def _uploads(parts: Services, now: datetime, context: Any) -> list[Gap]:
    return lost_uploads(
        uploads=parts.objects,
        arrivals=parts.documents,
        receive=parts.receive,
        now=now,
        out_of_time=out_of_time(context),
    )


def _extractions(parts: Services, now: datetime) -> list[Gap]:
    schedules = {n: e.schedule for n, e in parts.settings.extractions.items() if e.schedule}
    return overdue_extractions(
        schedules, published=parts.published_at, control=parts.control, now=now
    )

"""Find every night what nobody told us: lost uploads, extractions that did not run."""

from datetime import datetime
from typing import Any

from functions._extractions import out_of_time
from functions._metrics import measured
from functions._runtime import Event, task
from sapmatch.bootstrap import Services, services
from sapmatch.reviewing.sweep import Gap, lost_uploads, overdue_extractions


@task
def handler(_event: Event, context: Any) -> dict[str, Any]:
    """Any event -> {"found"}: how many gaps there were, each told in one mail."""
    parts = services()
    now = parts.clock.now()
    gaps = [*_uploads(parts, now, context), *_extractions(parts, now)]
    measured(SweepFound=len(gaps))
    if gaps:
        parts.exceptions.about_sweep(now.date().isoformat(), [str(gap) for gap in gaps])
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

"""Tell every quarter of an hour what nobody was told yet, in one mail."""

from typing import Any

from functions._extractions import out_of_time
from functions._metrics import aged, measured
from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.reviewing.digest import oldest_unsent, send_digest


@task
def handler(_event: Event, context: Any) -> dict[str, Any]:
    """Any event -> {"told"}: how many exceptions; an alarm watches the age of the oldest."""
    parts = services()
    aged(OldestUnsentExceptionSeconds=oldest_unsent(parts.outbox, parts.clock.now()))
    told = send_digest(
        outbox=parts.outbox,
        mailer=parts.mailer,
        clock=parts.clock,
        stage=parts.stage,
        out_of_time=out_of_time(context),
    )
    measured(ExceptionsInDigest=told)
    return {"told": told}

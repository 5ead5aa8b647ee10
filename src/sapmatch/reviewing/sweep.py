"""What should have happened and did not: uploads without a record, extractions that did not run.

S3 tells of an upload at least once, nearly always. A schedule may be switched off and forgotten,
and a mail goes to nobody who did not confirm that he wants it.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import Struct

from sapmatch.model.errors import PreconditionFailed, SapmatchError
from sapmatch.model.outbox import Subscription
from sapmatch.model.ports import Control
from sapmatch.model.uploads import Arrivals, Upload, Uploads
from sapmatch.reviewing.schedule import longest_period

SETTLING = timedelta(hours=1)  # a younger upload may still be on its way
DAYS = timedelta(days=7)  # as far as a sweep looks back: seven sweeps may have failed
PERIODS = 2  # without a published run are one too many

Published = Callable[[str], datetime | None]


class Gap(Struct, frozen=True, kw_only=True):
    """One thing that is missing, and what the sweep did about it, as a line of a mail."""

    what: str
    done: str

    def __str__(self) -> str:
        return f"{self.what}: {self.done}"


def lost_uploads(
    *,
    uploads: Uploads,
    arrivals: Arrivals,
    receive: Callable[[Upload], object],
    now: datetime,
    out_of_time: Callable[[], bool],
) -> list[Gap]:
    """Receive every upload of the last days that has no record, as its event would have (RE-2).

    One that cannot be received is named, and tried again by the next sweep.
    """
    gaps = []
    for upload in uploads.uploads("incoming/", now - DAYS, now - SETTLING):
        if out_of_time():
            gaps.append(Gap(what=f"uploads from {upload.key} on", done="not looked at, time is up"))
            break
        if upload.key.endswith("/") or arrivals.arrived(upload):
            continue
        gaps.append(Gap(what=f"upload {upload.key}", done=_received(upload, receive)))
    return gaps


def _received(upload: Upload, receive: Callable[[Upload], object]) -> str:
    try:
        receive(upload)
    except SapmatchError as exc:
        return f"could not be received ({exc}); the next sweep tries again"
    return "received now"


def overdue_extractions(
    schedules: Mapping[str, str], *, published: Published, control: Control, now: datetime
) -> list[Gap]:
    """Extractions without a published run for two periods of their schedule.

    One that never had any is measured from the first sweep that saw it.
    """
    gaps = []
    for name, schedule in schedules.items():
        period = longest_period(schedule)
        if period is None:
            continue
        last = published(name)
        since = last or _watched(control, name, now)
        if now - since > PERIODS * period:
            told = f"since {since:%Y-%m-%d %H:%M} UTC" if last else "at all"
            gaps.append(
                Gap(
                    what=f"extraction {name} ({schedule}): no run was published {told}",
                    done="nothing was started; see the executions of extraction and its schedule",
                )
            )
    return gaps


def unread_mails(addresses: Iterable[str], subscriptions: Iterable[Subscription]) -> list[Gap]:
    """Addresses that get no mail: never confirmed, or without a subscription (RE-28)."""
    confirmed = {each.address: each.confirmed for each in subscriptions if each.protocol == "email"}
    gaps = []
    for address in sorted({*addresses, *confirmed}):
        if not confirmed.get(address):
            why = "was not confirmed" if address in confirmed else "is not subscribed any more"
            gaps.append(
                Gap(what=f"mails to {address}: {why}", done="see docs/operations/alerts.md")
            )
    return gaps


def _watched(control: Control, name: str, now: datetime) -> datetime:
    """When a sweep first saw the extraction."""
    key = f"extraction/{name}/watched"
    stored = control.read(key)
    if stored is not None:
        return datetime.fromisoformat(stored.value.decode())
    with suppress(PreconditionFailed):  # another sweep was faster, by seconds
        control.write(key, now.isoformat().encode(), expected=0)
    return now

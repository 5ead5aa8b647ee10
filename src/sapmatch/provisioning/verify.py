"""Whether what a central system accepted arrived in its child systems."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from sapmatch.model.errors import AuthorizationMissing, SapRejected
from sapmatch.model.provisioning import Verified
from sapmatch.model.users import Children, ChildSystem, UserReader
from sapmatch.provisioning.problems import NOT_SHOWN
from sapmatch.provisioning.progress import Notebook, Progress

_SOONEST = 2
_LATEST = 60
FINE = ("agrees", "not_asked")
UNSEEN = ChildSystem(system="(central)", status="unreachable", message=NOT_SHOWN)


def looked_at(
    noted: dict[int, Progress],
    reader: UserReader,
    children: Children,
    notebook: Notebook,
    now: Callable[[], datetime],
    until: datetime | None,
) -> None:
    """Ask the children of the users who wait for them, whoever waits longest first, until then.

    A child that did not answer is not asked again for the others; its name stands with them all.
    """
    waiting = [progress for progress in noted.values() if progress.waits_for_children]
    away: set[str] = set()
    for progress in sorted(waiting, key=_longest):
        if until is not None and now() >= until:
            break
        outcome = progress.outcome
        assert outcome is not None
        try:
            user = reader.details(progress.user)
            found = children.look(user, progress.user, progress.was_in, away)
        except (SapRejected, AuthorizationMissing):
            found = (UNSEEN,)  # of this user alone: the others go on
        fine = all(child.status in FINE for child in found)
        after = replace(outcome, children=found, verified=fine)
        looked = replace(progress, outcome=after, looked_at=now())
        noted[progress.row] = notebook.save(looked)


def _longest(progress: Progress) -> tuple[bool, datetime, int]:
    """Who was never looked at comes first, then who was not for longest."""
    looked = progress.looked_at
    return looked is not None, looked or datetime.min.replace(tzinfo=UTC), progress.row


def verified(noted: dict[int, Progress], since: datetime, now: datetime, minutes: int) -> Verified:
    """Whether to ask again, and when: seldom where it takes long.

    It is over when the time is, and the children of every user were asked once since then.
    """
    left = [progress for progress in noted.values() if progress.waits_for_children]
    if not left:
        return Verified(open=0)
    asked = all(each.looked_at and each.looked_at >= since for each in left)
    over = asked and now >= since + timedelta(minutes=minutes)
    if not asked:
        return Verified(open=len(left), wait_seconds=_SOONEST)
    waited = (now - since).total_seconds()
    wait = 0 if over else int(min(_LATEST, max(_SOONEST, waited / 2)))
    return Verified(open=len(left), wait_seconds=wait, over=over)


def behind(children: tuple[ChildSystem, ...]) -> tuple[ChildSystem, ...]:
    """Child systems that do not hold what the central system does, or could not be asked."""
    return tuple(child for child in children if child.status not in FINE)

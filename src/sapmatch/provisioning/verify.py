"""Whether what a central system accepted arrived in its child systems."""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec.structs import replace

from sapmatch.model.provisioning import Verified
from sapmatch.model.users import Children, ChildSystem, UserReader
from sapmatch.provisioning.progress import Notebook, Progress

_SOONEST = 2
_LATEST = 60
FINE = ("agrees", "not_asked")


def looked_at(
    noted: dict[int, Progress],
    reader: UserReader,
    children: Children,
    notebook: Notebook,
    go_on: Callable[[], bool],
) -> int:
    """Ask the children of every user who waits for them; returns how many still do."""
    waiting = [progress for progress in noted.values() if progress.waits_for_children]
    left = len(waiting)
    for progress in sorted(waiting, key=lambda each: each.row):
        if not go_on():
            break
        outcome = progress.outcome
        assert outcome is not None
        found = children.look(reader.get(progress.user), progress.user, progress.was_in)
        verified = all(child.status in FINE for child in found)
        after = replace(outcome, children=found, verified=verified)
        if after != outcome:
            noted[progress.row] = notebook.save(replace(progress, outcome=after))
        left -= verified
    return left


def verified(left: int, since: datetime, now: datetime, minutes: int) -> Verified:
    """Whether to ask again, and when: seldom where it takes long."""
    if not left:
        return Verified(open=0)
    over = now >= since + timedelta(minutes=minutes)
    waited = (now - since).total_seconds()
    wait = 0 if over else int(min(_LATEST, max(_SOONEST, waited / 2)))
    return Verified(open=left, wait_seconds=wait, over=over)


def behind(children: tuple[ChildSystem, ...]) -> tuple[ChildSystem, ...]:
    """Child systems that do not hold what the central system does, or could not be asked."""
    return tuple(child for child in children if child.status not in FINE)

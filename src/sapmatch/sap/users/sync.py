"""Users who changed since the last time.

SAP tells no deletions: who has to know them compares all names from time to time. It keeps day and
time of the last change only, by its own clock: a user may therefore come again, and is never left
out where the first pass begins by that clock.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final, TypeAlias

from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Clock
from sapmatch.model.users import Condition, SapUser, UserQuery, UserReader

Token: TypeAlias = tuple[date, time]

_MARGIN: Final = timedelta(seconds=1)  # SAP's times are whole seconds
_CLOCKS_APART: Final = timedelta(minutes=5)  # ours and SAP's, at most


class Sync:
    """One pass over the users who changed at the moment of `since` or later.

    Without `since` there is nothing to read: it begins now, which is `now` in SAP's zone, less
    what the clocks may be apart. After all users were taken, `token` is where the next pass begins:
    the last change that was seen, less the time the pass took, because a user who had been read
    already may have changed while later ones were.
    """

    def __init__(
        self,
        reader: UserReader,
        since: Token | None,
        clock: Clock,
        now: datetime,
        condition: Condition | None = None,
    ) -> None:
        self.token = since or _moment(now.replace(tzinfo=None) - _CLOCKS_APART)
        self._reader = reader
        self._since = since
        self._clock = clock
        self._condition = condition

    def users(self) -> Iterator[SapUser]:
        """Changed users in the order of their names; the token is moved behind the last of them."""
        if self._since is None:
            return
        latest = self._since
        started = self._clock.now()
        query = UserQuery(condition=self._condition, modified_since=self._since)
        for user in self._reader.users(query):
            latest = max(latest, user.modified or latest)
            yield user
        took = self._clock.now() - started
        self.token = max(self._since, _moment(datetime.combine(*latest) - took - _MARGIN))


def is_ahead(token: Token, now: datetime) -> bool:
    """Whether the moment is still to come, where it is `now`, more than clocks may be apart."""
    return datetime.combine(*token) > now.replace(tzinfo=None) + _CLOCKS_APART


def token_text(token: Token) -> str:
    """`2026-03-01T08:30:00`."""
    return f"{token[0].isoformat()}T{token[1]:%H:%M:%S}"


def token_of(text: str | None) -> Token | None:
    """What `token_text` wrote, or a day; None where there is none yet."""
    if text is None or not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as exc:
        raise InputRejected(
            f"{text!r} is no moment: write a day as 2026-03-01 or 2026-03-01T08:30:00"
        ) from exc
    if found.tzinfo is not None:
        raise InputRejected(f"{text!r}: leave out the zone; it is a time of SAP's own clock")
    return _moment(found)


def _moment(when: datetime) -> Token:
    whole = when.replace(microsecond=0)
    return whole.date(), whole.time()

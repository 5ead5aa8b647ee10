"""Users who changed since the last time (row B38)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import Rfc
from sapmatch.sap.users.reader import SapUsers
from sapmatch.sap.users.sync import Sync, token_of, token_text
from tests.builders.listed_users import ListedUsers, Told, sync, told
from tests.builders.memory import MemoryClock

DAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def changed(name: str, day: date, at: time) -> Told:
    return told(name, LASTMODIFIED={"MODDATE": day, "MODTIME": at})


def reader_of(sap: ListedUsers, clock: MemoryClock) -> SapUsers:
    return SapUsers(sap, Rfc(), "S4", clock, 1, page_size=2)


def test_without_a_token_nothing_is_read_and_it_begins_now() -> None:
    """CO-T56: less what the clocks may be apart."""
    sap = ListedUsers([changed("AMY", DAY, time(8))])
    clock = MemoryClock()
    users, token = sync(reader_of(sap, clock), None, clock, NOW)
    assert (users, token) == ([], (DAY, time(11, 55)))
    assert sap.lists == []


def test_of_the_same_day_only_those_come_who_changed_at_that_time_or_later() -> None:
    """CO-T56: SAP selects by the day, the time is looked at here."""
    sap = ListedUsers(
        [
            changed("EARLY", DAY, time(7, 59, 59)),
            changed("LATER", DAY, time(8, 0, 1)),
            changed("NEXT", DAY + timedelta(1), time(0)),
            changed("OLD", DAY - timedelta(1), time(23)),
            changed("SAME", DAY, time(8)),
        ]
    )
    clock = MemoryClock()
    users, token = sync(reader_of(sap, clock), (DAY, time(8)), clock, NOW)
    assert [user.name for user in users] == ["LATER", "NEXT", "SAME"]
    assert "OLD" not in sap.details
    assert token == (DAY, time(23, 59, 59))


def test_a_user_who_changes_behind_the_reader_comes_next_time() -> None:
    clock = MemoryClock()
    sap = ListedUsers([changed(name, DAY, time(8)) for name in ("AMY", "ZOE")])

    def change(name: str) -> None:
        clock.sleep(30)
        if name == "ZOE":  # AMY has been read
            sap.users["AMY"] = changed("AMY", DAY, time(8, 0, 5))
            sap.users["ZOE"] = changed("ZOE", DAY, time(8, 0, 20))

    sap.before_detail = change
    reader = reader_of(sap, clock)
    first, token = sync(reader, (DAY, time(7)), clock, NOW)
    assert [user.modified for user in first] == [(DAY, time(8)), (DAY, time(8, 0, 20))]
    sap.before_detail = lambda name: None
    again, _ = sync(reader, token, clock, NOW)
    assert [user.modified for user in again] == [(DAY, time(8, 0, 5)), (DAY, time(8, 0, 20))]


def test_where_nobody_changed_the_token_stays() -> None:
    clock = MemoryClock()
    sap = ListedUsers([changed("AMY", DAY - timedelta(9), time(8))])
    assert sync(reader_of(sap, clock), (DAY, time(8)), clock, NOW) == ([], (DAY, time(8)))


def test_a_pass_that_breaks_off_leaves_the_token_where_it_was() -> None:
    clock = MemoryClock()
    sap = ListedUsers([changed("AMY", DAY, time(9)), changed("ZOE", DAY, time(10))])
    one = Sync(reader_of(sap, clock), (DAY, time(8)), clock, NOW)
    users = one.users()
    assert next(users).name == "AMY"
    assert one.token == (DAY, time(8))


def test_a_token_is_text_between_two_passes() -> None:
    assert token_of(token_text((DAY, time(8, 1, 2)))) == (DAY, time(8, 1, 2))
    assert token_of("2026-03-01") == (DAY, time())
    assert token_of(None) is token_of(" ") is None


@pytest.mark.parametrize("text", ["yesterday", "2026-03-01T08:00:00Z", "2026-13-01"])
def test_a_token_of_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputRejected, match=text):
        token_of(text)

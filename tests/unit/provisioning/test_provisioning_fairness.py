"""Every user who waits for child systems has his turn, and one that is away stops nobody."""

from datetime import timedelta
from typing import Any

from sapmatch.model.errors import SapRejected
from sapmatch.model.users import ChildSystem
from tests.builders.memory_users import CHILD, MemoryUsers, ProvisioningHome, role, user

LATE = ChildSystem(system=CHILD, status="differs", differs=("not locked",))
NAMES = [f"U{number}" for number in range(1, 7)]


class SlowUsers(MemoryUsers):
    """A child takes a minute for an answer, and one that is away is not waited for again."""

    home: ProvisioningHome
    down = False

    def look(
        self, wanted: Any, name: str, was_in: Any = None, away: Any = None
    ) -> tuple[ChildSystem, ...]:
        self.home.clock.sleep(0 if CHILD in (away or ()) else 60)
        found = super().look(wanted, name, was_in, away)
        if not self.down:
            return found
        away.add(CHILD)
        return (ChildSystem(system=CHILD, status="unreachable"),)


def applied(minutes: int) -> tuple[ProvisioningHome, str]:
    """A run of six users that a central system took."""
    sap = SlowUsers(*(user(name, role("Z_CLERK", CHILD)) for name in NAMES), central=True)
    sap.behind = {name: [LATE] for name in NAMES}
    here = ProvisioningHome(sap, verify_minutes=minutes)
    sap.home = here
    run = here.drop(*({"USERNAME": name, "ADDRESS.LASTNAME": "X"} for name in NAMES))
    here.plan(run)
    here.apply(run)
    return here, run


def look(here: ProvisioningHome, run: str, minutes: int = 2) -> Any:
    """As a function of so many minutes does."""
    return here.runs().verify(run, "s4", here.clock.now() + timedelta(minutes=minutes))


def test_who_was_not_looked_at_for_longest_comes_first() -> None:
    """CO-T51"""
    here, run = applied(minutes=30)
    for _ in range(3):
        look(here, run)
    assert [name for name, _ in here.sap.looks] == NAMES
    look(here, run)
    assert [name for name, _ in here.sap.looks[6:]] == NAMES[:2]


def test_it_is_not_over_before_the_children_of_all_users_were_asked() -> None:
    here, run = applied(minutes=1)
    assert [look(here, run).over for _ in range(3)] == [False, False, True]
    response = here.report(run)
    assert all(row["distribution_failed"] == [CHILD] for row in response["rows"])


def test_a_child_that_is_away_is_asked_once_in_a_call() -> None:
    here, run = applied(minutes=30)
    here.sap.down = True  # type: ignore[attr-defined]
    begun = here.clock.now()
    assert look(here, run, minutes=10).open == 6
    assert here.clock.now() - begun == timedelta(minutes=1)
    assert [away for _, away in here.sap.looks] == [frozenset(), *[frozenset({CHILD})] * 5]


def test_a_user_whom_sap_does_not_show_any_more_stops_no_other() -> None:
    here, run = applied(minutes=1)
    shown = here.sap.details

    def refused(name: str) -> Any:
        if name == "U1":
            raise SapRejected("01/512", "user U1 must not be seen")
        return shown(name)

    here.sap.details = refused  # type: ignore[method-assign]
    look(here, run, minutes=20)
    assert [name for name, _ in here.sap.looks] == NAMES[1:]
    unseen, *others = here.report(run)["rows"]
    assert "S_USER_GRP" in str(unseen["children"])
    assert "must not be seen" not in str(unseen)
    assert all(row["distribution_failed"] == [CHILD] for row in others)

"""A worker dies before or after any effect; whoever comes next ends the run, once."""

from collections.abc import Generator, Mapping
from typing import Any

import pytest

from sapmatch.model.errors import Throttled
from sapmatch.model.ports import Versioned
from sapmatch.model.users import ChildSystem
from tests.builders.control import MemoryControl
from tests.builders.memory import MemoryObjects
from tests.builders.memory_users import CHILD, MemoryUsers, ProvisioningHome, role, user

NAMES = "ACTIVITYGROUPS.AGR_NAME"
ROWS = (
    {"USERNAME": "NEW", "ADDRESS.LASTNAME": "Neu", NAMES: ["Z_BUYER"]},
    {"USERNAME": "A", "ADDRESS.LASTNAME": "Anders"},
    {"USERNAME": "B", "STATE": "locked"},
    {"USERNAME": "C", "STATE": "absent"},
    {"USERNAME": "D"},
)
PERSON = "arn:aws:iam::111122223333:user/somebody"


class Killed(BaseException):
    """The end of a process."""


class Fuse:
    """Kills at the n-th effect, once; `burnt` counts all of them."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.burnt = 0

    def burn(self) -> None:
        self.burnt += 1
        if self.burnt == self.at:
            raise Killed


class FusedObjects(MemoryObjects):
    """Dies before or after it stores."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self.fuse = fuse

    def write(self, key: str, data: bytes) -> None:
        self.fuse.burn()
        super().write(key, data)
        self.fuse.burn()


class FusedControl(MemoryControl):
    """Dies before or after it stores."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self.fuse = fuse

    def write(self, key: str, value: bytes, *, expected: int) -> int:
        self.fuse.burn()
        version = super().write(key, value, expected=expected)
        self.fuse.burn()
        return version

    def read(self, key: str) -> Versioned | None:
        return super().read(key)


def stage(fuse: Fuse, *, central: bool) -> ProvisioningHome:
    system = CHILD if central else ""
    held = [user("A"), user("B"), user("C", role("Z_CLERK", system)), user("D")]
    sap = MemoryUsers(*held, central=central)
    sap.behind["A"] = [
        ChildSystem(system=CHILD, status="differs", differs=("the user is not there",)),
        ChildSystem(system=CHILD, status="agrees"),
    ]
    home = ProvisioningHome(sap, users_locked_at_most=1)
    home.drop(*ROWS)
    home.objects.__class__ = FusedObjects
    home.objects.fuse = fuse  # type: ignore[attr-defined]
    home.control = FusedControl(fuse)
    sap.before = sap.after = fuse.burn
    send = home.mailer.send

    def fused(subject: str, body: str, attributes: Mapping[str, str]) -> None:
        fuse.burn()
        send(subject, body, attributes)
        fuse.burn()

    home.mailer.send = fused  # type: ignore[method-assign]
    return home


def steps(home: ProvisioningHome) -> Generator[Any, Any, None]:
    """What the state machine calls, each step again and again until it answers."""
    run, runs = home.upload.run_id, home.runs
    planned = yield lambda: home.plan(run)
    if planned.outcome == "waits":
        yield lambda: runs().hold(run, "s4", "token", "execution")
        digest = planned.digest
        yield lambda: runs().approve(run, "s4", digest, PERSON, "agreed")
    left = 1
    while left:
        applied = yield lambda: runs().apply(run, "s4", owner="execution")
        left = applied.left
        home.clock.sleep(applied.wait_seconds)
    if applied.to_verify:
        yield lambda: home.verify(run)
    yield lambda: home.report(run)


def carried(home: ProvisioningHome) -> dict[str, Any]:
    """The whole run, with a new process wherever one died; its response."""
    course = steps(home)
    step = next(course)
    while True:
        try:
            answer = step()
        except (Killed, Throttled):
            home.clock.sleep(1)
            continue
        try:
            step = course.send(answer)
        except StopIteration:
            found: dict[str, Any] = answer
            return found


def state(home: ProvisioningHome, response: dict[str, Any]) -> tuple[Any, ...]:
    rows = [(row["row"], row["status"], row.get("verified")) for row in response["rows"]]
    return dict(home.sap.held), rows, response["status"]


def undisturbed(*, central: bool) -> tuple[int, tuple[Any, ...], list[tuple[str, str]]]:
    fuse = Fuse(0)
    home = stage(fuse, central=central)
    end = state(home, carried(home))
    return fuse.burnt, end, home.sap.effects


@pytest.mark.parametrize("central", [False, True])
def test_a_run_ends_the_same_wherever_a_worker_dies(central: bool) -> None:
    """No user is changed twice, none is left out, and the plan that was approved is applied."""
    effects, end, changed = undisturbed(central=central)
    assert effects > 50
    assert sorted(changed) == [("change", "A"), ("change", "B"), ("create", "NEW"), ("delete", "C")]
    for at in range(1, effects + 1):
        home = stage(Fuse(at), central=central)
        assert state(home, carried(home)) == end, f"died at effect {at}"
        assert home.sap.effects == changed, f"died at effect {at}"
        subjects = [subject for subject, _, _ in home.mailer.sent]
        assert len(subjects) - len(set(subjects)) <= 1  # a mail may come twice, none is missing
        assert len(set(subjects)) == 2


def test_every_second_effect_may_kill_a_worker_and_the_run_ends_all_the_same() -> None:
    """A row that was begun and never ended is read back before anything is sent again."""
    _, end, changed = undisturbed(central=False)
    for rhythm in (7, 9, 11, 13):
        fuse = Fuse(rhythm)
        home = stage(fuse, central=False)
        course = steps(home)
        step = next(course)
        for _ in range(400):
            try:
                answer = step()
            except (Killed, Throttled):
                fuse.at = fuse.burnt + rhythm
                home.clock.sleep(1)
                continue
            try:
                step = course.send(answer)
            except StopIteration:
                break
        else:
            raise AssertionError("the run does not come to its end")
        assert state(home, answer) == end
        assert home.sap.effects == changed

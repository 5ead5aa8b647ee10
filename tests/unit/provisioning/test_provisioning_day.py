"""Limits hold over all files of a day, however small each of them is."""

from typing import Any

import pytest

from sapmatch.model.errors import InputRejected, SapRejected
from tests.builders.memory_users import MemoryUsers, ProvisioningHome, user

NAMES = "ACTIVITYGROUPS.AGR_NAME"


def home(**rules: Any) -> ProvisioningHome:
    sap = MemoryUsers(*(user(f"U{n}", "Z_BUYER") for n in range(9)))
    return ProvisioningHome(sap, **{"users_locked_at_most": 3, "roles_removed_at_most": 3} | rules)


def lock(here: ProvisioningHome, *users: int) -> Any:
    run = here.drop(
        *({"USERNAME": f"U{n}", "STATE": "locked"} for n in users), name=f"{users}.json"
    )
    return here.plan(run)


def test_small_files_add_up_to_the_limit() -> None:
    here = home()
    assert lock(here, 0, 1).outcome == "ready"
    assert lock(here, 2).outcome == "ready"
    third = lock(here, 3)
    assert third.outcome == "waits"
    assert "after 3 of other files in the last 24 hours; at most 3 go" in third.waits_for[0]


def test_roles_add_up_too_and_what_takes_nothing_never_waits() -> None:
    here = home()
    for n in range(3):
        taking = here.drop({"USERNAME": f"U{n}", NAMES: []}, name=f"{n}.json")
        assert here.plan(taking).outcome == "ready"
    giving = here.drop({"USERNAME": "U7", NAMES: ["Z_BUYER", "Z_CLERK"]}, name="more.json")
    assert here.plan(giving).outcome == "ready"
    assert lock(here, 8).outcome == "ready"
    last = here.drop({"USERNAME": "U4", NAMES: []}, name="last.json")
    assert here.plan(last).outcome == "waits"


def test_a_day_later_the_count_begins_anew() -> None:
    here = home()
    assert lock(here, 0, 1, 2).outcome == "ready"
    here.later(23 * 3600)
    assert lock(here, 3).outcome == "waits"
    here.later(2 * 3600)
    assert lock(here, 4).outcome == "ready"


def test_what_a_person_has_to_agree_to_takes_nothing_of_what_goes_without() -> None:
    here = home()
    assert lock(here, 0, 1, 2, 3).outcome == "waits"
    assert lock(here, 4, 5).outcome == "ready"


def test_a_run_that_is_planned_again_counts_once() -> None:
    """Its worker died between the count and the plan."""
    here = home()
    run = here.drop({"USERNAME": "U0", "STATE": "locked"}, {"USERNAME": "U1", "STATE": "locked"})
    write = here.objects.write_once

    def die(key: str, data: bytes) -> Any:
        if key.endswith("plan.json"):
            raise KeyboardInterrupt
        return write(key, data)

    here.objects.write_once = die  # type: ignore[method-assign]
    try:
        here.plan(run)
    except KeyboardInterrupt:
        here.objects.write_once = write  # type: ignore[method-assign]
    assert here.plan(run).outcome == "ready"
    assert lock(here, 3).outcome == "ready"


def test_of_two_files_at_the_same_time_the_second_counts_the_first() -> None:
    here = home()
    write = here.control.write
    others: list[Any] = []
    begun: list[str] = []

    def meanwhile(key: str, value: bytes, *, expected: int) -> int:
        if key.endswith(".taken") and not begun:
            begun.append(key)
            others.append(lock(here, 0, 1))
        return write(key, value, expected=expected)

    run = here.drop(*({"USERNAME": f"U{n}", "STATE": "locked"} for n in (4, 5)))
    upload = here.upload
    here.control.write = meanwhile  # type: ignore[method-assign]
    second = here.runs().plan(run, "s4", upload.key, upload.version_id)
    assert (others[0].outcome, second.outcome) == ("ready", "waits")


def test_a_dry_run_counts_nothing() -> None:
    here = home()
    for _ in range(5):
        plan = here.runs().dry_run("s4", "x.json", b'{"USERNAME": "U1", "STATE": "locked"}')
        assert not plan.waits_for
    assert lock(here, 0, 1, 2).outcome == "ready"


def test_what_a_run_did_not_take_is_given_back_at_its_end() -> None:
    """A file that was stopped or corrected would hold up the next one for a day."""
    here = home(on_error="continue")
    assert lock(here, 0, 1, 2).outcome == "ready"
    here.sap.faults = {"U0": [SapRejected("01/512", "no")], "U1": ["never arrived"] * 3}
    here.apply(here.upload.run_id)
    response = here.report(here.upload.run_id)
    assert [row["status"] for row in response["rows"]] == ["failed", "failed", "done"]
    assert [len(row["written"]) for row in response["rows"]] == [0, 0, 1]
    assert lock(here, 3, 4).outcome == "ready"
    assert lock(here, 5).outcome == "waits"


def test_a_run_that_goes_on_counts_again_and_is_refused_beyond_the_limit() -> None:
    here = home()
    assert lock(here, 0, 1, 2).outcome == "ready"
    first = here.upload.run_id
    here.runs().stop(first, "s4")
    here.report(first)
    assert lock(here, 3, 4).outcome == "ready"
    with pytest.raises(InputRejected, match="24 hours"):
        here.runs().resume(first, "s4")
    here.later(25 * 3600)
    here.runs().resume(first, "s4")
    assert lock(here, 5).outcome == "waits"


def test_what_may_have_been_taken_counts_as_taken() -> None:
    here = home()
    assert lock(here, 0, 1).outcome == "ready"
    here.sap.faults = {"U0": ["never arrived"]}
    here.runs().apply(here.upload.run_id, "s4", owner="x")
    here.report(here.upload.run_id, "Lambda.Unknown")
    assert lock(here, 3, 4).outcome == "ready"
    assert lock(here, 5).outcome == "waits"

"""Whatever breaks at whatever step, the same change sent again leads to the same user."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from sapmatch.model.errors import (
    AuthorizationMissing,
    OutcomeUnknown,
    SapmatchError,
    SapRejected,
    SapUnavailable,
)
from sapmatch.model.rfc import AbapException
from sapmatch.model.users import Changed, ProfileAssignment, RoleAssignment, UserChange
from tests.builders.scripted_users import ScriptedSap, error, writer_on

DAY = date(2026, 1, 1)
WANTED = UserChange(
    name="JDOE",
    fields={"ADDRESS.LASTNAME": "Miller", "ADDRESS.CITY": "Bonn"},
    roles=(RoleAssignment(name="SAP_A", valid_from=DAY), RoleAssignment(name="B", valid_from=DAY)),
    profiles=(ProfileAssignment(name="SAP_NEW"),),
    groups=("SUPER",),
    parameters={"WRK": "1000"},
    locked=True,
)
MODULES = (
    "BAPI_USER_CREATE1",
    "BAPI_USER_CHANGE",
    "BAPI_USER_ACTGROUPS_ASSIGN",
    "BAPI_USER_PROFILES_ASSIGN",
    "BAPI_USER_LOCK",
)
ERRORS: dict[str, Callable[[], SapmatchError]] = {
    "lost": lambda: OutcomeUnknown("no answer"),
    "away": lambda: SapUnavailable("not reached"),
    "forbidden": lambda: AuthorizationMissing("S_RFC"),
    "exception": lambda: AbapException("NOT_POSSIBLE"),
}


def once(sap: ScriptedSap, place: dict[str, Callable[[], None]], module: str, kind: str) -> None:
    """The next call of the module breaks, and no other."""

    def breaks() -> None:
        del place[module]
        raise ERRORS[kind]()

    place[module] = breaks


def faults() -> Iterator[tuple[str, str, str]]:
    for module in MODULES:
        for kind in ERRORS:
            yield module, "before", kind
        yield module, "after", "lost"
        yield module, "return", "E"
        yield module, "return", "A"
        yield module, "return", "W"


def with_fault(sap: ScriptedSap, fault: tuple[str, str, str]) -> None:
    module, when, kind = fault
    if when == "return":
        sap.returns[module] = [error("999", kind)]
    else:
        once(sap, sap.before if when == "before" else sap.after, module, kind)


def state_of(sap: ScriptedSap) -> Any:
    user = sap.users["JDOE"]
    return {
        **user["structures"]["ADDRESS"],
        "roles": {(row["AGR_NAME"], row["FROM_DAT"]) for row in user["roles"]},
        "rest": (user["profiles"], user["groups"], user["parameters"], user["locks"]),
    }


def tried(sap: ScriptedSap) -> Changed | SapmatchError:
    writer = writer_on(sap)
    try:
        return writer.change(WANTED) if "JDOE" in sap.users else writer.create(WANTED)
    except SapmatchError as exc:
        return exc


@pytest.mark.parametrize("fault", list(faults()), ids="-".join)
@pytest.mark.parametrize("is_there", [False, True], ids=["new", "known"])
def test_the_same_change_again_ends_with_the_same_user(
    fault: tuple[str, str, str], *, is_there: bool
) -> None:
    """CO-T36, CO-T37, CO-T41: a failure is told, and a second time mends what is missing."""
    good = ScriptedSap()
    tried(good)
    sap = ScriptedSap()
    if is_there:
        sap.add("JDOE", structures={"ADDRESS": {"LASTNAME": "Old"}})
    with_fault(sap, fault)
    first = tried(sap)
    creations = sap.writes.count("BAPI_USER_CREATE1")
    assert creations <= 1
    is_right = "JDOE" in sap.users and state_of(sap) == state_of(good)
    if isinstance(first, Changed) and first.status == "done":
        assert is_right
    if is_right and fault[1] == "after":
        assert isinstance(first, Changed)
        assert first.status == "done"
    sap.returns.clear()
    second = tried(sap)
    assert isinstance(second, Changed)
    assert second.status == ("unchanged" if is_right else "done")
    assert state_of(sap) == state_of(good)
    sent = len(sap.sent)
    third = tried(sap)
    assert isinstance(third, Changed)
    assert third.status == "unchanged"
    assert len(sap.sent) == sent


@pytest.mark.parametrize("fault", [f for f in faults() if f[0] != "BAPI_USER_CHANGE"], ids="-".join)
def test_a_user_who_is_to_be_locked_is_locked_or_not_called_done(
    fault: tuple[str, str, str],
) -> None:
    sap = ScriptedSap()
    with_fault(sap, fault)
    first = tried(sap)
    if ("JDOE" in sap.users and fault[0] not in ("BAPI_USER_CREATE1", "BAPI_USER_LOCK")) or (
        isinstance(first, Changed) and first.status == "done"
    ):
        assert "LOCAL_LOCK" in sap.users["JDOE"]["locks"]


@pytest.mark.parametrize("kind", ["E", "A", "X", "W"])
def test_every_kind_of_failure_fails_a_step(kind: str) -> None:
    """CO-T37: also where it stands in the second row."""
    sap = ScriptedSap()
    sap.add("JDOE")
    sap.returns["BAPI_USER_LOCK"] = [error("245", "S"), error("999", kind)]
    done = writer_on(sap).change(UserChange(name="JDOE", locked=True))
    assert done.steps[0].code == "01/999"
    assert done.status == ("partial" if kind == "W" else "failed")


def test_a_warning_may_be_none() -> None:
    """CO-T37, failWhenWarning."""
    sap = ScriptedSap()
    sap.add("JDOE")
    sap.returns["BAPI_USER_LOCK"] = [error("999", "W")]
    done = writer_on(sap, fail_when_warning=False).change(UserChange(name="JDOE", locked=True))
    assert done.status == "done"
    assert [each.code for each in done.warnings] == ["01/999"]


def test_what_cannot_be_read_back_is_unknown() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")
    reads = iter([False, True, True, True, True])
    plain = sap.call

    def call(function: str, *given: Any, **named: Any) -> Any:
        if function == "BAPI_USER_GET_DETAIL" and next(reads):
            raise SapUnavailable("not reached")
        return plain(function, *given, **named)

    sap.call = call  # type: ignore[method-assign]
    done = writer_on(sap).change(UserChange(name="JDOE", locked=True))
    assert done.status == "unknown"
    assert done.steps[-1].name == "read back"


def test_a_user_who_was_deleted_meanwhile_is_no_success() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")
    sap.after["BAPI_USER_LOCK"] = sap.users.clear
    done = writer_on(sap).change(UserChange(name="JDOE", locked=True))
    assert (done.status, done.steps[0].message) == ("failed", "the user is not there")
    with pytest.raises(SapRejected, match="01/124"):
        writer_on(sap).change(UserChange(name="JDOE", locked=True))


@pytest.mark.parametrize(("answers", "status"), [(True, "not_executed"), (False, "unknown")])
def test_a_password_is_taken_back_with_what_follows_it(answers: bool, status: str) -> None:
    """Nobody can read it back, so it is what SAP says of the unit of work."""

    def lost() -> None:
        raise OutcomeUnknown("the answer is missing")

    sap = ScriptedSap(stateful=True)
    sap.add("JDOE")
    sap.returns["BAPI_USER_ACTGROUPS_ASSIGN"] = [error("174")]
    sap.before["BAPI_TRANSACTION_ROLLBACK"] = (lambda: None) if answers else lost
    change = UserChange(name="JDOE", password="Geheim-1", role_names=("SAP_A",))
    done = writer_on(sap).change(change)
    seen = {step.name: step.status for step in done.steps}
    assert seen == {"password": status, "roles": "failed"}
    assert done.status == ("failed" if answers else "unknown")

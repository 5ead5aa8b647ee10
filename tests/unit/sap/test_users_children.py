"""Whether a change arrived in the child systems of a central user administration."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import AuthorizationMissing, InputRejected, SapRejected, SapUnavailable
from sapmatch.model.rfc import Rfc
from sapmatch.model.users import Locks, ProfileAssignment, RoleAssignment, SapUser
from sapmatch.sap.users.children import SapChildren

CENTRAL, CHILD, OTHER = "S4HCLNT100", "S4HCLNT200", "S4HCLNT300"
DAY = date(2026, 1, 1)
ROLE = RoleAssignment(name="SAP_A", valid_from=DAY)
WANTED = SapUser(
    name="JDOE",
    systems=(CENTRAL, CHILD),
    roles=(replace(ROLE, system=CHILD), replace(ROLE, system=CENTRAL, name="SAP_B")),
    profiles=(ProfileAssignment(system=CHILD, name="SAP_NEW"),),
)
THERE = SapUser(name="JDOE", roles=(ROLE,), profiles=(ProfileAssignment(name="SAP_NEW"),))


class OneUser:
    """As much of a reader as the children ask."""

    def __init__(self, found: SapUser | Exception | None) -> None:
        self._found = found

    def details(self, name: str) -> SapUser | None:
        assert name == "JDOE"
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


def children(found: SapUser | Exception | None, systems: dict[str, str] | None = None) -> Any:
    central = Rfc(destination_name=CENTRAL, cua_enabled=True, systems=systems or {CHILD: "c200"})
    return SapChildren(central, lambda name: OneUser(found))


def look(found: SapUser | Exception | None, wanted: SapUser | None = WANTED) -> Any:
    (only,) = children(found).look(wanted, "JDOE")
    assert only.system == CHILD
    return only


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (SapUnavailable("SAP was not reached"), {CHILD}),
        (SapRejected("01/512", "no authorisation for group SUPER"), set()),
        (AuthorizationMissing("S_USER_GRP is missing"), set()),
    ],
)
def test_a_child_that_is_away_is_told_from_one_that_refuses_a_user(
    error: Exception, away: set[str]
) -> None:
    found: set[str] = set()
    children(error).look(WANTED, "JDOE", None, found)
    assert found == away
    again = children(InputRejected("it was asked")).look(WANTED, "JDOE", None, {CHILD})
    assert again[0].status == "unreachable"
    assert "a moment ago" in again[0].message


def test_a_child_that_holds_the_same_agrees() -> None:
    """CO-T51."""
    indirect = replace(ROLE, name="MEMBER", origin="C")
    generated = ProfileAssignment(name="T-4711", generated=True)
    more = replace(THERE, roles=(*THERE.roles, indirect), profiles=(*THERE.profiles, generated))
    assert look(THERE).status == look(more).status == "agrees"


@pytest.mark.parametrize(
    ("found", "differs"),
    [
        (None, "the user is not there"),
        (replace(THERE, roles=()), "roles not assigned: SAP_A"),
        (replace(THERE, roles=(ROLE, replace(ROLE, name="SAP_X"))), "roles still assigned: SAP_X"),
        (
            replace(THERE, roles=(replace(ROLE, valid_to=date(2026, 2, 1)),)),
            "roles not assigned: SAP_A; still assigned: SAP_A (until 2026-02-01)",
        ),
        (replace(THERE, profiles=()), "profiles not assigned: SAP_NEW"),
        (
            replace(THERE, profiles=(*THERE.profiles, ProfileAssignment(name="SAP_ALL"))),
            "profiles still assigned: SAP_ALL",
        ),
        (replace(THERE, locks=Locks(everywhere=True)), "still locked by the central system"),
    ],
)
def test_a_child_that_differs_says_in_what(found: SapUser | None, differs: str) -> None:
    """CO-T51."""
    seen = look(found)
    assert (seen.status, seen.differs) == ("differs", (differs,))


def test_a_lock_of_the_central_system_has_to_arrive() -> None:
    """CO-T51."""
    locked = replace(WANTED, locks=Locks(everywhere=True))
    assert look(THERE, locked).differs == ("not locked",)
    assert look(replace(THERE, locks=Locks(everywhere=True)), locked).status == "agrees"
    assert look(replace(THERE, locks=Locks(local=True))).status == "agrees"


def test_a_deleted_user_and_one_of_other_systems_are_not_there() -> None:
    """CO-T51."""
    elsewhere = SapUser(name="JDOE", systems=(CENTRAL,))
    for wanted in (None, elsewhere):
        assert look(None, wanted).status == "agrees"
        assert look(THERE, wanted).differs == ("the user is still there",)


@pytest.mark.parametrize(
    "error", [SapUnavailable("S4HCLNT200 was not reached"), InputRejected("x")]
)
def test_a_child_that_does_not_answer_is_named_with_its_error(error: Exception) -> None:
    """CO-T51."""
    seen = look(error)
    assert (seen.status, seen.message) == ("unreachable", str(error))


def test_a_child_without_a_connection_is_not_asked() -> None:
    """CO-T51."""
    wanted = replace(WANTED, systems=(CENTRAL, CHILD, OTHER))
    seen = {each.system: each.status for each in children(THERE).look(wanted, "JDOE")}
    assert seen == {CHILD: "agrees", OTHER: "not_asked"}
    seen = {each.system: each.status for each in children(THERE, {CHILD: ""}).look(None, "JDOE")}
    assert seen == {CHILD: "not_asked"}


def test_composite_roles_are_expanded_in_each_child() -> None:
    """Row B31."""
    indirect = replace(ROLE, name="MEMBER", origin="C")
    found = children(replace(THERE, roles=(ROLE, indirect)), {CHILD: "c200", OTHER: ""})
    assert found.expanded("JDOE") == {
        CHILD: (replace(ROLE, system=CHILD), replace(indirect, system=CHILD)),
        OTHER: None,
    }
    assert children(None).expanded("JDOE") == {CHILD: ()}
    assert children(SapUnavailable("x")).expanded("JDOE") == {CHILD: None}


def asked(wanted: SapUser | None, was_in: Any, found: Any = THERE) -> dict[str, str]:
    systems = {CENTRAL: "s4", CHILD: "c200", OTHER: "c300"}
    looked = children(found, systems).look(wanted, "JDOE", was_in)
    return {each.system: each.status for each in looked}


def test_systems_that_the_user_has_nothing_to_do_with_are_not_asked() -> None:
    """CO-T51: one that is away for days would fail every change of everybody else."""
    wanted = replace(WANTED, systems=(CHILD,), roles=WANTED.roles[:1])
    assert asked(wanted, ()) == {CHILD: "agrees"}
    assert asked(wanted, (CHILD, OTHER)) == {CHILD: "agrees", OTHER: "differs"}
    assert asked(None, (OTHER,)) == {OTHER: "differs"}
    assert asked(None, (), None) == {}


def test_a_user_who_leaves_the_central_system_as_a_child_stays_its_user() -> None:
    wanted = replace(WANTED, systems=(CHILD,), roles=WANTED.roles[:1])
    assert asked(wanted, (CENTRAL,)) == {CHILD: "agrees"}
    assert asked(wanted, None) == {CHILD: "agrees", OTHER: "differs"}


def test_where_nobody_knows_what_a_user_left_all_are_asked_and_others_may_be_away() -> None:
    """CO-T51."""
    away = SapUnavailable("was not reached")
    wanted = replace(WANTED, systems=(CHILD,), roles=WANTED.roles[:1])
    assert asked(wanted, None, away) == {CHILD: "unreachable", OTHER: "not_asked"}
    assert asked(None, None, away) == dict.fromkeys((CENTRAL, CHILD, OTHER), "unreachable")


def test_a_central_system_that_is_its_own_child_is_asked_for_its_own_roles_alone() -> None:
    """CO-T51: read as a central system it names the roles of all."""
    seen = children(WANTED, {CENTRAL: "s4"}).look(WANTED, "JDOE")
    assert {each.system: each.status for each in seen} == {CENTRAL: "agrees", CHILD: "not_asked"}

"""Users of a central administration are accepted by the central system, and arrive in children."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.users import UserChange
from sapmatch.sap.users.children import SapChildren
from tests.builders.user_side import MILLER, Reached, Side, reached, side_of, written

CENTRAL, CHILD, OTHER = "S4HCLNT100", "S4HCLNT200", "S4HCLNT300"
CUA: dict[str, Any] = {
    "cua_enabled": True,
    "destination_name": CENTRAL,
    "systems": {CHILD: "c200", OTHER: "c300"},
}


@pytest.fixture(params=["memory", "pyrfc", "soap_rfc"])
def landscape(request: pytest.FixtureRequest) -> Iterator[Reached]:
    with reached(request.param, cua=True) as running:
        yield running


@contextmanager
def children_of(server: Reached) -> Iterator[SapChildren]:
    with side_of(server, "200") as c200, side_of(server, "300") as c300:
        readers = {"c200": c200.reader, "c300": c300.reader}
        central = server.connection(**CUA).rfc
        assert central
        yield SapChildren(central, readers.__getitem__)


def looked(server: Reached, side: Side, was_in: frozenset[str] | None = None) -> dict[str, str]:
    with children_of(server) as children:
        found = children.look(side.reader.get("JDOE"), "JDOE", was_in)
        return {each.system: each.status for each in found}


def test_a_central_system_accepts_and_the_children_agree_later(landscape: Reached) -> None:
    """CO-T51: accepted is not done."""
    landscape.order(idocs={OTHER: {"fails": "target system is not there"}})
    with side_of(landscape, **CUA) as side:
        change = UserChange(
            name="JDOE",
            fields=MILLER,
            role_names=(f"{CHILD}:Z_FI_AP", f"{OTHER}:Z_FI_AP", "Z:FI_CLERK"),
        )
        done = side.writer.create(change)
        assert done.status == "accepted_by_central", done
        user = side.reader.get("JDOE")
        assert user
        assert {(role.system, role.name) for role in user.direct_roles} == {
            (CENTRAL, "Z:FI_CLERK"),
            (CHILD, "Z_FI_AP"),
            (OTHER, "Z_FI_AP"),
        }
        assert looked(landscape, side) == {CHILD: "agrees", OTHER: "differs"}
        landscape.order(idocs={OTHER: {}}, resend=OTHER)
        assert looked(landscape, side) == {CHILD: "agrees", OTHER: "agrees"}
        landscape.abap.forget_calls()
        assert side.writer.change(change).status == "unchanged"
        assert written(landscape) == []


def test_a_role_of_one_system_leaves_those_of_the_others(landscape: Reached) -> None:
    with side_of(landscape, **CUA) as side:
        names = (f"{CHILD}:Z_FI_AP", "Z:FI_CLERK")
        side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=names))
        more = UserChange(name="JDOE", role_names=(*names, f"{OTHER}:Z_MM_BUYER"))
        assert side.writer.change(more).status == "accepted_by_central"
        assert looked(landscape, side) == {CHILD: "agrees", OTHER: "agrees"}
        fewer = UserChange(name="JDOE", systems=(CENTRAL, CHILD))
        done = side.writer.change(fewer)
        assert done.status == "accepted_by_central"
        assert looked(landscape, side, done.was_in) == {CHILD: "agrees", OTHER: "agrees"}
        user = side.reader.get("JDOE")
        assert user
        assert {role.system for role in user.direct_roles} == {CENTRAL, CHILD}


def test_a_system_that_a_user_left_is_asked_and_one_that_he_never_was_in_is_not(
    landscape: Reached,
) -> None:
    """CO-T51."""
    with side_of(landscape, **CUA) as side:
        side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=(f"{CHILD}:Z_FI_AP",)))
        landscape.order(idocs={CHILD: {"fails": "target system is not there"}})
        done = side.writer.change(UserChange(name="JDOE", systems=(CENTRAL,)))
        assert looked(landscape, side, done.was_in) == {CHILD: "differs"}


def test_a_lock_of_the_central_system_arrives_in_the_children(landscape: Reached) -> None:
    """CO-T51."""
    with side_of(landscape, **CUA) as side:
        names = (f"{CHILD}:Z_FI_AP",)
        side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=names))
        landscape.order(idocs={CHILD: {"delay": 60}})
        locked = side.writer.change(UserChange(name="JDOE", locked=True))
        assert locked.status == "accepted_by_central"
        with children_of(landscape) as children:
            first = children.look(side.reader.get("JDOE"), "JDOE")[0]
        assert (first.status, first.differs) == ("differs", ("not locked",))


def test_a_deleted_user_is_gone_in_the_children_too(landscape: Reached) -> None:
    """CO-T51."""
    with side_of(landscape, **CUA) as side:
        names = (f"{CHILD}:Z_FI_AP",)
        side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=names))
        landscape.order(idocs={CHILD: {"delay": 60}})
        assert side.writer.delete("JDOE").status == "accepted_by_central"
        with children_of(landscape) as children:
            seen = {each.system: each.differs for each in children.look(None, "JDOE")}
        assert seen == {CHILD: ("the user is still there",), OTHER: ()}


def test_a_system_that_nobody_knows_is_refused_and_one_that_may_not_be_used_is_surfaced(
    landscape: Reached,
) -> None:
    """CO-T50."""
    with side_of(landscape, **CUA) as side:
        side.writer.create(UserChange(name="JDOE", fields=MILLER))
        landscape.abap.forget_calls()
        with pytest.raises(InputRejected, match="system S4HCLNT900"):
            side.writer.change(UserChange(name="JDOE", role_names=("S4HCLNT900:Z_FI_AP",)))
        assert written(landscape) == []
        landscape.order(permissions={"ROBOT": {"without": [f"S_USER_SYS:{CHILD}"]}})
        names = (f"{CHILD}:Z_FI_AP", f"{OTHER}:Z_FI_AP")
        done = side.writer.change(UserChange(name="JDOE", role_names=names))
        assert (done.status, done.steps[0].code) == ("failed", "01/181")
        assert f"not assigned: {CHILD}:Z_FI_AP" in done.steps[0].message


def test_the_roles_of_a_child_show_what_composite_roles_bring(landscape: Reached) -> None:
    """Row B31, for every child that has a connection."""
    with side_of(landscape, **CUA) as side:
        names = (f"{CHILD}:/SAPAPO/LINE_PLANNER",)
        side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=names))
        with children_of(landscape) as children:
            found = children.expanded("JDOE")
        roles = found[CHILD]
        assert roles
        assert len([role for role in roles if role.origin == "C"]) == 4
        assert {role.system for role in roles} == {CHILD}
        assert found[OTHER] == ()

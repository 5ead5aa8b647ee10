"""Roles that came through others, with the writer of SAP's users itself: CO-T45."""

from typing import Any

import pytest

from sapmatch.model.rfc import Rfc
from sapmatch.provisioning.runs import Provisioner
from sapmatch.sap.users.reader import SapUsers
from sapmatch.sap.users.role_rows import rows_of
from tests.builders.memory_users import MemoryUsers, ProvisioningHome
from tests.builders.scripted_users import ScriptedSap, role, writer_on

NAMES = "ACTIVITYGROUPS.AGR_NAME"
ROWS = [{"AGR_NAME": "R1", "FROM_DAT": "2026-01-15", "TO_DAT": "9999-12-31"}]
ASSIGN = "BAPI_USER_ACTGROUPS_ASSIGN"


class OnSap(ProvisioningHome):
    """A stage whose connection shows indirect roles, or hides them."""

    def __init__(self, scripted: ScriptedSap, *, shows: bool) -> None:
        super().__init__(MemoryUsers())
        self.scripted = scripted
        self.shows = shows

    def runs(self, objects: Any = None, control: Any = None) -> Provisioner:
        given: dict[str, Any] = {"include_indirect_activity_groups": self.shows}
        reader = SapUsers(self.scripted, Rfc(**given), "s4", self.clock, 1)
        reader.known_roles = frozenset  # type: ignore[method-assign, assignment]
        return Provisioner(
            objects=self.objects,
            control=self.control,
            reader_of=lambda _: reader,
            writer_of=lambda _: writer_on(self.scripted, clock=self.clock, **given),
            children_of=lambda _: self.sap,
            rules_of=self._rules,
            role_rows=rows_of,
            indirect_of=lambda _: self.shows,
            clock=self.clock,
            stage="test",
        )


def sap_with(*roles: dict[str, Any]) -> ScriptedSap:
    sap = ScriptedSap()
    sap.add("JDOE", roles=list(roles))
    return sap


@pytest.mark.parametrize("row", [{NAMES: ["R1"]}, {"ACTIVITYGROUPS": ROWS}])
def test_a_role_that_came_through_another_is_planned_and_assigned_by_nobody(
    row: dict[str, Any],
) -> None:
    sap = sap_with(role("R1", flag="C"))
    here = OnSap(sap, shows=True)
    run = here.drop({"USERNAME": "JDOE"} | row)
    response = here.carry(run)
    assert [each["status"] for each in response["rows"]] == ["unchanged"]
    plan = here.runs().plan_of(run, "s4")
    assert plan is not None
    assert [user.differences for user in plan.users] == [()]
    assert sap.writes == []


def test_nor_is_it_with_other_roles_that_are_new_to_the_user() -> None:
    sap = sap_with(role("R1", flag="C"), role("R2"))
    here = OnSap(sap, shows=True)
    response = here.carry(here.drop({"USERNAME": "JDOE", NAMES: ["R1", "R2", "R3"]}))
    assert [each["status"] for each in response["rows"]] == ["done"]
    rows = sap.last(ASSIGN).tables["ACTIVITYGROUPS"]
    assert [each["AGR_NAME"] for each in rows] == ["R2", "R3"]


def test_a_role_that_is_direct_too_stays_direct() -> None:
    sap = sap_with(role("R1", flag="C"), role("R1"))
    here = OnSap(sap, shows=True)
    response = here.carry(here.drop({"USERNAME": "JDOE", NAMES: ["R1"]}))
    assert [each["status"] for each in response["rows"]] == ["unchanged"]
    assert sap.writes == []


def test_where_such_roles_are_hidden_the_role_is_assigned() -> None:
    """A file made of what such a connection shows can only mean roles of its own."""
    sap = sap_with(role("R1", flag="C"))
    here = OnSap(sap, shows=False)
    response = here.carry(here.drop({"USERNAME": "JDOE", NAMES: ["R1"]}))
    assert [each["status"] for each in response["rows"]] == ["done"]
    assert sap.writes == [ASSIGN]

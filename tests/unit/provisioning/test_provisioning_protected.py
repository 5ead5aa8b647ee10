"""Users that no file may name: SAP's own, and those that the connections log on as."""

from typing import Any

import pytest

from sapmatch.model.errors import SapUnavailable
from sapmatch.provisioning.runs import Provisioner
from tests.builders.memory_users import CENTRAL, CHILD, MemoryUsers, ProvisioningHome, user


def refused(here: ProvisioningHome, *rows: dict[str, Any]) -> list[tuple[str, str | None]]:
    run = here.drop(*rows)
    here.plan(run)
    plan = here.runs().plan_of(run, "s4")
    assert plan is not None
    return [(problem.code, problem.field) for problem in plan.refused]


@pytest.mark.parametrize("name", ["SAP*", "ddic", "TMSADM", "SAPCPIC", "EARLYWATCH"])
@pytest.mark.parametrize(
    "row", [{"STATE": "absent"}, {"STATE": "locked"}, {"VALID_TO": "2026-12-31"}]
)
def test_users_of_sap_itself_are_in_no_file(name: str, row: dict[str, str]) -> None:
    here = ProvisioningHome(MemoryUsers(user(name.upper())))
    assert refused(here, {"USERNAME": name} | row) == [("PROTECTED", "row 1: USERNAME")]


def test_the_user_that_the_connection_logs_on_as_is_in_no_file_whatever_the_settings_say() -> None:
    here = ProvisioningHome(MemoryUsers(user("ROBOT"), user("A")), protected=())
    here.sap.own_user = "ROBOT"
    rows = ({"USERNAME": "A", "STATE": "locked"}, {"USERNAME": " robot", "STATE": "locked"})
    assert refused(here, *rows) == [("PROTECTED", "row 2: USERNAME")]


def test_the_settings_name_more() -> None:
    here = ProvisioningHome(MemoryUsers(user("BATCH"), user("DDIC")), protected=("Batch",))
    assert refused(here, {"USERNAME": "BATCH"}) == [("PROTECTED", "row 1: USERNAME")]
    assert refused(here, {"USERNAME": "DDIC"}) == []


def test_who_is_logged_on_as_in_a_child_system_is_protected_in_the_central_one() -> None:
    """The central system would lock him there."""
    here = ProvisioningHome(MemoryUsers(user("CHILDBOT"), central=True))
    child = MemoryUsers()
    child.own_user = "CHILDBOT"
    here.child_of = {CHILD: child, CENTRAL: here.sap}.get
    assert refused(here, {"USERNAME": "CHILDBOT", "STATE": "absent"}) == [
        ("PROTECTED", "row 1: USERNAME")
    ]


def test_a_child_system_that_nobody_can_enter_protects_nobody_and_stops_nothing() -> None:
    here = ProvisioningHome(MemoryUsers(user("A"), central=True))

    def away(_: str) -> None:
        raise SapUnavailable("away")

    here.child_of = away
    assert refused(here, {"USERNAME": "A", "STATE": "locked"}) == []


def test_good_rows_are_done_beside_a_protected_one() -> None:
    here = ProvisioningHome(MemoryUsers(user("DDIC"), user("A")), on_error="continue")
    rows = ({"USERNAME": "DDIC", "STATE": "absent"}, {"USERNAME": "A", "STATE": "locked"})
    response = here.carry(here.drop(*rows))
    assert {each["user"]: each["status"] for each in response["rows"]} == {
        "A": "done",
        "DDIC": "refused",
    }
    assert here.sap.effects == [("change", "A")]


def test_a_plan_that_is_older_than_the_protection_leaves_the_user_alone() -> None:
    here = ProvisioningHome(MemoryUsers(user("ROBOT")))
    run = here.drop({"USERNAME": "ROBOT", "STATE": "absent"})
    here.plan(run)
    here.sap.own_user = "ROBOT"
    here.apply(run)
    row = here.report(run)["rows"][0]
    assert (row["status"], row["steps"][0]["code"]) == ("failed", "PROTECTED")
    assert here.sap.effects == []


def test_a_dry_run_names_protected_users_too() -> None:
    here = ProvisioningHome(MemoryUsers(user("DDIC")))
    runs: Provisioner = here.runs()
    plan = runs.dry_run("s4", "x.json", b'{"USERNAME": "DDIC", "STATE": "absent"}')
    assert [problem.code for problem in plan.refused] == ["PROTECTED"]

"""The central user administration of the stand-in: taken is not arrived."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.sap.abap.system import Abap

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
CENTRAL, CHILD, OTHER = "S4HCLNT100", "S4HCLNT200", "S4HCLNT300"


class Time:
    """A clock that a test puts forward."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


def landscape(**seed: Any) -> tuple[Abap, Time]:
    """A central system with JDOE, who is nowhere yet."""
    time = Time()
    abap = Abap({"cua": True, **seed}, now=time)
    new = {"ADDRESS": {"LASTNAME": "Doe"}, "PASSWORD": {"BAPIPWD": "Abcdef-12"}}
    abap.call("BAPI_USER_CREATE1", {"USERNAME": "JDOE", **new})
    return abap, time


def assign(abap: Abap, *rows: tuple[str, str]) -> list[str]:
    """Assign roles of systems; the codes in RETURN."""
    table = [{"SUBSYSTEM": system, "AGR_NAME": role} for system, role in rows]
    given = {"USERNAME": "JDOE", "ACTIVITYGROUPS": table}
    returned = abap.call("BAPI_USER_LOCACTGROUPS_ASSIGN", given)["RETURN"]
    return [f"{row['TYPE']} {row['NUMBER']}" for row in returned]


def here(abap: Abap, client: str) -> dict[str, Any] | None:
    found = abap.call("BAPI_USER_GET_DETAIL", {"USERNAME": "JDOE"}, client=client)
    return found if not found["RETURN"] else None


def names(found: dict[str, Any] | None) -> list[str]:
    assert found is not None
    return [row["AGR_NAME"] for row in found["ACTIVITYGROUPS"]]


def test_a_new_user_is_in_no_system_until_a_role_brings_him_there() -> None:
    abap, _ = landscape()
    central = here(abap, "100")
    assert central is not None
    assert central["SYSTEMS"] == []
    assert here(abap, "200") is None
    assert assign(abap, (CHILD, "Z_FI_AP"), (CENTRAL, "Z_MM_BUYER")) == ["S 048"]
    central = here(abap, "100")
    assert central is not None
    assert [row["SUBSYSTEM"] for row in central["SYSTEMS"]] == [CENTRAL, CHILD]
    assert names(here(abap, "200")) == ["Z_FI_AP"]
    assert names(central) == ["Z_MM_BUYER"]


def test_what_the_central_system_took_arrives_later() -> None:
    """CO-T51"""
    abap, time = landscape()
    abap.control({"idocs": {CHILD: {"delay": 30}}})
    assign(abap, (CHILD, "Z_FI_AP"))
    assert here(abap, "200") is None
    time.now += timedelta(seconds=31)
    assert names(here(abap, "200")) == ["Z_FI_AP"]


def test_a_child_that_cannot_post_says_so_to_its_administrator_only() -> None:
    """CO-T51: the central system reports success, and BD87 of the child knows better."""
    abap, _ = landscape()
    abap.control({"idocs": {OTHER: {"fails": "User group NONE does not exist"}}})
    assert assign(abap, (CHILD, "Z_FI_AP"), (OTHER, "Z_FI_AP")) == ["S 048"]
    assert here(abap, "300") is None
    failed = [each for each in abap.as_json()["distribution"] if each["status"] == "51"]
    assert [each["system"] for each in failed] == [OTHER]
    abap.control({"idocs": {OTHER: {}}})
    assert here(abap, "300") is None
    abap.control({"resend": OTHER})
    assert names(here(abap, "300")) == ["Z_FI_AP"]


def test_assigning_replaces_the_rows_of_all_systems() -> None:
    abap, _ = landscape()
    assign(abap, (CHILD, "Z_FI_AP"), (OTHER, "Z_MM_BUYER"))
    assign(abap, (CHILD, "Z_FI_AP"))
    assert names(here(abap, "300")) == []
    read = abap.call("BAPI_USER_LOCACTGROUPS_READ", {"USERNAME": "JDOE"})["ACTIVITYGROUPS"]
    assert [(row["SUBSYSTEM"], row["AGR_NAME"]) for row in read] == [(CHILD, "Z_FI_AP")]


def test_composite_roles_show_their_members_in_their_own_system_only() -> None:
    abap, _ = landscape()
    composite = "/SAPAPO/LINE_PLANNER"
    assign(abap, (CENTRAL, composite), (CHILD, composite))
    read = abap.call("BAPI_USER_LOCACTGROUPS_READ", {"USERNAME": "JDOE"})["ACTIVITYGROUPS"]
    assert {row["SUBSYSTEM"] for row in read if row["ORG_FLAG"]} == {CENTRAL}
    assert len(names(here(abap, "200"))) == 5


@pytest.mark.parametrize(
    ("row", "code"),
    [(("S4HCLNT999", "Z_FI_AP"), "E 179"), ((CHILD, "NONE"), "E 174")],
)
def test_an_unknown_system_or_role_is_refused(row: tuple[str, str], code: str) -> None:
    """CO-T50"""
    abap, _ = landscape()
    assert assign(abap, row) == [code]
    assert here(abap, "200") is None


def test_a_system_that_the_caller_may_not_administrate_is_left_out_with_an_error() -> None:
    """CO-T50"""
    abap, _ = landscape()
    abap.control({"permissions": {"ROBOT": {"without": [f"S_USER_SYS:{OTHER}"]}}})
    assert assign(abap, (CHILD, "Z_FI_AP"), (OTHER, "Z_FI_AP")) == ["E 181", "S 048"]
    assert names(here(abap, "200")) == ["Z_FI_AP"]
    assert here(abap, "300") is None


def test_dropping_a_system_drops_its_roles_and_the_user_there() -> None:
    abap, _ = landscape()
    assign(abap, (CHILD, "Z_FI_AP"), (OTHER, "Z_FI_AP"))
    given = {"USERNAME": "JDOE", "SYSTEMS": [{"SUBSYSTEM": CHILD}]}
    assert abap.call("BAPI_USER_SYSTEM_ASSIGN", given)["RETURN"][0]["TYPE"] == "S"
    read = abap.call("BAPI_USER_LOCACTGROUPS_READ", {"USERNAME": "JDOE"})["ACTIVITYGROUPS"]
    assert [row["SUBSYSTEM"] for row in read] == [CHILD]
    assert here(abap, "300") is None


def test_a_lock_of_the_central_system_is_global_and_the_local_one_of_a_child_stays() -> None:
    abap, _ = landscape()
    assign(abap, (CHILD, "Z_FI_AP"))
    abap.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, client="200")
    abap.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"})
    child = here(abap, "200")
    assert child is not None
    assert (child["ISLOCKED"]["GLOB_LOCK"], child["ISLOCKED"]["LOCAL_LOCK"]) == ("L", "L")
    abap.call("BAPI_USER_UNLOCK", {"USERNAME": "JDOE"})
    child = here(abap, "200")
    assert child is not None
    assert (child["ISLOCKED"]["GLOB_LOCK"], child["ISLOCKED"]["LOCAL_LOCK"]) == ("U", "L")


def test_a_child_takes_no_roles_of_its_own() -> None:
    abap, _ = landscape()
    assign(abap, (CHILD, "Z_FI_AP"))
    given = {"USERNAME": "JDOE", "ACTIVITYGROUPS": [{"AGR_NAME": "Z_MM_BUYER"}]}
    returned = abap.call("BAPI_USER_ACTGROUPS_ASSIGN", given, client="200")["RETURN"]
    assert returned[0]["NUMBER"] == "180"
    assert names(here(abap, "200")) == ["Z_FI_AP"]


def test_deleting_a_user_deletes_him_in_the_children_too() -> None:
    abap, _ = landscape()
    assign(abap, (CHILD, "Z_FI_AP"))
    abap.call("BAPI_USER_DELETE", {"USERNAME": "JDOE"})
    assert here(abap, "100") is here(abap, "200") is None


def test_outside_a_central_administration_its_modules_refuse() -> None:
    abap = Abap({"users": 1})
    for function in ("BAPI_USER_LOCACTGROUPS_READ", "BAPI_USER_SYSTEM_ASSIGN"):
        returned = abap.call(function, {"USERNAME": "U00000001"})["RETURN"]
        assert returned[0]["NUMBER"] == "183"


def test_users_of_a_seed_are_where_their_roles_are() -> None:
    user = {"USERNAME": "MEIER", "roles": ["Z_FI_AP", f"{CHILD}:Z_MM_BUYER"]}
    abap, _ = landscape(users=[user])
    found = abap.call("BAPI_USER_GET_DETAIL", {"USERNAME": "MEIER"}, client="200")
    assert names(found) == ["Z_MM_BUYER"]

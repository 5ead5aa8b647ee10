"""Roles, profiles and systems that there are (rows B19, B36)."""

from collections.abc import Collection, Mapping

import pytest

from sapmatch.model.rfc import (
    AbapException,
    BapiFailed,
    BapiMessage,
    Rfc,
    RfcInput,
    RfcResult,
    RfcTable,
)
from sapmatch.sap.users.helpvalues import HasRole
from sapmatch.sap.users.reader import SapUsers
from tests.builders.listed_users import ListedUsers
from tests.builders.memory import MemoryClock


class Helpful(ListedUsers):
    """Offers values by method, and heeds a selection where it is told to."""

    def __init__(self, *, heeds: bool = True, **offers: list[str]) -> None:
        super().__init__()
        self.offers = offers
        self.heeds = heeds
        self.asked: list[tuple[str, int]] = []

    def call(
        self,
        function: str,
        imports: Mapping[str, RfcInput] = {},
        tables: Mapping[str, RfcTable] = {},
        *,
        want: Collection[str] = (),
        changes: bool = False,
    ) -> RfcResult:
        assert (function, changes) == ("BAPI_HELPVALUES_GET", False)
        method = str(imports["METHOD"])
        rows = tables.get("SELECTION_FOR_HELPVALUES", ())
        self.asked.append((method, len(rows)))
        if method not in self.offers:
            refusal = BapiMessage(type="E", id="BF", number="001", text="unknown method")
            return RfcResult(messages=(refusal,))
        only = {row["LOW"] for row in rows} if self.heeds else set()
        found = [value for value in self.offers[method] if not only or value in only]
        return RfcResult(tables={"VALUES_FOR_FIELD": [{"VALUES": value} for value in found]})


def reader_of(
    sap: ListedUsers, rfc: Rfc | None = None, has_role: HasRole | None = None
) -> SapUsers:
    has_role = has_role or (lambda name: False) if rfc is None else has_role
    return SapUsers(sap, rfc or Rfc(), "S4", MemoryClock(), 1, has_role=has_role)


def test_profiles_are_what_sap_offers_for_them() -> None:
    """Row B36."""
    assert list(reader_of(Helpful(ProfilesAssign=["SAP_ALL", "S_A"])).profiles()) == [
        "SAP_ALL",
        "S_A",
    ]


@pytest.mark.parametrize("heeds", [True, False])
def test_roles_that_there_are_come_back_as_they_were_written(heeds: bool) -> None:
    sap = Helpful(heeds=heeds, ActgroupsAssign=["Z_A", "Z_B", "Z_C"])
    assert reader_of(sap).known_roles(["z_a", "Z_B", "NOPE", "X" * 31]) == {"z_a", "Z_B"}


def test_many_roles_are_asked_for_in_several_calls() -> None:
    sap = Helpful(ActgroupsAssign=["R7", "R119"])
    assert reader_of(sap).known_roles([f"R{number}" for number in range(120)]) == {"R7", "R119"}
    assert [count for _, count in sap.asked] == [50, 50, 20]


def test_nothing_is_asked_where_no_role_is_named() -> None:
    sap = Helpful()
    assert reader_of(sap).known_roles([]) == frozenset()
    assert sap.asked == []


def test_roles_that_sap_does_not_offer_are_looked_for_in_their_table() -> None:
    assert reader_of(Helpful(), has_role={"Z_A"}.__contains__).known_roles(["Z_A", "Z_B"]) == {
        "Z_A"
    }
    sap = Helpful(ActgroupsAssign=["Z_B"])
    assert reader_of(sap, has_role={"Z_A"}.__contains__).known_roles(["Z_A", "Z_B"]) == {
        "Z_A",
        "Z_B",
    }


def test_without_that_table_the_refusal_is_told() -> None:
    with pytest.raises(BapiFailed):
        reader_of(Helpful(), Rfc(tables=())).known_roles(["Z_A"])


def refuses(name: str) -> bool:
    raise AbapException("NOT_AUTHORIZED")


def test_a_table_that_refuses_matters_only_where_sap_offers_no_roles() -> None:
    with pytest.raises(BapiFailed):
        reader_of(Helpful(), has_role=refuses).known_roles(["Z_A"])
    sap = Helpful(ActgroupsAssign=["Z_A"])
    assert reader_of(sap, has_role=refuses).known_roles(["Z_A", "Z_B"]) == {"Z_A"}


CENTRAL = Rfc(
    tables=(),
    cua_enabled=True,
    destination_name="S4HCLNT100",
    systems={"S4HCLNT200": "", "S4HCLNT300": "x"},
)


def test_systems_are_those_of_the_settings_and_those_that_sap_offers() -> None:
    sap = Helpful(SystemAssign=["S4HCLNT200", "S4HCLNT400"])
    assert reader_of(sap, CENTRAL).systems() == (
        "S4HCLNT100",
        "S4HCLNT200",
        "S4HCLNT300",
        "S4HCLNT400",
    )
    assert reader_of(Helpful(), CENTRAL).systems() == ("S4HCLNT100", "S4HCLNT200", "S4HCLNT300")
    assert reader_of(Helpful()).systems() == ()


def test_roles_of_other_systems_are_not_looked_for_in_the_central_one() -> None:
    """CO-T50: only what is a system ends at a colon."""
    sap = Helpful(ActgroupsAssign=["Z_A", "Z:B", "/SAPAPO/X"])
    names = ["Z_A", "S4HCLNT100:Z_A", "S4HCLNT100:NO", "S4HCLNT200:ANY", "Z:B", "Z:NO", "/SAPAPO/X"]
    assert reader_of(sap, CENTRAL).known_roles(names) == {
        "Z_A",
        "S4HCLNT100:Z_A",
        "S4HCLNT200:ANY",
        "Z:B",
        "/SAPAPO/X",
    }

"""A file of desired users on one machine, without any cloud."""

import json
from pathlib import Path
from typing import Any

import pytest

from sapmatch.folder import FolderControl, FolderObjects
from sapmatch.model.errors import InputRejected, SapRejected, SapUnavailable
from sapmatch.model.users import ChildSystem
from sapmatch.provisioning.local import Ended, Home, apply_file, plan_file
from tests.builders.memory_users import CHILD, MemoryUsers, ProvisioningHome, user

CHANGE = {"USERNAME": "A", "ADDRESS.LASTNAME": "Anders"}
LOCK = {"USERNAME": "B", "STATE": "locked"}


class Laptop:
    """One folder, and a person who agrees or not."""

    def __init__(self, folder: Path, sap: MemoryUsers, **rules: Any) -> None:
        self.stage = ProvisioningHome(sap, **rules)
        self.objects = FolderObjects(folder)
        self.home = Home(
            runs=self.stage.runs(self.objects, FolderControl(folder)),
            objects=self.objects,
            clock=self.stage.clock,
            who="somebody",
        )
        self.said: list[Any] = []
        self.asked = 0
        self.agrees = True

    def plan(self, *rows: Any) -> Any:
        return plan_file(self.home, "s4", "users.json", json.dumps(rows).encode())

    def apply(self, *rows: Any) -> Ended:
        def agree(_plan: Any) -> str | None:
            self.asked += 1
            return "because" if self.agrees else None

        data = json.dumps(rows).encode()
        return apply_file(self.home, "s4", "users.json", data, agree=agree, say=self.said.append)

    def response(self, ended: Ended) -> Any:
        assert ended.response is not None
        return json.loads(self.objects.read(ended.response))


def test_a_plan_changes_nothing_and_stores_nothing(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path, MemoryUsers(user("A")))
    plan = laptop.plan(CHANGE)
    assert plan.counts.change == 1
    assert laptop.stage.sap.effects == []
    assert not list(tmp_path.rglob("*.json"))


def test_a_file_is_applied_once_and_the_same_file_later_is_a_new_run(tmp_path: Path) -> None:
    sap = MemoryUsers(user("A"), user("B"))
    laptop = Laptop(tmp_path, sap)
    first = laptop.apply(CHANGE, LOCK)
    assert (first.view.run.status, laptop.asked) == ("done", 1)
    again = laptop.apply(CHANGE, LOCK)
    assert again.view.run.run_id == f"{first.view.run.run_id}-1"
    assert laptop.asked == 1  # nothing is to be done: nobody is asked
    sap.held["A"] = user("A")
    assert laptop.apply(CHANGE, LOCK).view.users["done"] == 1
    assert sap.effects == [("change", "A"), ("change", "B"), ("change", "A")]


def test_who_does_not_agree_changes_nothing_and_may_agree_later(tmp_path: Path) -> None:
    sap = MemoryUsers(user("B"))
    laptop = Laptop(tmp_path, sap, users_locked_at_most=0)
    laptop.agrees = False
    ended = laptop.apply(LOCK)
    assert (ended.response, sap.effects) == (None, [])
    laptop.agrees = True
    ended = laptop.apply(LOCK)
    assert laptop.response(ended)["decision"]["by"] == "somebody"
    assert sap.effects == [("change", "B")]


def test_what_broke_off_goes_on_with_the_same_file(tmp_path: Path) -> None:
    sap = MemoryUsers(user("A"), user("B"))
    sap.faults["B"] = [SapUnavailable("SAP is away")]
    laptop = Laptop(tmp_path, sap)
    with pytest.raises(SapUnavailable):
        laptop.apply(CHANGE, LOCK)
    ended = laptop.apply(CHANGE, LOCK)
    assert (ended.view.run.status, ended.view.users["done"]) == ("done", 2)
    assert sap.effects == [("change", "A"), ("change", "B")]


def test_what_failed_is_tried_again_by_the_same_file(tmp_path: Path) -> None:
    sap = MemoryUsers(user("A"), user("B"))
    sap.faults["A"] = [SapRejected("01/190", "no")]
    laptop = Laptop(tmp_path, sap)
    failed = laptop.apply(CHANGE, LOCK)
    assert (failed.view.run.status, failed.view.users["not_executed"]) == ("failed", 1)
    good = laptop.apply(CHANGE, LOCK)
    assert good.view.run.run_id == failed.view.run.run_id
    assert (good.view.run.status, good.view.users["done"]) == ("done", 2)


def test_children_are_asked_until_they_agree(tmp_path: Path) -> None:
    """CO-T51"""
    sap = MemoryUsers(user("A"), central=True)
    late = ChildSystem(system=CHILD, status="differs", differs=("the user is not there",))
    sap.behind["A"] = [late, ChildSystem(system=CHILD, status="agrees")]
    laptop = Laptop(tmp_path, sap)
    ended = laptop.apply(CHANGE)
    assert laptop.response(ended)["rows"][0]["verified"] is True
    assert [getattr(each, "open", None) for each in laptop.said] == [None, 1, 0]


def test_a_bad_file_is_refused_by_row(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path, MemoryUsers())
    ended = laptop.apply({"USERNAME": "A", "STATE": "x"})
    assert ended.view.run.status == "refused"
    assert laptop.response(ended)["rows"][0]["problems"][0]["field"] == "row 1: STATE"
    with pytest.raises(InputRejected, match="is no JSON"):
        plan_file(laptop.home, "s4", "users.json", b"[{")


def test_a_name_of_a_file_leads_nowhere_else(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path / "home", MemoryUsers(user("A")))
    data = json.dumps([CHANGE]).encode()
    with pytest.raises(InputRejected):
        apply_file(
            laptop.home, "s4", "../../x.json", data, agree=lambda _: "", say=laptop.said.append
        )
    assert not (tmp_path / "x.json").exists()

"""The users of a SAP system for the commands: what they ask is answered from here."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, time
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import SapRejected
from sapmatch.model.rfc import Rfc
from sapmatch.model.users import (
    Changed,
    ChildSystem,
    Pushed,
    RoleAssignment,
    SapUser,
    Step,
    UserChange,
    UserQuery,
)
from sapmatch.sap.tables.reader import SapTables
from tests.builders.tables_sap import TablesSap

SETTINGS = """
[connections.s4]
url = "https://sap.example.com"
client = "100"
auth = {{ type = "basic", secret = "env:S4" }}
time_zone = "Europe/Berlin"
[connections.s4.rfc]
systemId = "S4H"
{more}
"""
MILLER = SapUser(
    name="MILLER",
    fields={
        "ADDRESS.FIRSTNAME": "Eva",
        "ADDRESS.LASTNAME": "Miller",
        "LOGONDATA.USTYP": "A",
        "LOGONDATA.GLTGB": date(2026, 12, 31),
    },
    roles=(
        RoleAssignment(name="Z_BUYER", valid_from=date(2026, 1, 1), text="Buyer"),
        RoleAssignment(name="Z_PART", valid_from=date(2026, 1, 1), origin="C"),
    ),
    groups=("STAFF",),
    parameters={"BUK": "1010"},
    modified=(date(2026, 3, 1), time(8, 30)),
)
JONES = SapUser(name="JONES", fields={"ADDRESS.LASTNAME": "Jones"})


class KnownUsers:
    """Port UserReader over a few users."""

    is_central = False
    own_user: str | None = None

    def __init__(self, users: Sequence[SapUser]) -> None:
        self.there = {user.name: user for user in users}
        self.queries: list[UserQuery] = []
        self.left: tuple[str, ...] = ()

    def pushed(self, query: UserQuery) -> Pushed:
        return Pushed(whole=not self.left, left=self.left)

    def users(self, query: UserQuery) -> Iterator[SapUser]:
        self.queries.append(query)
        return (self.there[name] for name in sorted(self.there))

    def get(self, name: str) -> SapUser | None:
        return self.there.get(name)

    details = get

    def systems(self) -> tuple[str, ...]:
        return ()


class Changes:
    """Port UserWriter: keeps what was asked for and does the roles of it."""

    def __init__(self, reader: KnownUsers) -> None:
        self._reader = reader
        self._lock = Lock()
        self.asked: list[tuple[str, UserChange | str]] = []
        self.comes_to = Changed(user="", status="done", steps=(Step(name="step", status="done"),))
        self.refusal: Exception | None = None

    def check(self, change: UserChange) -> None:
        pass

    def create(self, change: UserChange) -> Changed:
        return self._done("create", change.name, change)

    def change(self, change: UserChange) -> Changed:
        found = self._reader.there.get(change.name)
        if found is None:
            raise SapRejected("01/124", f"user {change.name} does not exist")
        if change.roles is not None:
            self._reader.there[change.name] = replace(found, roles=change.roles)
        return self._done("change", change.name, change)

    def merge(self, name: str, to: Callable[[SapUser], UserChange]) -> Changed:
        with self._lock:
            found = self._reader.there.get(name)
            return self.change(to(found) if found else UserChange(name=name))

    def delete(self, name: str) -> Changed:
        return self._done("delete", name, name)

    def _done(self, what: str, name: str, change: UserChange | str) -> Changed:
        self.asked.append((what, change))
        if self.refusal:
            raise self.refusal
        return replace(self.comes_to, user=name)


class Side:
    """In the place of bootstrap.users.UserSide."""

    def __init__(self, rfc: Rfc | None = None) -> None:
        self.rfc = rfc or Rfc()
        self.transport = TablesSap()
        self.reader = KnownUsers([MILLER, JONES])
        self.writer = Changes(self.reader)
        self.looks: list[tuple[ChildSystem, ...]] = []
        self.was_in: Collection[str] | None = ()
        self.closed = False
        self.children = self

    def look(
        self,
        wanted: SapUser | None,
        name: str,
        was_in: Collection[str] | None = None,
        away: set[str] | None = None,
    ) -> tuple[ChildSystem, ...]:
        self.was_in = was_in
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    @property
    def tables(self) -> SapTables:
        return SapTables(self.transport, self.rfc, "s4")

    def close(self) -> None:
        self.closed = True


def stand_in(monkeypatch: pytest.MonkeyPatch, folder: Path, *, more: str = "", **rfc: Any) -> Side:
    """A folder with settings, and commands that find this side of connection s4."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    Path("sapmatch.toml").write_text(SETTINGS.format(more=more))
    side = Side(Rfc(**rfc))
    for module in ("users", "user_changes", "roles", "tables"):
        monkeypatch.setattr(f"sapmatch.cli.{module}.users_of", lambda _settings, _name: side)
    return side

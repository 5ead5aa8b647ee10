"""Clients of one system, and what a central user administration sends from one to the others."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from local.sap.abap.users import Assigned, User, Users
from local.sap.abap.values import Row

CENTRAL = "100"
CLIENTS = ("100", "200", "300")


def logical_system(client: str) -> str:
    """`S4HCLNT100`."""
    return f"S4HCLNT{client}"


@dataclass(frozen=True, slots=True)
class Role:
    """A role; one with members is composite."""

    text: str = ""
    members: tuple[str, ...] = ()


@dataclass(slots=True)
class Table:
    """A table: (name, length) of its columns, and its rows; a structure has none (None)."""

    columns: list[tuple[str, int]]
    rows: list[dict[str, str]] | None


@dataclass(slots=True)
class System:
    """One client."""

    client: str
    users: Users
    roles: dict[str, Role]
    profiles: dict[str, str]
    groups: list[str]
    companies: list[str]
    tables: dict[str, Table] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The logical system."""
        return logical_system(self.client)

    def roles_of(self, user: User) -> Iterator[Row]:
        """Direct roles, then the members of composite ones, with the same days (ORG_FLAG C)."""
        for each in user.roles:
            yield self._role_row(each, "")
        for each in user.roles:
            for member in self.roles.get(each.name, Role()).members:
                yield self._role_row(Assigned(member, each.begins, each.ends), "C")

    def _role_row(self, assigned: Assigned, flag: str) -> Row:
        return {
            "AGR_NAME": assigned.name,
            "FROM_DAT": assigned.begins,
            "TO_DAT": assigned.ends,
            "AGR_TEXT": self.roles.get(assigned.name, Role()).text,
            "ORG_FLAG": flag,
        }

    def copy(self) -> "System":
        """The same client, free of this one."""
        return System(
            self.client,
            self.users.copy(),
            dict(self.roles),
            dict(self.profiles),
            list(self.groups),
            list(self.companies),
            deepcopy(self.tables),
        )


@dataclass(slots=True)
class Idoc:
    """What the central system sent to a child; `user` None: delete. Status as in BD87."""

    system: str
    name: str
    due: datetime
    user: User | None
    status: str = "30"  # ready
    text: str = ""

    def as_json(self) -> Row:
        """For those who look from outside."""
        return {
            "system": self.system,
            "user": self.name,
            "kind": "delete" if self.user is None else "change",
            "status": self.status,
            "text": self.text,
        }


@dataclass(slots=True)
class Line:
    """How IDocs fare on their way to one child: seconds, and the text they fail with."""

    delay: float = 0.0
    fails: str = ""


@dataclass(slots=True)
class Landscape:
    """All clients; `cua`: client 100 administrates the users of all."""

    systems: dict[str, System]
    cua: bool = False
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    lines: dict[str, Line] = field(default_factory=dict)
    idocs: list[Idoc] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The logical systems."""
        return [system.name for system in self.systems.values()]

    def named(self, name: str) -> System:
        """The client of a logical system."""
        return next(system for system in self.systems.values() if system.name == name)

    def is_central(self, system: System) -> bool:
        """Whether users of all clients are administrated here."""
        return self.cua and system.client == CENTRAL

    def is_child(self, system: System) -> bool:
        """Whether users come from the central system."""
        return self.cua and system.client != CENTRAL

    def send(self, user: User, systems: Mapping[str, bool]) -> None:
        """Tell children of a user; `systems`: whether he is (still) to be there."""
        for name, is_there in systems.items():
            due = self.now() + timedelta(seconds=self.lines.get(name, Line()).delay)
            twin = deepcopy(user) if is_there else None
            self.idocs.append(Idoc(name, user.name, due, twin))
        self.deliver()

    def deliver(self) -> None:
        """Post what is due, in its order."""
        now = self.now()
        for idoc in self.idocs:
            if idoc.status == "30" and idoc.due <= now:
                self._post(idoc)

    def resend(self, name: str) -> None:
        """Post once more what failed in a child, as BD87 does."""
        for idoc in self.idocs:
            if idoc.system == name and idoc.status == "51":
                self._post(idoc)

    def _post(self, idoc: Idoc) -> None:
        fails = self.lines.get(idoc.system, Line()).fails
        idoc.status, idoc.text = ("51", fails) if fails else ("53", "")
        if not fails:
            _arrive(self.named(idoc.system), idoc)


def _arrive(system: System, idoc: Idoc) -> None:
    here = system.users.changeable(idoc.name)
    if idoc.user is None:
        if here is not None:
            system.users.delete(idoc.name)
        return
    user = deepcopy(idoc.user)
    user.roles = [each for name, each in user.system_roles if name == system.name]
    user.profiles = [each for name, each in user.system_profiles if name == system.name]
    user.systems, user.system_roles, user.system_profiles = [], [], []
    user.locked = here.locked if here is not None else False
    user.wrong_logons = here.wrong_logons if here is not None else False
    # A role that the child does not know is not assigned there, and nobody tells the central one.
    user.roles = [each for each in user.roles if each.name in system.roles]
    system.users.add(user)

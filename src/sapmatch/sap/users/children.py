"""Asks the child systems of a central user administration whether a change arrived there.

The central system distributes what it accepted by IDoc, later and without telling who asked for it
(CO-T51). Compared is what it always distributes: whether there is the user, his roles, profiles and
the lock everywhere. Which fields of a user it distributes is customizing (SCUM), so they are not.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Protocol

from msgspec.structs import replace

from sapmatch.model.errors import AuthorizationMissing, SapmatchError, SapRejected
from sapmatch.model.rfc import Rfc
from sapmatch.model.users import ChildSystem, RoleAssignment, SapUser
from sapmatch.sap.users.roles import not_applied


class Details(Protocol):
    """What is asked of the reader of a child system."""

    def details(self, name: str) -> SapUser | None:
        """One user, whether or not a base query leaves him out."""
        ...


class SapChildren:
    """Port Children; `readers` opens a reader of users by the name of a connection."""

    def __init__(self, central: Rfc, readers: Callable[[str], Details]) -> None:
        self._central = central.destination_name.upper()
        self._connections = {name.upper(): at for name, at in central.systems.items()}
        self._readers = readers

    def look(
        self,
        wanted: SapUser | None,
        name: str,
        was_in: Collection[str] | None = None,
        away: set[str] | None = None,
    ) -> tuple[ChildSystem, ...]:
        """Port. Other systems have nothing to do with the user, and may be away for days."""
        is_in = wanted.assigned_systems if wanted else frozenset()
        others = self._connections if was_in is None else was_in
        systems = {*is_in, *(system.upper() for system in others)}
        if wanted is not None and self._central not in is_in:
            systems -= {self._central}  # who leaves it as a child stays its user
        away = set() if away is None else away
        found = [self._looked(system, wanted, name, away) for system in self._sorted(systems)]
        if was_in is None and wanted is not None:
            found = [each if each.system in is_in else _silent(each) for each in found]
        return tuple(found)

    def expanded(self, name: str) -> dict[str, tuple[RoleAssignment, ...] | None]:
        """All roles of the user by child system, those that composite roles bring too.

        None for a system that has no connection or did not answer; without roles where it has no
        such user.
        """
        found: dict[str, tuple[RoleAssignment, ...] | None] = {}
        for system in self._sorted(set(self._connections)):
            found[system] = None
            if not self._connections[system]:
                continue
            try:
                user = self._read(system, name)
            except SapmatchError:
                continue
            roles = user.roles if user else ()
            found[system] = tuple(replace(role, system=system) for role in roles)
        return found

    def _sorted(self, systems: set[str]) -> list[str]:
        """Without the central one, unless it has a connection of its own as a child."""
        return sorted(
            each for each in systems if each != self._central or each in self._connections
        )

    def _looked(
        self, system: str, wanted: SapUser | None, name: str, away: set[str]
    ) -> ChildSystem:
        if not self._connections.get(system):
            words = f"rfc.systems names no connection for {system}"
            return ChildSystem(system=system, status="not_asked", message=words)
        if system in away:
            words = "it did not answer a moment ago, and was not asked for this user"
            return ChildSystem(system=system, status="unreachable", message=words)
        try:
            found = self._read(system, name)
        except SapmatchError as exc:
            if not isinstance(exc, SapRejected | AuthorizationMissing):  # these are about the user
                away.add(system)
            return ChildSystem(system=system, status="unreachable", message=str(exc))
        differs = tuple(_differences(system, wanted, found))
        return ChildSystem(
            system=system, status="differs" if differs else "agrees", differs=differs
        )

    def _read(self, system: str, name: str) -> SapUser | None:
        return self._readers(self._connections[system]).details(name)


def _silent(child: ChildSystem) -> ChildSystem:
    """A system that the user is not assigned to; it need not answer."""
    if child.status != "unreachable":
        return child
    words = f"the user is not assigned to it, and it did not answer: {child.message}"
    return replace(child, status="not_asked", message=words)


def _differences(system: str, wanted: SapUser | None, found: SapUser | None) -> Iterator[str]:
    """What is not as the central system holds it, in words."""
    if wanted is None or system not in wanted.assigned_systems:
        if found is not None:
            yield "the user is still there"
        return
    if found is None:
        yield "the user is not there"
        return
    roles = [replace(role, system="") for role in wanted.direct_roles if role.system == system]
    have_roles = [replace(role, system="") for role in found.roles if _is_of(role.system, system)]
    if words := not_applied(roles, have_roles):
        yield f"roles {words}"
    yield from _profiles(system, wanted, found)
    if wanted.locks.everywhere and not found.locks.everywhere:
        yield "not locked"
    if found.locks.everywhere and not wanted.locks.everywhere:
        yield "still locked by the central system"


def _profiles(system: str, wanted: SapUser, found: SapUser) -> Iterator[str]:
    """Those that SAP made of roles come and go with them, in each system by itself."""
    there = [each for each in found.profiles if _is_of(each.system, system)]
    made = {each.name for each in there if each.generated}
    want = {each.name for each in wanted.profiles if each.system == system and not each.generated}
    have = {each.name for each in there}
    if missing := sorted(want - have):
        yield f"profiles not assigned: {', '.join(missing)}"
    if more := sorted(have - want - made):
        yield f"profiles still assigned: {', '.join(more)}"


def _is_of(named: str, system: str) -> bool:
    """A child names no system; the central one, asked as its own child, names all."""
    return named in ("", system)

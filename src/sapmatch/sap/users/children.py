"""Asks the child systems of a central user administration whether a change arrived there."""

from collections.abc import Callable

from sapmatch.model.rfc import Rfc
from sapmatch.model.users import ChildSystem, RoleAssignment, SapUser, UserReader


class SapChildren:
    """Port Children; `readers` opens a reader of users by the name of a connection."""

    def __init__(self, central: Rfc, readers: Callable[[str], UserReader]) -> None:
        self._central = central
        self._readers = readers

    def look(self, wanted: SapUser | None, name: str) -> tuple[ChildSystem, ...]:
        """How the children stand to what the central system holds of the user; None: deleted."""
        raise NotImplementedError

    def expanded(self, name: str) -> tuple[RoleAssignment, ...]:
        """All roles of the user in the children, those of composite roles too."""
        raise NotImplementedError

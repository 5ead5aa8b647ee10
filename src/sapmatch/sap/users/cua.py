"""Names of roles, profiles and systems in a central user administration (CUA)."""

import re
from collections.abc import Iterable

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.sap.users.role_rows import SYSTEM_LENGTH

# SAP proposes such names for logical systems; anything else before a colon may be part of a role.
_LOGICAL = re.compile(r"[A-Z0-9]{3}CLNT[0-9]{3}")


class Landscape:
    """The logical systems that roles may be assigned in.

    `central` is where a role goes that names no system. Roles may hold a colon themselves
    (`Z:FI_CLERK`), so what stands before one is a system only where it is known to be (CO-T50).
    """

    def __init__(self, central: str, systems: Iterable[str]) -> None:
        self.central = central.upper()
        self.known = frozenset(name.upper() for name in (central, *systems) if name)

    def split(self, value: str) -> tuple[str, str]:
        """System and role or profile; InputRejected for a system that nobody knows."""
        text = value.strip().upper()
        before, colon, rest = text.partition(":")
        if colon and before in self.known:
            return before, rest
        if colon and _LOGICAL.fullmatch(before):
            raise self._unknown(before)
        return self.central, text

    def system(self, name: str) -> str:
        """A system that a row names, the central one for none; InputRejected for an unknown."""
        wanted = name.strip().upper() or self.central
        if wanted not in self.known or len(wanted) > SYSTEM_LENGTH:
            raise self._unknown(wanted)
        return wanted

    def _unknown(self, system: str) -> InputRejected:
        known = ", ".join(sorted(self.known)) or "none"
        message = (
            f"system {system}: neither the central system nor rfc.systems names it; named are "
            f"{known}. Correct the name; add it in SCUA, or to rfc.systems where SAP lists none"
        )
        problem = Problem(code="UNKNOWN_SYSTEM", message=message, field="SYSTEMS.SUBSYSTEM")
        return InputRejected(message, [problem])

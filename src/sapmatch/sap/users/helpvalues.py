"""What SAP offers for the fields of a user: roles, profiles and systems (F4 of its own screens).

Unconfirmed: which releases offer roles and systems this way. Where SAP refuses, roles are looked
for in their table, and systems are those of the settings.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Final, TypeAlias

from sapmatch.model.errors import AuthorizationMissing, SapRejected
from sapmatch.model.rfc import Rfc, RfcStructure, RfcTransport
from sapmatch.model.users import TableReader
from sapmatch.sap.rfc.messages import judged
from sapmatch.sap.users.conditions import upper
from sapmatch.sap.users.rows import text

HasRole: TypeAlias = Callable[[str], bool]

ROLES: Final = "ACTIVITYGROUP"  # the alias of the table of roles

_FUNCTION: Final = "BAPI_HELPVALUES_GET"
_TOGETHER = 50  # roles asked for in one call
_LONGEST_ROLE = 30


def role_finder(tables: TableReader) -> HasRole | None:
    """What looks for a role in the table that the settings call ACTIVITYGROUP, where they do."""
    if ROLES not in tables.aliases():
        return None
    return lambda role: any(True for _ in tables.rows(ROLES, (role,)))


class HelpValues:
    """Asks for values that a field may have; `has_role` looks for one role in its table."""

    def __init__(self, transport: RfcTransport, rfc: Rfc, has_role: HasRole | None) -> None:
        self._transport = transport
        self._rfc = rfc
        self._has_role = has_role

    def profiles(self) -> Iterator[str]:
        """All authorisation profiles."""
        return self._values("ProfilesAssign", "Profiles", "BAPIPROF")

    def systems(self) -> tuple[str, ...]:
        """The central system, those of the settings, and those that SAP names."""
        named = (self._rfc.destination_name, *self._rfc.systems)
        try:
            found = tuple(self._values("SystemAssign", "Systems", "SUBSYSTEM"))
        except (SapRejected, AuthorizationMissing):
            found = ()
        return tuple(dict.fromkeys(upper(system) for system in (*named, *found) if system))

    def known_roles(self, names: Sequence[str]) -> frozenset[str]:
        """Those that there are, as they were given; roles of other systems are not looked for."""
        here = {name: self._here(name) for name in names}
        asked = sorted({role for role in here.values() if role and len(role) <= _LONGEST_ROLE})
        found = self._roles(asked)
        return frozenset(name for name, role in here.items() if role is None or role in found)

    def known_profiles(self, names: Sequence[str]) -> frozenset[str]:
        """Those that there are, as they were given; all of them where SAP does not say."""
        return self._offered(names, "ProfilesAssign", "Profiles", "BAPIPROF")

    def known_groups(self, names: Sequence[str]) -> frozenset[str]:
        """User groups likewise."""
        return self._offered(names, "Change", "Groups", "USERGROUP")

    def _offered(
        self, names: Sequence[str], method: str, parameter: str, field: str
    ) -> frozenset[str]:
        """All values are asked for: a selection that SAP does not heed would look like none."""
        if not names:
            return frozenset()
        try:
            found = {upper(value) for value in self._values(method, parameter, field)}
        except (SapRejected, AuthorizationMissing):
            found = set()
        return frozenset(name for name in names if not found or upper(name.strip()) in found)

    def _here(self, name: str) -> str | None:
        """The role of this system that is meant, None for one of another system."""
        role = upper(name.strip())
        if not self._rfc.cua_enabled:
            return role
        system, colon, rest = role.partition(":")
        if not colon or system not in self._systems:
            return role
        return rest if system == upper(self._rfc.destination_name) else None

    @cached_property
    def _systems(self) -> frozenset[str]:
        return frozenset(self.systems())

    def _roles(self, names: Sequence[str]) -> set[str]:
        """Those that SAP offers, or that stand in their table; what refuses both is told."""
        found: set[str] = set()
        refusal: SapRejected | AuthorizationMissing | None = None
        try:
            left = iter(names)
            while few := tuple(islice(left, _TOGETHER)):
                found |= set(self._values("ActgroupsAssign", "Activitygroups", "AGR_NAME", few))
        except (SapRejected, AuthorizationMissing) as exc:
            refusal = exc
        has_role = self._has_role
        if has_role is None and refusal:
            raise refusal
        if has_role is not None:
            try:
                found |= {name for name in names if name not in found and has_role(name)}
            except (SapRejected, AuthorizationMissing) as exc:
                if refusal:
                    raise refusal from exc
        return found

    def _values(
        self, method: str, parameter: str, field: str, only: Sequence[str] = ()
    ) -> Iterator[str]:
        """The values offered, `only` these where SAP heeds it."""
        rows: list[RfcStructure] = [
            {"SELECT_FLD": field, "SIGN": "I", "OPTION": "EQ", "LOW": each, "HIGH": ""}
            for each in only
        ]
        answer = self._transport.call(
            _FUNCTION,
            {
                "OBJTYPE": "USER",
                "OBJNAME": "USER",
                "METHOD": method,
                "PARAMETER": parameter,
                "FIELD": field,
            },
            {"SELECTION_FOR_HELPVALUES": rows} if rows else {},
            want=("VALUES_FOR_FIELD",),
        )
        judged(_FUNCTION, answer, fail_when_warning=self._rfc.fail_when_warning)
        for row in answer.tables.get("VALUES_FOR_FIELD", ()):
            value = text(row, "VALUES").strip()
            if value:
                yield value

"""Users and roles of SAP as people who administrate them know them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, time
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from sapmatch.model.rfc import BapiMessage, RfcScalar, RfcStructure

FOREVER = date(9999, 12, 31)

# ORG_FLAG: by hand, through a composite role (C), through HR organisation (X), by a portal (E).
Origin = Literal["", "C", "X", "E"]
Operator = Literal["eq", "ne", "lt", "le", "gt", "ge", "prefix", "suffix", "contains"]


class RoleAssignment(Struct, frozen=True, kw_only=True, order=True):
    """One role of a user for one period; `system` only in a central user administration.

    Equal where role, system and days are: text and origin say where it comes from.
    """

    system: str = ""
    name: str
    valid_from: date
    valid_to: date = FOREVER
    text: str = ""
    origin: Origin = ""

    @property
    def is_direct(self) -> bool:
        """Assigned by hand; all others come and go by themselves and are never written."""
        return not self.origin

    @property
    def key(self) -> tuple[str, str, date, date]:
        """What makes two assignments the same one."""
        return self.system, self.name, self.valid_from, self.valid_to


class ProfileAssignment(Struct, frozen=True, kw_only=True, order=True):
    """One authorisation profile of a user; one `generated` of a role comes and goes with it."""

    system: str = ""
    name: str
    text: str = ""
    generated: bool = False


class Locks(Struct, frozen=True, kw_only=True):
    """ISLOCKED: why nobody can log on as this user."""

    wrong_logon: bool = False  # too many wrong passwords: unlocking clears it, nothing sets it
    local: bool = False
    everywhere: bool = False  # by the central system (GLOB_LOCK)
    no_password: bool = False


class LoginInfo(Struct, frozen=True, kw_only=True):
    """What SUSR_GET_ADMIN_USER_LOGIN_INFO knows."""

    last_logon: date | None = None
    lock_status: str = ""
    password_status: str = ""


class SapUser(Struct, frozen=True, kw_only=True):
    """One user as SAP has it.

    `fields` are the structures by `ADDRESS.FIRSTNAME`, in upper case; with names only (a list
    without details) they hold what the list gave. `roles` are direct and indirect ones.
    `parameters` are those of SU3 by their id. `modified` are day and time of SAP's own clock.
    `warnings` say what could not be read of this user alone. `unread` names the tables and
    structures that SAP did not send, or warned of: here they may be empty and there they are not.
    """

    name: str
    fields: dict[str, RfcScalar] = {}
    roles: tuple[RoleAssignment, ...] = ()
    profiles: tuple[ProfileAssignment, ...] = ()
    groups: tuple[str, ...] = ()
    parameters: dict[str, str] = {}
    systems: tuple[str, ...] = ()
    locks: Locks = Locks()
    modified: tuple[date, time] | None = None
    login: LoginInfo | None = None
    warnings: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def direct_roles(self) -> tuple[RoleAssignment, ...]:
        """What may be written."""
        return tuple(role for role in self.roles if role.is_direct)

    @property
    def assigned_systems(self) -> frozenset[str]:
        """Systems of a central user administration; a role or profile assigns its own as well."""
        roles = {role.system for role in self.direct_roles}
        profiles = {profile.system for profile in self.profiles}
        return frozenset({*self.systems, *roles, *profiles} - {""})


class UserChange(Struct, frozen=True, kw_only=True):
    """What one user is to become; None, and fields that are not named, stay as they are.

    `role_names` (those of a central system may say `SYSTEM:ROLE`) and `roles` both replace all
    direct roles; only one of them may be given. `password` is never shown.
    """

    name: str
    fields: dict[str, RfcScalar] = {}
    role_names: tuple[str, ...] | None = None
    roles: tuple[RoleAssignment, ...] | None = None
    profiles: tuple[ProfileAssignment, ...] | None = None
    groups: tuple[str, ...] | None = None
    parameters: dict[str, str] | None = None
    systems: tuple[str, ...] | None = None
    locked: bool | None = None
    clear_lockout: bool = False
    password: str | None = None

    def __repr__(self) -> str:
        shown = ", ".join(sorted(self.fields))
        return f"UserChange({self.name!r}, fields=[{shown}])"


StepStatus = Literal["done", "accepted_by_central", "failed", "unknown", "not_executed"]


class Step(Struct, frozen=True, kw_only=True):
    """One call of a change and what came of it: `create`, `roles`, `lock`, `system S4HCLNT200`."""

    name: str
    status: StepStatus
    message: str = ""
    code: str = ""


class Changed(Struct, frozen=True, kw_only=True):
    """What became of a change of one user; `warnings` are messages that did not fail it.

    `partial`: some steps were done, then one failed. `accepted_by_central`: the central system took
    it and distributes it; whether it arrived is asked by `Children`, of the systems that the user
    `was_in` as well.
    """

    user: str
    status: Literal["unchanged", "done", "accepted_by_central", "partial", "failed", "unknown"]
    steps: tuple[Step, ...] = ()
    warnings: tuple[BapiMessage, ...] = ()
    was_in: frozenset[str] = frozenset()


class Compare(Struct, frozen=True, kw_only=True):
    """One condition on a field: `USERNAME`, `ADDRESS.LASTNAME`, `ACTIVITYGROUPS.AGR_NAME`."""

    field: str
    operator: Operator
    value: str


class Both(Struct, frozen=True):
    """All conditions."""

    parts: "tuple[Condition, ...]"


class Either(Struct, frozen=True):
    """At least one condition."""

    parts: "tuple[Condition, ...]"


class Not(Struct, frozen=True):
    """Not this condition."""

    part: "Condition"


Condition: TypeAlias = Compare | Both | Either | Not


class UserQuery(Struct, frozen=True, kw_only=True):
    """Which users: in the order of their names, behind `after`; names only costs no detail calls.

    `modified_since` are day and time of SAP's clock, as the last user of the last sync had them.
    """

    condition: Condition | None = None
    after: str = ""
    limit: int | None = None
    names_only: bool = False
    modified_since: tuple[date, time] | None = None


class Pushed(Struct, frozen=True, kw_only=True):
    """How much of a condition SAP itself looked at; the rest was decided here on the details."""

    whole: bool
    left: tuple[str, ...] = ()  # fields of what was decided here


class UserReader(Protocol):
    """Reads users of one SAP system."""

    @property
    def is_central(self) -> bool:
        """Whether it is the central system of a user administration (CUA)."""
        ...

    @property
    def own_user(self) -> str | None:
        """Who the connection logs on as, in upper case; None where that is not known here."""
        ...

    def pushed(self, query: UserQuery) -> Pushed:
        """How much of the query SAP can look at; InputRejected for a field that no user has."""
        ...

    def users(self, query: UserQuery) -> Iterator[SapUser]:
        """Users in the order of their names, page by page; memory holds one page."""
        ...

    def get(self, name: str) -> SapUser | None:
        """One user, read anew; None where there is none, or the base query leaves it out."""
        ...

    def details(self, name: str) -> SapUser | None:
        """One user, read anew, whether or not the base query leaves him out."""
        ...

    def systems(self) -> tuple[str, ...]:
        """Logical systems that a central user administration knows; empty elsewhere."""
        ...

    def known_roles(self, names: Sequence[str]) -> frozenset[str]:
        """Those of the roles that there are in this system."""
        ...

    def known_profiles(self, names: Sequence[str]) -> frozenset[str]:
        """Those of the profiles that there are; all of them where SAP does not say."""
        ...

    def known_groups(self, names: Sequence[str]) -> frozenset[str]:
        """Those of the user groups that there are; all of them where SAP does not say."""
        ...


class UserWriter(Protocol):
    """Changes users of one SAP system: each reads first, and writes what differs.

    Raises InputRejected for what SAP cannot take (nothing was sent), and what a transport raises
    before anything was sent; afterwards the outcome stands in the answer.
    """

    def check(self, change: UserChange) -> None:
        """InputRejected, naming every field, for what could never be written."""
        ...

    def create(self, change: UserChange) -> Changed:
        """Create; SapRejected (01/224) where there is one of that name."""
        ...

    def change(self, change: UserChange) -> Changed:
        """Change; SapRejected (01/124) where there is none."""
        ...

    def merge(self, name: str, to: Callable[[SapUser], UserChange]) -> Changed:
        """Change to what `to` makes of the user while nobody else changes him; what it raises is
        raised, and nothing was sent then."""
        ...

    def delete(self, name: str, agreed: Callable[[SapUser], object] | None = None) -> Changed:
        """Delete; SapRejected (01/124) where there is none. What `agreed` raises of the user, whom
        nobody else can change then, is raised, and nothing was sent."""
        ...


class UserLocks(Protocol):
    """Lets one worker at a time read, merge and write the assignments of a user."""

    def held(self, system: str, user: str) -> AbstractContextManager[None]:
        """Wait for the lock and hold it for the block; Throttled where it does not come free."""
        ...


class ChildSystem(Struct, frozen=True, kw_only=True):
    """Whether a change arrived in one child system; `differs` names what is not as it should be."""

    system: str
    status: Literal["agrees", "differs", "not_asked", "unreachable"]
    differs: tuple[str, ...] = ()
    message: str = ""


class Children(Protocol):
    """Looks into the child systems of a central user administration, each over its connection."""

    def look(
        self,
        wanted: SapUser | None,
        name: str,
        was_in: Collection[str] | None = None,
        away: set[str] | None = None,
    ) -> tuple[ChildSystem, ...]:
        """How the children stand to what the central system holds of the user; None: deleted.

        Those that he is assigned to and those that he `was_in` before; where that is not known, all
        of them, and one that he is not assigned to may be silent. Systems that are `away` are not
        asked; those that are found to be so are added.
        """
        ...


class TableReader(Protocol):
    """Reads tables that the settings describe."""

    def aliases(self) -> Mapping[str, tuple[str, ...]]:
        """Columns by alias, keys first."""
        ...

    def rows(self, alias: str, key: Sequence[str] = ()) -> Iterator[RfcStructure]:
        """All rows, or those of exactly this key (a leading part of it)."""
        ...


UserReaderOf: TypeAlias = Callable[[str], UserReader]  # by the name of a connection

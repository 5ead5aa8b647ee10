"""Users of one client: some that somebody made or changed, and generated ones, made when asked."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from local.sap.abap.values import Row

FOREVER = "99991231"
STRUCTURES = {
    "LOGONDATA": "BAPILOGOND",
    "DEFAULTS": "BAPIDEFAUL",
    "ADDRESS": "BAPIADDR3",
    "COMPANY": "BAPIUSCOMP",
    "SNC": "BAPISNCU",
    "REF_USER": "BAPIREFUS",
    "ALIAS": "BAPIALIAS",
    "UCLASS": "BAPIUCLASS",
}
COMMUNICATION = ("ADDTEL", "ADDFAX", "ADDSMTP")


@dataclass(frozen=True, slots=True, order=True)
class Assigned:
    """A role and the days of its assignment, YYYYMMDD."""

    name: str
    begins: str
    ends: str = FOREVER


@dataclass(slots=True)
class User:
    """A user master; of the structures only what is not initial.

    `systems`, `system_roles` and `system_profiles` are what a central system distributes.
    """

    name: str
    values: dict[str, Row] = field(default_factory=dict)
    roles: list[Assigned] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    parameters: list[Row] = field(default_factory=list)
    communication: dict[str, list[Row]] = field(default_factory=dict)
    systems: list[str] = field(default_factory=list)
    system_roles: list[tuple[str, Assigned]] = field(default_factory=list)
    system_profiles: list[tuple[str, str]] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list, repr=False)
    is_initial: bool = True  # the password: the user has to change it
    wrong_logons: bool = False
    locked: bool = False
    locked_everywhere: bool = False
    last_logon: str = "00000000"
    created_by: str = "SAP*"
    created: str = "20260101"
    modified: tuple[str, str] = ("20260101", "080000")

    def get(self, structure: str, name: str) -> Any:
        """A field that is not initial, else an empty text."""
        return self.values.get(structure, {}).get(name, "")

    def set(self, structure: str, name: str, value: Any) -> None:
        """Hold the value of a field."""
        self.values.setdefault(structure, {})[name] = value

    @property
    def locks(self) -> Row:
        """ISLOCKED."""
        shown = {
            "WRNG_LOGON": self.wrong_logons,
            "LOCAL_LOCK": self.locked,
            "GLOB_LOCK": self.locked_everywhere,
            "NO_USER_PW": not self.passwords,
        }
        return {name: "L" if is_so else "U" for name, is_so in shown.items()}


class Users:
    """Users by name, in the order of their names."""

    def __init__(self, generated: int = 0) -> None:
        self._kept: dict[str, User] = {}
        self._names = [f"U{n:08d}" for n in range(1, generated + 1)]
        self._generated = frozenset(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def copy(self) -> "Users":
        """The same users, free of each other."""
        twin = Users()
        twin._kept = deepcopy(self._kept)
        twin._names = list(self._names)
        twin._generated = self._generated
        return twin

    def names(self, after: str = "", *, including: bool = False) -> Iterator[str]:
        """Names in their order, from one on."""
        start = (bisect_left if including else bisect_right)(self._names, after) if after else 0
        for at in range(start, len(self._names)):
            yield self._names[at]

    def __contains__(self, name: str) -> bool:
        at = bisect_left(self._names, name)
        return at < len(self._names) and self._names[at] == name

    def get(self, name: str) -> User | None:
        """One user to look at, None where there is none."""
        if name in self._kept:
            return self._kept[name]
        return _generated(name) if name in self._generated and name in self else None

    def made(self) -> list[str]:
        """Those that somebody made or changed."""
        return sorted(self._kept)

    def changeable(self, name: str) -> User | None:
        """One user whose changes are kept, None where there is none."""
        user = self.get(name)
        if user is not None:
            self._kept[name] = user
        return user

    def add(self, user: User) -> None:
        """Hold this user, in place of one of the same name."""
        if user.name not in self:
            insort(self._names, user.name)
        self._kept[user.name] = user

    def delete(self, name: str) -> None:
        """Hold it no more."""
        self._kept.pop(name, None)
        del self._names[bisect_left(self._names, name)]


_FIRST = ("Anna", "Ben", "Clara", "David", "Eva", "Felix", "Greta", "Hugo", "Ida", "Jan")
_LAST = ("Becker", "Fischer", "Hoffmann", "Klein", "Krüger", "Lang", "Meier", "Schulz", "Wolf")


def _generated(name: str) -> User:
    """The same user whenever he is asked for."""
    n = int(name[1:])
    day = f"2026{1 + n // 28 % 6:02d}{1 + n % 28:02d}"
    user = User(name, passwords=[f"Start-{n}"], modified=(day, f"{n % 24:02d}{n % 60:02d}00"))
    first, last = _FIRST[n % len(_FIRST)], _LAST[n % len(_LAST)]
    user.values = {
        "ADDRESS": {
            "FIRSTNAME": first,
            "LASTNAME": last,
            "FULLNAME": f"{first} {last}",
            "DEPARTMENT": f"D{n % 50:02d}",
            "E_MAIL": f"user{n}@example.com",
        },
        "LOGONDATA": {"USTYP": "A", "CLASS": "FINANCE", "GLTGB": FOREVER},
    }
    user.groups = ["FINANCE"]
    user.roles = [Assigned("SAP_ASR_EMPLOYEE", "20260106")]
    user.locked = n % 97 == 0
    return user

"""What a file wants of users: rows with SAP's names as DesiredUser, every mistake named at once."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.provisioning import DesiredState, DesiredUser
from sapmatch.model.rfc import RfcScalar
from sapmatch.model.user_names import LONGEST_NAME, is_new_name
from sapmatch.model.users import ProfileAssignment, RoleAssignment, UserChange
from sapmatch.provisioning.problems import of_rejected, row_problem, shown
from sapmatch.provisioning.rows import Row, read_rows

USERNAME: Final = "USERNAME"
STATE: Final = "STATE"
NAMES: Final = "ACTIVITYGROUPS.AGR_NAME"
ROWS: Final = "ACTIVITYGROUPS"
PROFILES: Final = "PROFILES.BAPIPROF"
GROUPS: Final = "GROUPS.USERGROUP"
PARAMETER: Final = "PARAMETER"
SYSTEMS: Final = "SYSTEMS"
DAYS: Final = {"VALID_FROM": "LOGONDATA.GLTGV", "VALID_TO": "LOGONDATA.GLTGB"}
_STATES: Final = ("present", "locked", "absent")
_JSON_ONLY: Final = (ROWS, PARAMETER)
_SEPARATOR = "|"  # between the names in one cell of a CSV
PROTECTED: Final = "PROTECTED"  # code of a row that names a user whom no file may change
_PROTECTED: Final = (
    "is protected: one of SAP's own, or the user that a connection logs on as; change it in SAP "
    "([provisioning.*].protected)"
)
_FIELD = re.compile(r"[A-Z][A-Z0-9_]{0,29}\.[A-Z0-9_]{1,30}")
_TABLES = frozenset(
    {"ACTIVITYGROUPS", "ALL_ACTIVITYGROUPS", "PROFILES", "GROUPS", "PARAMETER", "SYSTEMS"}
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECRET = re.compile(r"PASSW|PWD|KENNW|BCODE|PASSCODE|OCOD\d")

RoleRows = Callable[[Any], tuple[RoleAssignment, ...]]
RoleSplit = Callable[[str], tuple[str, str]]
Typed = Callable[[str, RfcScalar], RfcScalar]


class Language(Struct, frozen=True, kw_only=True):
    """What a system's own room knows about values; each raises InputRejected for a wrong one.

    `split` cuts `SYSTEM:ROLE`, `rows` reads rows of roles, `typed` gives the value of a field as
    SAP will hold it, `check` is UserWriter.check. `protected` are users that no row may name.
    """

    split: RoleSplit
    rows: RoleRows
    typed: Typed
    check: Callable[[UserChange], None]
    protected: Collection[str] = ()


class Desired(Struct, frozen=True, kw_only=True):
    """The good rows of a file, and what is wrong with the others; both in the file's order.

    `halves` are bad rows with what is good of them: it may hold more mistakes.
    """

    users: tuple[DesiredUser, ...]
    halves: tuple[DesiredUser, ...] = ()
    problems: tuple[Problem, ...] = ()
    names: dict[int, str] = {}  # users by row


def desired_users(data: bytes, most: int, language: Language) -> Desired:
    """The rows of a file; InputRejected only where it cannot be read as a whole."""
    users: list[DesiredUser] = []
    halves: list[DesiredUser] = []
    problems: list[Problem] = []
    first: dict[str, int] = {}
    names: dict[int, str] = {}
    for row in read_rows(data, most):
        reading = _Reading(row, language)
        user = reading.user()
        name = reading.name
        if name:
            names[row.number] = name
            earlier = first.setdefault(name, row.number)
            if earlier != row.number:
                message = f"is the user of row {earlier} again; keep one row for each user"
                reading.wrong(USERNAME, message)
        problems += reading.problems
        if user is not None:
            (halves if reading.problems else users).append(user)
    return Desired(users=tuple(users), halves=tuple(halves), problems=tuple(problems), names=names)


class _Reading:
    """Reads one row and collects what is wrong with it."""

    def __init__(self, row: Row, language: Language) -> None:
        self.name = ""
        self.problems: list[Problem] = list(row.problems)
        self._row = row
        self._language = language

    def wrong(self, field: str | None, message: str) -> None:
        """Note a mistake."""
        problem = row_problem(self._row.number, field, message, user=self.name)
        self.problems.append(problem)

    def user(self) -> DesiredUser | None:
        """The row as it is meant, None where it is unreadable."""
        given = {key.strip(): value for key, value in self._row.record.items()}
        for key in given:
            if not key.isascii():  # some other signs have an upper case in ASCII
                self.wrong(_safe(key), "is no field of a user: it holds signs beyond ASCII")
        record = {key.upper(): value for key, value in given.items()}
        if self.problems:  # of its writing: what it means is not known
            return None
        self.name = self._user_name(record.pop(USERNAME, None))
        if STATE in record and record[STATE] is None:
            self.wrong(STATE, "is null; leave it out where the user may stay locked or not")
        stated = record.pop(STATE, None)
        state = self._state(stated)
        if state == "absent":
            for key in record:
                self.wrong(_safe(key), "stands in the row of a user who is to be absent")
            return self._made(state, UserChange(name=self.name))
        locked = None if stated is None else state == "locked"
        return self._made(state, self._change(record, locked))

    def _made(self, state: DesiredState, change: UserChange) -> DesiredUser | None:
        """Where something is wrong already, the rest is looked at all the same."""
        good = self._half(change) if self.problems else change
        try:
            if self.name:
                self._language.check(good)
        except InputRejected as exc:
            self.problems += of_rejected(self._row.number, None, exc, self.name)
            good = self._half(change)
        return DesiredUser(row=self._row.number, state=state, change=good) if self.name else None

    def _half(self, change: UserChange) -> UserChange:
        """What can be read of a bad row: its fields, and the names of roles that can be cut."""
        known, names = len(self.problems), change.role_names
        if names is not None:
            list(self._split(NAMES, names))
        if len(self.problems) > known:
            del self.problems[known:]
            names = None
        return UserChange(name=self.name, fields=change.fields, role_names=names)

    def _user_name(self, value: Any) -> str:
        text = self._text(USERNAME, value) if value is not None else ""
        name = (text or "").strip().upper()
        if value is None or (text is not None and not name):
            self.wrong(USERNAME, "is missing: which user is it?")
        elif len(name) > LONGEST_NAME:
            self.wrong(USERNAME, f"is longer than {LONGEST_NAME} characters")
            return ""
        elif name in self._language.protected:
            problem = row_problem(self._row.number, USERNAME, _PROTECTED, user=name)
            self.problems.append(replace(problem, code=PROTECTED))
        elif not is_new_name(text or ""):
            self.wrong(USERNAME, "can be no name of a user: it holds a sign that SAP takes in none")
            return ""
        return name

    def _state(self, value: Any) -> DesiredState:
        text = value.strip().lower() if isinstance(value, str) else value
        if text is None or text in _STATES:
            return cast(DesiredState, text or "present")
        self.wrong(STATE, f"must be one of {', '.join(_STATES)}")
        return "present"

    def _change(self, record: Mapping[str, Any], locked: bool | None) -> UserChange:
        fields: dict[str, RfcScalar] = {}
        for key, value in record.items():
            self._field(key, value, fields)
        self._require_period(fields)
        if NAMES in record and ROWS in record:
            self.wrong(NAMES, f"stands beside {ROWS}: give names or rows, not both")
        return UserChange(
            name=self.name,
            fields=fields,
            role_names=self._roles(record),
            roles=self._role_rows(record),
            profiles=self._profiles(record),
            groups=self._names(record, GROUPS),
            parameters=self._parameters(record),
            systems=self._names(record, SYSTEMS),
            locked=locked,
        )

    def _field(self, key: str, value: Any, fields: dict[str, RfcScalar]) -> None:
        """Put a plain field where it belongs; what is no field at all is a mistake."""
        if _SECRET.search(key):
            self.wrong(_safe(key), "passwords never stand in files; remove the column or field")
            return
        if key in (NAMES, ROWS, PROFILES, GROUPS, PARAMETER, SYSTEMS):
            if self._row.is_csv and key in _JSON_ONLY:
                self.wrong(key, "cannot stand in a cell; write such users as JSON")
            return
        target = DAYS.get(key, key)
        if not _FIELD.fullmatch(target) or target.partition(".")[0] in _TABLES:
            message = "is no field of a user that can be written; fields are named ADDRESS.LASTNAME"
            self.wrong(_safe(key), message)
        elif target in fields:
            self.wrong(key, f"is {target}, which stands in the row too; keep one")
        else:
            known = len(self.problems)
            found = self._scalar(key, target, value)
            if len(self.problems) == known:
                fields[target] = found

    def _scalar(self, key: str, field: str, value: Any) -> RfcScalar:
        if value is None:
            self.wrong(key, 'is null; leave it out, or write "" to clear it')
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            self.wrong(key, "must be a text or a number")
            return None
        plain: RfcScalar = value
        if isinstance(value, str):
            plain = self._text(key, value)
            if plain is not None and field in DAYS.values():
                return self._day(key, value)
        try:
            return self._language.typed(field, plain)
        except InputRejected as exc:
            self.problems += of_rejected(self._row.number, key, exc, self.name)
            return None

    def _day(self, key: str, value: str) -> date | None:
        text = value.strip()
        if not text:
            return None
        try:
            if not _DAY.fullmatch(text):
                raise ValueError(text)
            return date.fromisoformat(text)
        except ValueError:
            self.wrong(key, "must be a day as 2026-12-31")
            return None

    def _require_period(self, fields: Mapping[str, RfcScalar]) -> None:
        begins, ends = (fields.get(name) for name in DAYS.values())
        if isinstance(begins, date) and isinstance(ends, date) and ends < begins:
            self.wrong("VALID_TO", "is before VALID_FROM")

    def _text(self, key: str, value: Any) -> str | None:
        if not isinstance(value, str):
            self.wrong(key, "must be a text")
        elif any(unicodedata.category(sign) in ("Cc", "Cs") for sign in value):
            self.wrong(key, "holds a control character or half a character")
        else:
            return value.rstrip(" ")
        return None

    def _names(self, record: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
        """A list of names in upper case, each once; in a CSV they stand in one cell."""
        if key not in record:
            return None
        value = record[key]
        if self._row.is_csv and isinstance(value, str):
            value = [part for part in value.split(_SEPARATOR) if part.strip()]
            if not value:
                self.wrong(key, "names nothing; leave the cell empty, or write [] in JSON for none")
                return None
        if not isinstance(value, list):
            self.wrong(key, "must be a list of names")
            return None
        found = []
        for each in value:
            text = self._text(key, each)
            if text is not None and not text.strip():
                self.wrong(key, "holds an empty name")
            found.append((text or "").strip().upper())
        return tuple(dict.fromkeys(found))

    def _roles(self, record: Mapping[str, Any]) -> tuple[str, ...] | None:
        names = self._names(record, NAMES)
        if names is not None and not self.problems:
            list(self._split(NAMES, names))  # each is looked at here, and cut where it is used
        return names

    def _role_rows(self, record: Mapping[str, Any]) -> tuple[RoleAssignment, ...] | None:
        if ROWS not in record or self._row.is_csv:
            return None
        if not isinstance(record[ROWS], list):
            self.wrong(ROWS, "must be a list of rows")
            return None
        try:
            rows = tuple(map(self._placed, self._language.rows(record[ROWS])))
        except InputRejected as exc:
            self.problems += of_rejected(self._row.number, ROWS, exc, self.name)
            return None
        if any(not row.is_direct for row in rows):
            self.wrong(ROWS, "holds indirect roles (ORG_FLAG): they come and go by themselves")
        return rows

    def _placed(self, role: RoleAssignment) -> RoleAssignment:
        """A row that names no system is one of the system itself."""
        if role.system:
            return role
        system, name = self._language.split(role.name)
        return replace(role, system=system, name=name)

    def _profiles(self, record: Mapping[str, Any]) -> tuple[ProfileAssignment, ...] | None:
        names = self._names(record, PROFILES)
        if names is None or self.problems:
            return None
        return tuple(
            ProfileAssignment(system=system, name=name)
            for system, name in self._split(PROFILES, names)
        )

    def _split(self, key: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        for name in names:
            try:
                yield self._language.split(name)
            except InputRejected as exc:
                self.problems += of_rejected(self._row.number, key, exc, self.name)

    def _parameters(self, record: Mapping[str, Any]) -> dict[str, str] | None:
        if PARAMETER not in record or self._row.is_csv:
            return None
        value = record[PARAMETER]
        if not isinstance(value, dict):
            self.wrong(PARAMETER, "must be an object: id of the parameter and its value")
            return None
        texts = {
            key.strip().upper(): self._text(f"{PARAMETER}.{_safe(key)}", each)
            for key, each in value.items()
        }
        if "" in texts:
            self.wrong(PARAMETER, "holds a parameter without an id")
        return {key: text for key, text in texts.items() if text is not None}


def _safe(key: str) -> str:
    return shown(key) or "a field without a name"


def plain_split(name: str) -> tuple[str, str]:
    """Outside of a central user administration a role has no system."""
    return "", name


def plain_typed(_field: str, value: RfcScalar) -> RfcScalar:
    """The value as it was written."""
    return value

"""Fields of a user as SAP takes them: checked, compared, and with the flags of what changes.

In BAPI_USER_CHANGE a field counts only where its flag in the X structure is set; so an empty value
with its flag clears a field (CO-T42, CO-T43).
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.rfc import Rfc, RfcInput, RfcScalar, RfcTable
from sapmatch.model.user_names import LONGEST_NAME, is_new_name, is_readable
from sapmatch.model.users import SapUser, UserChange
from sapmatch.sap.rfc.structures import STRUCTURES
from sapmatch.sap.rfc.values import fitting, size_of, value_of, wire_text
from sapmatch.sap.users.fields import TABLE_FLAGS, USERNAME, UserField, field_of, fields_of

DIALOG: Final = "A"  # the type of a user for whom nobody names another
_ROLE_FIELDS = ("ACTIVITYGROUPS", "ALL_ACTIVITYGROUPS")
_PASSWORD = "PASSWORD"  # noqa: S105  the name of a structure
_GROUP = 12
_PARAMETERS = "PARAMETER1"
_INSTEAD: Final = {
    "PROFILES.BAPIPROF": "profiles",
    "GROUPS.USERGROUP": "groups",
    "PARAMETER.PARID": "parameters",
    "PARAMETER.PARVA": "parameters",
    "SYSTEMS.SUBSYSTEM": "systems",
}


class Wanted(Struct, frozen=True, kw_only=True):
    """What one user master is to hold; None: stays as it is."""

    fields: dict[str, RfcScalar] = {}
    groups: tuple[str, ...] | None = None
    parameters: dict[str, str] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to change."""
        return not self.fields and self.groups is None and self.parameters is None


def wanted_of(change: UserChange, rfc: Rfc) -> tuple[Wanted, list[Problem]]:
    """Fields, groups and parameters as SAP keeps them, and everything that is wrong with them."""
    problems = _name_problems(change)
    known = fields_of(rfc)
    fields: dict[str, RfcScalar] = {}
    for name, value in change.fields.items():
        try:
            field = _writable(name, known)
            fields[field.name] = _value(field, value, cut=not rfc.fail_when_truncating)
        except InputRejected as exc:
            problems += exc.problems
    groups = None if change.groups is None else _groups(change.groups, problems)
    parameters = None
    if change.parameters is not None:
        parameters = {key.strip().upper(): value for key, value in change.parameters.items()}
        problems += _too_long(parameters)
    _named_flagged(change, problems)
    problems += _protected_lists(change, rfc)
    return Wanted(fields=fields, groups=groups, parameters=parameters), problems


def refused(place: str, problems: Iterable[Problem]) -> InputRejected:
    """The error that names all of them; nothing was sent."""
    named = tuple(problems)
    said = "; ".join(each.message for each in named)
    return InputRejected(f"{place}: {said}; nothing was sent", named)


def creating(name: str, wanted: Wanted) -> list[Problem]:
    """What is wrong with a user that is to be created, and with no other."""
    problems = []
    if not is_new_name(name):
        words = "a new user has letters, digits and signs such as _ - . in his name, and no blank"
        problems.append(_problem("WRONG_VALUE", USERNAME, words))
    if not wanted.fields.get("ADDRESS.LASTNAME"):
        words = "is missing; nobody is without one"
        problems.append(_problem("FIELD_MISSING", "ADDRESS.LASTNAME", words))
    return problems


def changing(wanted: Wanted, found: SapUser) -> list[Problem]:
    """What of a user that there is can change no more."""
    return [
        _problem("CREATE_ONLY", name, "can be given only when the user is created")
        for name, value in wanted.fields.items()
        if not field_of(name).is_changeable and not _same(value, found.fields.get(name))
    ]


def differing(wanted: Wanted, found: SapUser | None) -> Wanted:
    """What of it the user does not hold yet."""
    if found is None:
        return wanted
    fields = {
        name: value
        for name, value in wanted.fields.items()
        if not _same(value, found.fields.get(name))
    }
    groups, parameters = wanted.groups, wanted.parameters
    if groups is not None and set(groups) == set(found.groups):
        groups = None
    if parameters is not None and parameters == found.parameters:
        parameters = None
    return Wanted(fields=fields, groups=groups, parameters=parameters)


def names_of(wanted: Wanted) -> tuple[str, ...]:
    """Names of what is to change, for people; never a value."""
    names = sorted(wanted.fields)
    if wanted.groups is not None:
        names.append("GROUPS")
    if wanted.parameters is not None:
        names.append("PARAMETER")
    return tuple(names)


def to_create(wanted: Wanted) -> tuple[dict[str, RfcInput], dict[str, RfcTable]]:
    """Structures and tables for BAPI_USER_CREATE1, the password aside."""
    fields = {"LOGONDATA.USTYP": DIALOG} | {k: v for k, v in wanted.fields.items() if v}
    return _structures(fields), _tables(wanted)


def to_change(wanted: Wanted) -> tuple[dict[str, RfcInput], dict[str, RfcTable]]:
    """Structures with their X structures, and tables, for BAPI_USER_CHANGE."""
    flags: dict[str, dict[str, RfcScalar]] = {}
    for name in wanted.fields:
        flag = field_of(name).flag
        assert flag is not None  # `changing` refused the others
        flags.setdefault(flag[0], {})[flag[1]] = "X"
    tables = _tables(wanted)
    for table in tables:
        structure, columns = TABLE_FLAGS[table]
        flags[structure] = dict.fromkeys(columns, "X")
    return {**_structures(wanted.fields), **flags}, tables


def _structures(fields: Mapping[str, RfcScalar]) -> dict[str, RfcInput]:
    found: dict[str, dict[str, RfcScalar]] = {}
    for name, value in fields.items():
        structure, _, field = name.partition(".")
        found.setdefault(structure, {})[field] = value
    return dict(found)


def _tables(wanted: Wanted) -> dict[str, RfcTable]:
    tables: dict[str, RfcTable] = {}
    if wanted.groups is not None:
        tables["GROUPS"] = [{"USERGROUP": group} for group in wanted.groups]
    if wanted.parameters is not None:
        rows = [{"PARID": key, "PARVA": value} for key, value in wanted.parameters.items()]
        tables[_PARAMETERS] = rows
    return tables


def _same(wanted: RfcScalar, found: RfcScalar) -> bool:
    return (wanted or None) == (found or None)


def _writable(name: str, known: Mapping[str, UserField]) -> UserField:
    shown = name.strip().upper()
    structure = shown.partition(".")[0]
    if structure in _ROLE_FIELDS:
        raise _refusal("ROLES", shown, _role_words(shown))
    if structure == _PASSWORD:
        raise _refusal("PASSWORD", shown, "passwords are no fields; reset the password instead")
    if shown == USERNAME:
        raise _refusal("RENAME", shown, "SAP cannot rename a user; create another one")
    try:
        field = known.get(shown) or field_of(shown)
    except InputRejected as exc:
        raise _refusal("UNKNOWN_FIELD", shown, "no user has such a field") from exc
    field = known.get(field.name, field)
    if field.name in _INSTEAD:
        raise _refusal("NO_FIELD", shown, f"is a list; give it as {_INSTEAD[field.name]}")
    if not field.is_writable:
        raise _refusal("READ_ONLY", shown, "is only read")
    return field


def _role_words(name: str) -> str:
    if name.startswith("ALL_"):
        return "is only read; write ACTIVITYGROUPS or ACTIVITYGROUPS.AGR_NAME"
    return "is a list; give it as role names or as rows"


def _value(field: UserField, value: RfcScalar, *, cut: bool) -> RfcScalar:
    """The value as SAP keeps it: upper case where it does, dates as dates."""
    if isinstance(value, str):
        value = value.rstrip() if field.mixed_case else value.strip().upper()
    try:
        text = wire_text(value, field.field)
        if field.field.type in ("date", "time", "numc", "decimal", "int"):
            return value_of(text, field.field)
    except ValueError as exc:
        raise _refusal("WRONG_VALUE", field.name, str(exc)) from exc
    length = field.field.length
    if not length or not isinstance(value, str) or size_of(value) <= length:
        return value
    if not cut:
        words = f"has {size_of(value)} characters; at most {length} fit"
        raise _refusal("TOO_LONG", field.name, words)
    return fitting(field.field, value, refuses=False)


def _groups(groups: Iterable[str], problems: list[Problem]) -> tuple[str, ...]:
    found = tuple(sorted({group.strip().upper() for group in groups}))
    if any(not group or len(group) > _GROUP for group in found):
        words = f"a group has 1 to {_GROUP} characters"
        problems.append(_problem("TOO_LONG", "GROUPS.USERGROUP", words))
    return found


def _too_long(parameters: Mapping[str, str]) -> list[Problem]:
    lengths = {field.name: field.length for field in STRUCTURES[_PARAMETERS]}
    longest, most = lengths["PARID"], lengths["PARVA"]
    problems = []
    for key, value in parameters.items():
        if not key or len(key) > longest:
            words = f"a parameter's id has 1 to {longest} characters"
            problems.append(_problem("TOO_LONG", "PARAMETER.PARID", words))
        if most and size_of(value) > most:
            words = f"the value of {key} has {size_of(value)} characters; at most {most} fit"
            problems.append(_problem("TOO_LONG", "PARAMETER.PARVA", words))
    return problems


def _name_problems(change: UserChange) -> list[Problem]:
    length = len(change.name.strip())
    if not 0 < length <= LONGEST_NAME:
        words = f"has {length} characters; the name of a user has 1 to {LONGEST_NAME}"
        return [_problem("TOO_LONG", USERNAME, words)]
    if not is_readable(change.name):
        words = "holds a sign that nobody sees, or that would be another one in upper case"
        return [_problem("WRONG_VALUE", USERNAME, words)]
    return []


def _named_flagged(change: UserChange, problems: list[Problem]) -> None:
    """Two names of one field, as ALIAS and ALIAS.USERALIAS or in two cases."""
    seen: set[str] = set()
    for name in change.fields:
        shown = name.strip().upper()
        try:
            shown = field_of(shown).name
        except InputRejected:
            continue  # named already
        if shown in seen:
            problems.append(_problem("TWICE", shown, "is given twice"))
        seen.add(shown)


def _protected_lists(change: UserChange, rfc: Rfc) -> list[Problem]:
    """Lists that the settings protect; a column protects all of its list."""
    protected = {name.upper().partition(".")[0] for name in rfc.read_only_params}
    given = {
        "ACTIVITYGROUPS": change.roles if change.role_names is None else change.role_names,
        "PROFILES": change.profiles,
        "GROUPS": change.groups,
        "PARAMETER": change.parameters,
        "SYSTEMS": change.systems,
    }
    return [
        _problem("READ_ONLY", name, "is only read")
        for name, rows in given.items()
        if rows is not None and name in protected
    ]


def _refusal(code: str, field: str, words: str) -> InputRejected:
    return InputRejected(words, [_problem(code, field, words)])


def _problem(code: str, field: str, words: str) -> Problem:
    return Problem(code=code, message=f"{field}: {words}", field=field)

"""What a user of SAP has: fields that may be read, written and asked for, and their flags.

Types and lengths are those of the interfaces; what is special about a field stands here.
"""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from msgspec import Struct

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import Field, Rfc
from sapmatch.sap.rfc.structures import STRUCTURES

Access = Literal["write", "create", "read"]

USERNAME: Final = "USERNAME"
WRITABLE: Final = ("ADDRESS", "DEFAULTS", "UCLASS", "LOGONDATA", "ALIAS", "COMPANY", "REF_USER")
READ_ONLY: Final = ("ISLOCKED", "LASTMODIFIED", "SNC", "ADMINDATA", "IDENTITY", "DESCRIPTION")
STRUCTURES_READ: Final = (*WRITABLE, *READ_ONLY)
# Those whose fields releases disagree about: whatever SAP returns of them is kept.
OPEN: Final = frozenset({"ADMINDATA", "IDENTITY", "DESCRIPTION", "TECH_USER"})
# Encoded passwords: neither read into a user nor written.
HIDDEN: Final = frozenset(
    {"LOGONDATA.BCODE", "LOGONDATA.PASSCODE", "LOGONDATA.PWDSALTEDHASH", "LOGONDATA.OCOD1"}
)
_CREATE_ONLY = frozenset(
    {
        "ADDRESS.COUNTY",
        "ADDRESS.COUNTY_CODE",
        "ADDRESS.TOWNSHIP",
        "ADDRESS.TOWNSHIP_CODE",
        "DEFAULTS.CATTKENNZ",
    }
)
# One flag for all of the structure, under a name of its own.
_FLAGGED_AS: Final = {"UCLASS": "UCLASS", "ALIAS": "BAPIALIAS"}
# The only flag of these tables: with it, the rows replace all rows, and no row deletes them.
TABLE_FLAGS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "PARAMETER": ("PARAMETERX", ("PARID", "PARVA")),
    "PARAMETER1": ("PARAMETERX", ("PARID", "PARVA")),
    "GROUPS": ("GROUPSX", ("USERGROUP",)),
}
# Tables of a user: what is compared in them by conditions.
_TABLES: Final[Mapping[str, tuple[Access, str]]] = {
    "ACTIVITYGROUPS.AGR_NAME": ("write", "ACTIVITYGROUPS"),
    "ACTIVITYGROUPS.FROM_DAT": ("read", "ACTIVITYGROUPS"),
    "ACTIVITYGROUPS.TO_DAT": ("read", "ACTIVITYGROUPS"),
    "PROFILES.BAPIPROF": ("write", "PROFILES"),
    "GROUPS.USERGROUP": ("write", "GROUPS"),
    "SYSTEMS.SUBSYSTEM": ("write", "SYSTEMS"),
    "PARAMETER.PARID": ("read", "PARAMETER1"),
    "PARAMETER.PARVA": ("read", "PARAMETER1"),
}
# What a selection of BAPI_USER_GETLIST can look at.
_SELECTABLE: Final[Mapping[str, str]] = {
    "LOGONDATA": "GLTGV GLTGB USTYP CLASS ACCNT TZONE CODVN",
    "DEFAULTS": "SPLD SPLG SPDB SPDA DATFM DCPFM LANGU KOSTL START_MENU TIMEFM",
    "REF_USER": "REF_USER",
    "ALIAS": "USERALIAS",
    "GROUPS": "USERGROUP",
    "PROFILES": "BAPIPROF",
    "ACTIVITYGROUPS": "AGR_NAME FROM_DAT TO_DAT",
    "SYSTEMS": "SUBSYSTEM",
    "ADDRESS": (
        "FIRSTNAME LASTNAME DEPARTMENT INHOUSE_ML FUNCTION BUILDING BUILDING_P ROOM_NO_P TEL1_EXT "
        "TEL1_NUMBR FAX_EXTENS FAX_NUMBER E_MAIL"
    ),
    "COMPANY": "COMPANY",
    "LASTMODIFIED": "MODDATE MODTIME",
    "ISLOCKED": "WRNG_LOGON LOCAL_LOCK GLOB_LOCK NO_USER_PW",
}
_SELECTED_AS: Final = {"SYSTEMS": "SYSTEM"}  # the selection's own name of a parameter
# Fields that SAP keeps in the case in which they were typed; all others are upper case.
_MIXED = frozenset({"ADDRESS", "ALIAS", "COMPANY", "SNC", "PARAMETER", *OPEN})


class UserField(Struct, frozen=True, kw_only=True):
    """One field of a user, as `ADDRESS.LASTNAME`.

    `flag` is the structure and field that say on a change that it is meant, None where nothing does
    (USERNAME, tables, what is only read). `selected` is the parameter and field by which a list
    of users can be asked for it. `many`: a user may have several.
    """

    name: str
    structure: str
    field: Field
    access: Access
    flag: tuple[str, str] | None = None
    selected: tuple[str, str] | None = None
    many: bool = False
    mixed_case: bool = False

    @property
    def is_writable(self) -> bool:
        """Whether it may be given when a user is created."""
        return self.access != "read"

    @property
    def is_changeable(self) -> bool:
        """Whether it may be given for a user that there is."""
        return self.access == "write"


def _flag_of(structure: str, field: str) -> tuple[str, str]:
    return f"{structure}X", _FLAGGED_AS.get(structure, field)


def _selected(structure: str, field: str) -> tuple[str, str] | None:
    if field not in _SELECTABLE.get(structure, "").split():
        return None
    return _SELECTED_AS.get(structure, structure), field


def _access(structure: str, name: str) -> Access:
    if structure in READ_ONLY:
        return "read"
    return "create" if name in _CREATE_ONLY else "write"


def _of_structures() -> Iterator[UserField]:
    for structure in STRUCTURES_READ:
        for field in STRUCTURES[structure]:
            name = f"{structure}.{field.name}"
            if name in HIDDEN:
                continue
            access = _access(structure, name)
            yield UserField(
                name=name,
                structure=structure,
                field=field,
                access=access,
                flag=_flag_of(structure, field.name) if access == "write" else None,
                selected=_selected(structure, field.name),
                mixed_case=structure in _MIXED,
            )


def _of_tables() -> Iterator[UserField]:
    for name, (access, structure) in _TABLES.items():
        shown, _, field = name.partition(".")
        yield UserField(
            name=name,
            structure=shown,
            field=next(each for each in STRUCTURES[structure] if each.name == field),
            access=access,
            selected=_selected(shown, field),
            many=True,
            mixed_case=shown in _MIXED,
        )


_NAME = UserField(
    name=USERNAME,
    structure=USERNAME,
    field=Field(name=USERNAME, length=12),
    access="create",
    selected=(USERNAME, ""),
)
FIELDS: Final[Mapping[str, UserField]] = {
    each.name: each for each in (_NAME, *_of_structures(), *_of_tables())
}


def fields_of(rfc: Rfc) -> Mapping[str, UserField]:
    """All fields; those that `readOnlyParams` names, by structure or field, are only read."""
    only_read = {name.upper() for name in rfc.read_only_params}
    if not only_read:
        return FIELDS
    return {name: _narrowed(field, only_read) for name, field in FIELDS.items()}


def _narrowed(field: UserField, only_read: set[str]) -> UserField:
    if field.structure not in only_read and field.name not in only_read:
        return field
    return UserField(
        name=field.name,
        structure=field.structure,
        field=field.field,
        access="read",
        selected=field.selected,
        many=field.many,
        mixed_case=field.mixed_case,
    )


def field_of(name: str) -> UserField:
    """The field of that name in any case; InputRejected where no user has such a field.

    A structure of one field may stand for it: `ALIAS` is ALIAS.USERALIAS.
    """
    wanted = name.strip().upper()
    if wanted in FIELDS:
        return FIELDS[wanted]
    structure, dot, field = wanted.partition(".")
    if dot and field and structure in OPEN:
        return UserField(
            name=wanted,
            structure=structure,
            field=Field(name=field),
            access="read",
            mixed_case=True,
        )
    inside = [each for each in FIELDS.values() if each.structure == wanted and not each.many]
    if not dot and len(inside) == 1:
        return inside[0]
    raise InputRejected(
        f"no user has a field {name!r}: name USERNAME, a field of {', '.join(STRUCTURES_READ)} as "
        "ADDRESS.LASTNAME, or a column of a table as ACTIVITYGROUPS.AGR_NAME; `sapmatch users "
        "schema` lists all"
    )

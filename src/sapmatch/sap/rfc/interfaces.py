"""What the function modules that we call ourselves take and give.

Written by hand from what is publicly known of them, so that the first call needs no WSDL; of all
other modules the interface is read from SAP. One parameter is `NAME`, a structure or table of that
name, `NAME=STRUCTURE` where the two differ, or `NAME:length`, a scalar.
"""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from sapmatch.model.rfc import Direction, FunctionInterface, Parameter
from sapmatch.sap.rfc.structures import field_of, fields_of

_Kind = Literal["scalar", "structure", "table"]

_USER = "USERNAME:12"
_CHANGED = (
    "LOGONDATA DEFAULTS ADDRESS COMPANY SNC REF_USER ALIAS UCLASS DESCRIPTION TECH_USER PASSWORD"
)
_FLAGS = (
    "LOGONDATAX DEFAULTSX ADDRESSX COMPANYX SNCX REF_USERX ALIASX UCLASSX PASSWORDX ADDCOMX "
    "PARAMETERX GROUPSX"
)
_READ_TABLE: Final[dict[Direction, str]] = {
    "import": "QUERY_TABLE:30 DELIMITER:1 NO_DATA:1 ROWSKIPS:i ROWCOUNT:i",
    "tables": "OPTIONS FIELDS DATA",
}
_LOCAL_ROLES: Final[dict[Direction, str]] = {
    "import": _USER,
    "tables": "ACTIVITYGROUPS=LOCACTIVITYGROUPS RETURN",
}
_LOCAL_PROFILES: Final[dict[Direction, str]] = {
    "import": _USER,
    "tables": "PROFILES=LOCPROFILES RETURN",
}
_ONE_USER: Final[dict[Direction, str]] = {"import": _USER, "tables": "RETURN"}
_UNIT_OF_WORK: Final[dict[Direction, str]] = {"export": "RETURN"}

_MODULES: Final[dict[str, dict[Direction, str]]] = {
    "RFC_PING": {},
    "BAPI_USER_GETLIST": {
        "import": "MAX_ROWS:i WITH_USERNAME:1",
        "export": "ROWS:i",
        "tables": "SELECTION_RANGE SELECTION_EXP USERLIST RETURN",
    },
    "BAPI_USER_GET_DETAIL": {
        "import": f"{_USER} CACHE_RESULTS:1",
        "export": (
            "LOGONDATA DEFAULTS ADDRESS COMPANY SNC REF_USER ALIAS UCLASS LASTMODIFIED ISLOCKED "
            "IDENTITY ADMINDATA DESCRIPTION TECH_USER"
        ),
        "tables": "PARAMETER PROFILES ACTIVITYGROUPS RETURN PARAMETER1 GROUPS SYSTEMS",
    },
    "BAPI_USER_EXISTENCE_CHECK": {"import": _USER, "export": "RETURN"},
    "BAPI_USER_CREATE1": {
        "import": (
            f"{_USER} {_CHANGED} FORCE_SYSTEM_ASSIGNMENT:1 SELF_REGISTER:1 LOCK_LOCALLY:1 "
            "GENERATE_PWD:1"
        ),
        "export": "GENERATED_PASSWORD=PASSWORD",
        "tables": "PARAMETER RETURN PARAMETER1 GROUPS",
    },
    "BAPI_USER_CHANGE": {
        "import": f"{_USER} {_CHANGED} {_FLAGS} PRODUCTIVE_PWD:1 GENERATE_PWD:1",
        "export": "GENERATED_PASSWORD=PASSWORD",
        "tables": "PARAMETER RETURN PARAMETER1 GROUPS",
    },
    "BAPI_USER_DELETE": _ONE_USER,
    "BAPI_USER_LOCK": _ONE_USER,
    "BAPI_USER_UNLOCK": _ONE_USER,
    "BAPI_USER_ACTGROUPS_ASSIGN": {"import": _USER, "tables": "ACTIVITYGROUPS RETURN"},
    "BAPI_USER_ACTGROUPS_DELETE": _ONE_USER,
    "BAPI_USER_PROFILES_ASSIGN": {"import": _USER, "tables": "PROFILES RETURN"},
    "BAPI_USER_PROFILES_DELETE": _ONE_USER,
    "BAPI_USER_LOCACTGROUPS_READ": {**_LOCAL_ROLES, "import": f"{_USER} WITH_TEXT:1"},
    "BAPI_USER_LOCACTGROUPS_ASSIGN": _LOCAL_ROLES,
    "BAPI_USER_LOCPROFILES_READ": {**_LOCAL_PROFILES, "import": f"{_USER} WITH_TEXT:1"},
    "BAPI_USER_LOCPROFILES_ASSIGN": _LOCAL_PROFILES,
    "BAPI_USER_SYSTEM_ASSIGN": {"import": _USER, "tables": "SYSTEMS RETURN"},
    "SUSR_GET_ADMIN_USER_LOGIN_INFO": {
        "import": "USERID:12",
        "export": "LAST_LOGON_DATE:d LOCK_STATUS:0 PASSWORD_STATUS:0",
    },
    "SUSR_USER_CHANGE_PASSWORD_RFC": {
        "import": "BNAME:12 PASSWORD:40 NEW_PASSWORD:40",
        "export": "RETURN",
    },
    "SUSR_GENERATE_PASSWORD": {"export": "PASSWORD"},
    "PASSWORD_FORMAL_CHECK": {
        "import": "PASSWORD",
        "export": "RC:i MSGID:20 MSGNO:n3 MSGV1:50 MSGV2:50 MSGV3:50 MSGV4:50 MSGTEXT:220 RETURN",
    },
    "BAPI_HELPVALUES_GET": {
        "import": "OBJTYPE:10 OBJNAME:32 METHOD:32 PARAMETER:32 FIELD:30 MAX_OF_ROWS:i",
        "export": "RETURN",
        "tables": "SELECTION_FOR_HELPVALUES HELPVALUES VALUES_FOR_FIELD",
    },
    "BAPI_TRANSACTION_COMMIT": {**_UNIT_OF_WORK, "import": "WAIT:1"},
    "BAPI_TRANSACTION_ROLLBACK": _UNIT_OF_WORK,
    "RFC_GET_TABLE_ENTRIES": {
        "import": ("BYPASS_BUFFER:1 FROM_KEY:0 GEN_KEY:0 MAX_ENTRIES:i TABLE_NAME:30 TO_KEY:0"),
        "export": "NUMBER_OF_ENTRIES:i",
        "tables": "ENTRIES",
    },
    "RFC_READ_TABLE": {
        **_READ_TABLE,
        "import": f"{_READ_TABLE['import']} GET_SORTED:1 USE_ET_DATA_4_RETURN:1",
        "export": "ET_DATA",
    },
    "BBP_RFC_READ_TABLE": _READ_TABLE,
}
_TABLES: Final = frozenset({"ET_DATA"})  # exporting parameters that are tables


def _parameters(direction: Direction, text: str) -> Iterator[Parameter]:
    for each in text.split():
        if ":" in each:
            field = field_of(each)
            yield Parameter(name=field.name, direction=direction, kind="scalar", fields=(field,))
            continue
        name, _, structure = each.partition("=")
        is_table = direction == "tables" or name in _TABLES
        kind: _Kind = "table" if is_table else "structure"
        fields = fields_of(structure or name)
        yield Parameter(name=name, direction=direction, kind=kind, fields=fields)


INTERFACES: Final[Mapping[str, FunctionInterface]] = {
    name: FunctionInterface(
        name=name,
        parameters=tuple(
            parameter
            for direction, text in parts.items()
            for parameter in _parameters(direction, text)
        ),
    )
    for name, parts in _MODULES.items()
}

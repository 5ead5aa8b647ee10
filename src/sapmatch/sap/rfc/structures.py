"""Structures of the data dictionary that our function modules use, their fields in its order.

One field is `NAME:length`, CHAR; a letter before the length is another type: `n` NUMC, `d` date,
`t` time, `i` INT4, `p15.2` decimal, `f` float, `x` RAW, `s` string. A length of 0 is not checked:
releases differ, or nobody told us. What SAP returns beyond these fields is kept as text.
"""

from typing import Final

from sapmatch.model.rfc import Field, FieldType

_TYPES: Final[dict[str, FieldType]] = {
    "n": "numc",
    "d": "date",
    "t": "time",
    "i": "int",
    "p": "decimal",
    "f": "float",
    "x": "raw",
    "s": "string",
}

_ADDRESS = """
    PERS_NO:10 ADDR_NO:10 TITLE_P:30 FIRSTNAME:40 LASTNAME:40 BIRTH_NAME:40 MIDDLENAME:40
    SECONDNAME:40 FULLNAME:80 FULLNAME_X:1 TITLE_ACA1:20 TITLE_ACA2:20 TITLE_SPPL:20 PREFIX1:20
    PREFIX2:20 NICKNAME:40 INITIALS:10 NAMEFORMAT:2 NAMCOUNTRY:3 LANGU_P:1 LANGUP_ISO:2 SORT1_P:20
    SORT2_P:20 DEPARTMENT:40 FUNCTION:40 BUILDING_P:10 FLOOR_P:10 ROOM_NO_P:10 INITS_SIG:10
    INHOUSE_ML:10 COMM_TYPE:3 TITLE:30 NAME:40 NAME_2:40 NAME_3:40 NAME_4:40 C_O_NAME:40 CITY:40
    DISTRICT:40 CITY_NO:12 DISTRCT_NO:8 CHCKSTATUS:1 POSTL_COD1:10 POSTL_COD2:10 POSTL_COD3:10
    PO_BOX:10 PO_BOX_CIT:40 PBOXCIT_NO:12 DELIV_DIS:15 TRANSPZONE:10 STREET:60 STREET_NO:12
    STR_ABBR:2 HOUSE_NO:10 STR_SUPPL1:40 STR_SUPPL2:40 LOCATION:40 BUILDING:20 FLOOR:10 ROOM_NO:10
    COUNTRY:3 COUNTRYISO:2 LANGU:1 LANGU_ISO:2 REGION:3 SORT1:20 SORT2:20 TIME_ZONE:6 TAXJURCODE:15
    ADR_NOTES:50 TEL1_NUMBR:30 TEL1_EXT:10 FAX_NUMBER:30 FAX_EXTENS:10 E_MAIL:241 BUILD_LONG:20
    REGIOGROUP:8 DONT_USE_S:4 HOUSE_NO2:10 HOUSE_NO3:10 LANGU_CR_P:1 LANGUCPISO:2 LANGU_CREA:1
    LANGUCRISO:2 COUNTY_CODE:8 COUNTY:40
    TOWNSHIP_CODE:8 TOWNSHIP:40 STR_SUPPL3:40 PO_BOX_REG:3 POBOX_CTRY:3 PO_CTRYISO:2
    PO_W_O_NO:1 HOMEPAGE:132 DONT_USE_P:4 PCODE1_EXT:10 PCODE2_EXT:10 PCODE3_EXT:10
"""
_LOGONDATA = """
    GLTGV:d GLTGB:d USTYP:1 CLASS:12 ACCNT:12 TZONE:6 LTIME:t BCODE:x8 CODVN:1 PASSCODE:x20 CODVC:1
    PWDSALTEDHASH:255 CODVS:1 SECURITY_POLICY:40
"""
_DEFAULTS = """
    STCOD:20 SPLD:4 SPLG:1 SPDB:1 SPDA:1 DATFM:1 DCPFM:1 HDEST:8 HMAND:3 HNAME:12 MENON:1 MENUE:20
    STRTT:20 LANGU:1 CATTKENNZ:1 KOSTL:8 START_MENU:30 TIMEFM:1
"""
_UCLASS = """
    LIC_TYPE:2 SPEC_VERS:2 COUNTRY_SURCHARGE:n3 SUBSTITUTE_FROM:d SUBSTITUTE_UNTIL:d SYSID:8
    CLIENT:3 BNAME_CHARGEABLE:12
"""
_COMMUNICATION = (
    "ADTEL ADFAX ADTTX ADTLX ADSMTP ADRML ADX400 ADRFC ADPRT ADSSF ADURI ADPAG ADCOMREM"
)


def _flags(fields: str) -> str:
    """The X structure: a flag beside each field."""
    return " ".join(f"{each.partition(':')[0]}:1" for each in fields.split())


_SELECTED = "PARAMETER:32 FIELD:30 SIGN:1 OPTION:2 LOW:45 HIGH:45"
_AGR = "AGR_NAME:30 FROM_DAT:d TO_DAT:d AGR_TEXT:80 ORG_FLAG:1"
_TEXT_OF: Final = {
    "ADDRESS": _ADDRESS,
    "ADDRESSX": _flags(_ADDRESS),
    "LOGONDATA": _LOGONDATA,
    "LOGONDATAX": _flags(_LOGONDATA),
    "DEFAULTS": _DEFAULTS,
    "DEFAULTSX": _flags(_DEFAULTS),
    "UCLASS": _UCLASS,
    "UCLASSX": "UCLASS:1",
    "ALIAS": "USERALIAS:40",
    "ALIASX": "BAPIALIAS:1",
    "COMPANY": "COMPANY:42",
    "COMPANYX": "COMPANY:1",
    "REF_USER": "REF_USER:12",
    "REF_USERX": "REF_USER:1",
    "SNC": "GUIFLAG:1 PNAME:255",
    "SNCX": "GUIFLAG:1 PNAME:1",
    "PASSWORD": "BAPIPWD:40",
    "PASSWORDX": "BAPIPWD:1",
    "ADDCOMX": _flags(_COMMUNICATION),
    "PARAMETERX": "PARID:1 PARVA:1",
    "GROUPSX": "USERGROUP:1",
    "ISLOCKED": "WRNG_LOGON:1 LOCAL_LOCK:1 GLOB_LOCK:1 NO_USER_PW:1",
    "LASTMODIFIED": "MODDATE:d MODTIME:t",
    "ADMINDATA": "ANAME:12 ERDAT:d TRDAT:d LTIME:t",
    "IDENTITY": "",
    "TECH_USER": "",
    "DESCRIPTION": "TECHDESC:0",
    "SELECTION_RANGE": _SELECTED,
    "SELECTION_EXP": "LOGOP:3 ARITY:i PARAMETER:32 FIELD:30 OPTION:2 LOW:45 HIGH:45",
    "USERLIST": "USERNAME:12 FIRSTNAME:40 LASTNAME:40 FULLNAME:80",
    "ACTIVITYGROUPS": _AGR,
    "LOCACTIVITYGROUPS": f"SUBSYSTEM:10 {_AGR}",
    "PROFILES": "BAPIPROF:12 BAPIPTEXT:60 BAPITYPE:1 BAPIAKTPS:1",
    "LOCPROFILES": "SUBSYSTEM:10 PROFILE:12 BAPIPTEXT:60 BAPITYPE:1 BAPIAKTPS:1",
    "SYSTEMS": "SUBSYSTEM:10",
    "GROUPS": "USERGROUP:12",
    "PARAMETER": "PARID:20 PARVA:18 PARTXT:60",
    "PARAMETER1": "PARID:20 PARVA:0 PARTXT:60",
    "RETURN": (
        "TYPE:1 ID:20 NUMBER:n3 MESSAGE:220 LOG_NO:20 LOG_MSG_NO:n6 MESSAGE_V1:50 MESSAGE_V2:50 "
        "MESSAGE_V3:50 MESSAGE_V4:50 PARAMETER:32 ROW:i FIELD:30 SYSTEM:10"
    ),
    "SELECTION_FOR_HELPVALUES": "SELECT_FLD:30 SIGN:1 OPTION:2 LOW:45 HIGH:45",
    "HELPVALUES": "HELPVALUES:255",
    "VALUES_FOR_FIELD": "VALUES:255",
    "ENTRIES": "WA:0",
    "DATA": "WA:512",
    "OPTIONS": "TEXT:72",
    "FIELDS": "FIELDNAME:30 OFFSET:n6 LENGTH:n6 TYPE:1 FIELDTEXT:60",
    "ET_DATA": "LINE:s",
}


def field_of(text: str) -> Field:
    """One field as it is written above."""
    name, _, said = text.partition(":")
    kind, size = (said[0], said[1:]) if said[:1].isalpha() else ("", said)
    length, _, decimals = size.partition(".")
    return Field(
        name=name,
        type=_TYPES[kind] if kind else "char",
        length=int(length or 0),
        decimals=int(decimals or 0),
    )


def fields_of(structure: str) -> tuple[Field, ...]:
    """The fields of one of the structures."""
    return STRUCTURES[structure]


STRUCTURES: Final = {
    name: tuple(field_of(each) for each in text.split()) for name, text in _TEXT_OF.items()
}

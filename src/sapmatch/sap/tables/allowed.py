"""Which tables may be read, and by which function modules."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.sap.tables.grammar import IDENTIFIER, Table

# Never read, whatever the settings say: each holds what opens doors.
DENIED: Final = {
    "USR02": "hashes of passwords",
    "VUSR02_PWD": "hashes of passwords",
    "USH02": "hashes of earlier passwords",
    "USH02_ARC_TMP": "hashes of earlier passwords",
    "USRPWDHISTORY": "hashes of earlier passwords",
    "USR40": "passwords that are forbidden, which tells what passwords there look like",
    "RFCDES": "logon data of destinations",
    "DBCON": "logon data of databases",
    "ICFSERVICE": "logon data of services",
    "RSECTAB": "the secure storage, which holds passwords and keys",
    "RSECACTB": "keys of the secure storage",
    "SSF_PSE_D": "private keys",
    "SSF_PSE_H": "where private keys are kept",
    "CCARDEC": "numbers of payment cards, encrypted",
    "CCSEC_ENC": "numbers of payment cards, encrypted",
}
# Roles and user groups are what provisioning is about; nothing else is read unless anyTable says.
ALLOWED: Final = frozenset({"AGR_DEFINE", "USGRP"})
ALLOWED_BELOW: Final = {"AGR_DEFINE": frozenset({"AGR_TEXTS", "AGR_AGRS", "AGR_FLAGS"})}

ENTRIES: Final = "RFC_GET_TABLE_ENTRIES"
READ: Final = "RFC_READ_TABLE"
FUNCTIONS: Final = (ENTRIES, READ, "BBP_RFC_READ_TABLE")
_OWN = ("Z", "Y", "/")  # where customers name their own modules
_ODP = "RODPS_"
_TABLE: Final = re.compile(r"TAB(LE)?(_?NAME)?$", re.IGNORECASE)  # of parameters and fields


def require_tables(tables: Iterable[Table], *, any_table: bool, place: str = "rfc") -> None:
    """InputRejected that names every table which is not read, and why."""
    problems = [
        Problem(code="TABLE_REFUSED", field=f"{place}.{setting}", message=message)
        for table in tables
        for setting, message in _refused(table, any_table)
    ]
    if problems:
        raise InputRejected("\n".join(f"{p.field}: {p.message}" for p in problems), problems)


def _refused(table: Table, any_table: bool) -> Iterator[tuple[str, str]]:
    why = _why(table.table, any_table or table.table in ALLOWED)
    if why:
        yield f"tables[{table.number}]", why
    below = ALLOWED_BELOW.get(table.table, frozenset())
    for sub in table.subs:
        why = _why(sub.table, any_table or sub.table in below)
        if why:
            yield f"subTables[{sub.number}]", why


def _why(name: str, allowed: bool) -> str:
    if name in DENIED:
        return f"{name} holds {DENIED[name]} and is never read; take it out"
    if not allowed:
        return (
            f"{name} is read only with anyTable = true; roles (AGR_DEFINE) and user groups "
            "(USGRP) need no permission"
        )
    return ""


def denied_in(
    parameters: Mapping[str, Any], *, reads_tables: bool
) -> Iterator[tuple[str, str, str]]:
    """Parameters that name a table which is never read, the table, and what it holds.

    A module that `reads_tables` may name one in any parameter, others in those called like one.
    """
    for name, value in _leaves("", parameters):
        table = value.strip().upper()
        if table in DENIED and (reads_tables or _TABLE.search(name)):
            yield name, table, DENIED[table]


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Texts with their paths."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _leaves(f"{name}.{key}".removeprefix("."), each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(name, each)


def require_function(name: str, *, place: str = "rfc") -> None:
    """InputRejected for a module that reads no tables, or that SAP keeps for itself."""
    setting = f"{place}.tableReadFunction"
    if name.startswith(_ODP):
        raise _no_reader(
            setting,
            f"{name} is one of the ODP modules, which SAP lets nobody else call (Note 3255746); "
            f"take {READ}, or extract by OData",
        )
    own = name.startswith(_OWN) and IDENTIFIER.match(name)
    if name not in FUNCTIONS and not own:
        raise _no_reader(
            setting,
            f"{name} is none of {', '.join(FUNCTIONS)}, and no module of your own "
            f"(Z..., Y..., /NAMESPACE/...) with the parameters of {READ}",
        )


def _no_reader(setting: str, message: str) -> InputRejected:
    problem = Problem(code="TABLE_REFUSED", field=setting, message=message)
    return InputRejected(f"{setting}: {message}", [problem])

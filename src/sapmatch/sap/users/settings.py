"""What the settings say of users and tables, as those parse it who act on it.

Nothing is asked of SAP: which tables its details of a user have, only SAP knows.
"""

from collections.abc import Iterator
from typing import Final

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.rfc import Rfc
from sapmatch.sap.rfc.interfaces import INTERFACES
from sapmatch.sap.tables.reader import described
from sapmatch.sap.users.conditions import condition_of
from sapmatch.sap.users.fields import FIELDS, OPEN, STRUCTURES_READ

_DETAIL: Final = INTERFACES["BAPI_USER_GET_DETAIL"]
_CODE: Final = "SETTING"
# Tables of the details of a user that releases are known to have, beside those that are always
# read. There may be more.
_FURTHER: Final = frozenset(
    "ADDCOMREM ADDFAX ADDPAG ADDPRT ADDRFC ADDRML ADDSMTP ADDSSF ADDTEL ADDTLX ADDTTX ADDURI "
    "ADDX400 EXTIDHEAD EXTIDPART UCLASSSYS".split()
)


def problems_of(rfc: Rfc, place: str) -> Iterator[Problem]:
    """Every mistake under its setting; `place` is `connections.<name>.rfc`."""
    try:
        described(rfc, place)
    except InputRejected as exc:
        yield from exc.problems
    if rfc.base_account_query:
        yield from _base_query(rfc.base_account_query, f"{place}.baseAccountQuery")
    for n, name in enumerate(rfc.read_only_params):
        if not _is_of_users(name.upper()):
            known = ", ".join((*STRUCTURES_READ, "ACTIVITYGROUPS", "PROFILES", "GROUPS"))
            yield _problem(
                f"{place}.readOnlyParams[{n}]",
                f"no user has {name}, so nothing would be protected; name one of {known}, or a "
                "field as ADDRESS.E_MAIL (`sapmatch users schema` lists all)",
            )
    structures = {each.name for each in _DETAIL.parameters if each.direction != "tables"}
    for n, name in enumerate(rfc.table_parameter_names):
        if name.upper() in structures or "." in name or name.upper() == "RETURN":
            yield _problem(
                f"{place}.tableParameterNames[{n}]",
                f"{name} is no table of BAPI_USER_GET_DETAIL; structures are read anyway",
            )


def remarks_of(rfc: Rfc, place: str) -> Iterator[Problem]:
    """What SAP alone can say: tables of a user that are not known here."""
    known = _FURTHER | {each.name for each in _DETAIL.parameters}
    for n, name in enumerate(rfc.table_parameter_names):
        if name.upper() not in known and "." not in name:
            yield _problem(
                f"{place}.tableParameterNames[{n}]",
                f"{name} is no table of BAPI_USER_GET_DETAIL that is known here; where SAP does "
                "not have it either, it cannot be read: `sapmatch doctor` asks",
            )


def _base_query(text: str, setting: str) -> Iterator[Problem]:
    try:
        condition_of(text, setting)
    except InputRejected as exc:
        yield _problem(setting, str(exc).removeprefix(f"{setting}: "))


def _is_of_users(name: str) -> bool:
    structure, dot, field = name.partition(".")
    if structure in OPEN and field:
        return True
    names = FIELDS if dot else {each.structure for each in FIELDS.values()} | OPEN
    return name in names


def _problem(field: str, message: str) -> Problem:
    return Problem(code=_CODE, field=field, message=message)

"""Which function modules a user may call, asked without changing anything."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from sapmatch.model.errors import AuthorizationMissing, InputRejected, SapRejected
from sapmatch.model.rfc import (
    AbapException,
    Capabilities,
    Rfc,
    RfcInput,
    RfcTransport,
)

# How releases say that there is no such module, or none that may be called from outside.
MISSING: Final = frozenset(
    {"FU_NOT_FOUND", "FUNCTION_NOT_FOUND", "CALL_FUNCTION_NOT_FOUND", "CALL_FUNCTION_NOT_REMOTE"}
)
Status = Literal["allowed", "denied", "refused", "missing", "unclear", "not_asked"]
_NO_USER: Final[Mapping[str, RfcInput]] = {"USERNAME": ""}

_LIST: Final = "BAPI_USER_GETLIST"
_DETAIL: Final = "BAPI_USER_GET_DETAIL"
# Calls that read next to nothing: of nobody, or one row.
_PROBES: Final[Mapping[str, Mapping[str, RfcInput]]] = {
    "RFC_PING": {},
    _LIST: {"MAX_ROWS": 1, "WITH_USERNAME": "X"},
    _DETAIL: {**_NO_USER, "CACHE_RESULTS": " "},
    "BAPI_USER_EXISTENCE_CHECK": _NO_USER,
    "BAPI_HELPVALUES_GET": {
        "OBJTYPE": "USER",
        "OBJNAME": "USER",
        "METHOD": "ProfilesAssign",
        "PARAMETER": "Profiles",
        "FIELD": "BAPIPROF",
        "MAX_OF_ROWS": 1,
    },
}
_LOGIN_INFO: Final = "SUSR_GET_ADMIN_USER_LOGIN_INFO"
_CENTRAL: Final = ("BAPI_USER_LOCACTGROUPS_READ", "BAPI_USER_LOCPROFILES_READ")
_CHANGES: Final = (
    "BAPI_USER_CREATE1",
    "BAPI_USER_CHANGE",
    "BAPI_USER_DELETE",
    "BAPI_USER_LOCK",
    "BAPI_USER_UNLOCK",
    "BAPI_USER_ACTGROUPS_ASSIGN",
    "BAPI_USER_PROFILES_ASSIGN",
)
_CENTRAL_CHANGES: Final = (
    "BAPI_USER_LOCACTGROUPS_ASSIGN",
    "BAPI_USER_LOCPROFILES_ASSIGN",
    "BAPI_USER_SYSTEM_ASSIGN",
)


class Allowed(Struct, frozen=True, kw_only=True):
    """Whether one module may be called.

    `refused`: it was called, and said that it does nothing for this user. `not_asked`: it changes
    something, so nobody tried.
    """

    function: str
    status: Status
    detail: str = ""


class Report(Struct, frozen=True, kw_only=True):
    """What can be done over one connection."""

    transport: str
    flavour: str
    can: Capabilities
    modules: tuple[Allowed, ...]

    def of(self, *statuses: Status) -> Sequence[str]:
        """Names of the modules that stand so."""
        return [each.function for each in self.modules if each.status in statuses]


def report(transport: RfcTransport, rfc: Rfc) -> Report:
    """Ask each module that we read with for next to nothing; raises what ends every call.

    Where `testBapiFunctionPermission` is off, nothing is asked. No change is made, and no password
    is checked: that would count as a failed logon of somebody.
    """
    return Report(
        transport=rfc.transport,
        flavour=rfc.flavour if rfc.transport == "soap" else "",
        can=transport.capabilities,
        modules=tuple(_modules(transport, rfc)),
    )


def _modules(transport: RfcTransport, rfc: Rfc) -> Iterator[Allowed]:
    wanted = {_DETAIL: tuple(name.upper() for name in rfc.table_parameter_names)}
    for function, imports in _probes(rfc).items():
        if rfc.test_bapi_function_permission:
            yield _asked(transport, function, imports, wanted.get(function, ()))
        else:
            yield Allowed(function=function, status="not_asked")
    for function in (*_CHANGES, *(_CENTRAL_CHANGES if rfc.cua_enabled else ())):
        yield Allowed(function=function, status="not_asked", detail="it changes something")


def _probes(rfc: Rfc) -> dict[str, Mapping[str, RfcInput]]:
    probes = dict(_PROBES)
    if rfc.also_read_login_info:
        probes[_LOGIN_INFO] = {"USERID": ""}
    if rfc.cua_enabled:
        probes.update(dict.fromkeys(_CENTRAL, _NO_USER))
    if rfc.tables:
        table = rfc.tables[0].partition("=")[0].split()[0].upper()
        is_entries = rfc.table_read_function == "RFC_GET_TABLE_ENTRIES"
        probes[rfc.table_read_function] = (
            {"TABLE_NAME": table, "MAX_ENTRIES": 1}
            if is_entries
            else {"QUERY_TABLE": table, "NO_DATA": "X"}
        )
    if rfc.transport == "soap" and rfc.flavour != "soap_rfc":  # only what has a binding
        return {name: probe for name, probe in probes.items() if name in rfc.services}
    return probes


def _asked(
    transport: RfcTransport, function: str, imports: Mapping[str, RfcInput], want: Sequence[str]
) -> Allowed:
    try:
        found = transport.call(function, imports, want=want)
    except AuthorizationMissing as exc:
        return Allowed(function=function, status="denied", detail=str(exc))
    except AbapException as exc:  # the module was called, unless there is none
        if exc.key in MISSING:
            return Allowed(function=function, status="missing", detail=exc.text)
        return Allowed(function=function, status="allowed")
    except InputRejected as exc:
        setting = "rfc.tableParameterNames: " if want else ""
        return Allowed(function=function, status="unclear", detail=f"{setting}{exc}")
    except SapRejected as exc:
        return Allowed(function=function, status="unclear", detail=str(exc))
    unread = [name for name in want if name in found.absent]
    if unread:
        detail = f"rfc.tableParameterNames: SAP does not send {', '.join(unread)}"
        return Allowed(function=function, status="unclear", detail=detail)
    # Others are asked of nobody, and may well say so; a list of all users has nothing to complain.
    said = [each for each in found.messages if each.is_error and function == _LIST]
    if said:
        detail = f"{said[0].code}: {said[0].text}"
        return Allowed(function=function, status="refused", detail=detail)
    return Allowed(function=function, status="allowed")

"""A small user administration of SAP in memory, whose every call can be made to go wrong.

It plays what the tests of writing need, and nothing else; `local/sap/abap` plays all of it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from sapmatch.model.rfc import (
    BapiMessage,
    Capabilities,
    FunctionInterface,
    Rfc,
    RfcInput,
    RfcResult,
    RfcStructure,
    RfcTable,
    RfcTransport,
)
from sapmatch.model.users import UserLocks
from sapmatch.sap.rfc.interfaces import INTERFACES
from sapmatch.sap.users.fields import STRUCTURES_READ
from sapmatch.sap.users.reader import SapUsers
from sapmatch.sap.users.writer import SapUserWriter
from tests.builders.memory import MemoryClock

READS = ("BAPI_USER_GET_DETAIL", "BAPI_USER_LOCACTGROUPS_READ", "BAPI_USER_LOCPROFILES_READ")
FLAGS = ("WRNG_LOGON", "LOCAL_LOCK", "GLOB_LOCK", "NO_USER_PW")
FIRST = date(2026, 1, 15)
LAST = date(9999, 12, 31)
Fault = Callable[[], None]


class Sent:
    """One call that changes something."""

    def __init__(self, function: str, imports: Mapping[str, Any], tables: Mapping[str, Any]):
        self.function = function
        self.imports = dict(imports)
        self.tables = {name: [dict(row) for row in rows] for name, rows in tables.items()}


class ScriptedSap:
    """Port RfcTransport. `before` and `after` are called around the effect of a module."""

    def __init__(self, *, stateful: bool = False, systems: Collection[str] = ()) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.sent: list[Sent] = []
        self.before: dict[str, Fault] = {}
        self.after: dict[str, Fault] = {}
        self.returns: dict[str, list[BapiMessage]] = {}
        self.ignores: set[str] = set()  # modules that say yes and do nothing
        self.known_systems = tuple(systems)
        self.lost: set[str] = set()  # ADDRESS.LASTNAME: fields that SAP does not store
        self._stateful = stateful
        self._saved: dict[str, dict[str, Any]] | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(stateful=self._stateful, metadata=False, snc=False)

    @property
    def writes(self) -> list[str]:
        return [call.function for call in self.sent]

    def last(self, function: str) -> Sent:
        return [call for call in self.sent if call.function == function][-1]

    def add(self, name: str, **parts: Any) -> dict[str, Any]:
        self.users[name] = _blank() | parts
        return self.users[name]

    def call(
        self,
        function: str,
        imports: Mapping[str, RfcInput] = {},
        tables: Mapping[str, RfcTable] = {},
        *,
        want: Collection[str] = (),
        changes: bool = False,
    ) -> RfcResult:
        if function == "BAPI_HELPVALUES_GET":
            rows: list[RfcStructure] = [{"VALUES": name} for name in self.known_systems]
            return RfcResult(tables={"VALUES_FOR_FIELD": rows, "HELPVALUES": []})
        if function in READS:
            return self._read(function, self.users.get(str(imports["USERNAME"])))
        assert changes or function == "PASSWORD_FORMAL_CHECK", function
        if changes:
            self.sent.append(Sent(function, imports, tables))
        self.before.get(function, lambda: None)()
        messages = list(self.returns.get(function, ()))
        user = self.users.get(str(imports.get("USERNAME", "")))
        if function not in self.ignores and not any(each.type in "EAX" for each in messages):
            messages += self._done(function, user, imports, tables)
        self.after.get(function, lambda: None)()
        return RfcResult(messages=tuple(messages))

    def interface(self, function: str) -> FunctionInterface | None:
        return INTERFACES.get(function)

    @contextmanager
    def unit(self) -> Iterator[RfcTransport]:
        yield self

    def ping(self) -> None: ...

    def close(self) -> None: ...

    def _read(self, function: str, user: dict[str, Any] | None) -> RfcResult:
        if user is None:
            return RfcResult(messages=(error("124"),))
        exports: dict[str, RfcInput] = {name: {} for name in STRUCTURES_READ}
        exports |= {name: dict(row) for name, row in user["structures"].items()}
        exports["ISLOCKED"] = {flag: "L" if flag in user["locks"] else "U" for flag in FLAGS}
        local = function.startswith("BAPI_USER_LOC")
        tables: dict[str, Any] = {
            "ACTIVITYGROUPS": [dict(row) for row in user["roles"]],
            "PROFILES": [_profile(name) for name in user["profiles"]],
            "GROUPS": [{"USERGROUP": group} for group in user["groups"]],
            "PARAMETER1": [{"PARID": k, "PARVA": v} for k, v in user["parameters"].items()],
            "SYSTEMS": [{"SUBSYSTEM": system} for system in user["systems"]],
        }
        if local:
            tables["PROFILES"] = [
                {"SUBSYSTEM": s, "PROFILE": p} for s, p in user.get("local_profiles", ())
            ]
        return RfcResult(exports=exports, tables=tables)

    def _done(
        self,
        function: str,
        user: dict[str, Any] | None,
        imports: Mapping[str, RfcInput],
        tables: Mapping[str, RfcTable],
    ) -> list[BapiMessage]:
        if not function.startswith("BAPI_USER_"):
            return []
        name = str(imports["USERNAME"])
        if function == "BAPI_USER_CREATE1":
            if user is not None:
                return [error("224")]
            self._store(self.add(name), imports, tables, flagged=False)
        elif user is None:
            return [error("124")]
        elif function == "BAPI_USER_DELETE":
            del self.users[name]
        elif function == "BAPI_USER_CHANGE":
            self._store(user, imports, tables, flagged=True)
        else:
            _assign(function, user, tables)
        return []

    def _store(
        self,
        user: dict[str, Any],
        imports: Mapping[str, RfcInput],
        tables: Mapping[str, RfcTable],
        *,
        flagged: bool,
    ) -> None:
        for structure, row in imports.items():
            if not isinstance(row, Mapping) or structure == "PASSWORD":
                continue
            flags = imports.get(f"{structure}X", {})
            for field, value in row.items():
                meant = not flagged or (isinstance(flags, Mapping) and "X" in flags.values())
                if meant and f"{structure}.{field}" not in self.lost:
                    user["structures"].setdefault(structure, {})[field] = value
        if "GROUPS" in tables:
            user["groups"] = [row["USERGROUP"] for row in tables["GROUPS"]]
        if "PARAMETER1" in tables:
            user["parameters"] = {row["PARID"]: row["PARVA"] for row in tables["PARAMETER1"]}


def _profile(name: str) -> dict[str, str]:
    """SAP names those that it makes of roles T-..., unless told otherwise."""
    return {"BAPIPROF": name, "BAPITYPE": "G" if name.startswith("T-") else "S"}


def _assign(function: str, user: dict[str, Any], tables: Mapping[str, RfcTable]) -> None:
    if function == "BAPI_USER_LOCK":
        user["locks"].add("LOCAL_LOCK")
    elif function == "BAPI_USER_UNLOCK":
        user["locks"] -= {"LOCAL_LOCK", "WRNG_LOGON"}
    elif function.endswith("ACTGROUPS_ASSIGN"):
        kept = [row for row in user["roles"] if row.get("ORG_FLAG")]
        user["roles"] = [*kept, *({"ORG_FLAG": "", **row} for row in tables["ACTIVITYGROUPS"])]
    elif function == "BAPI_USER_PROFILES_ASSIGN":
        kept = [name for name in user["profiles"] if name.startswith("T-")]
        user["profiles"] = [*kept, *(str(row["BAPIPROF"]) for row in tables["PROFILES"])]
    elif function == "BAPI_USER_LOCPROFILES_ASSIGN":
        rows = tables["PROFILES"]
        user["local_profiles"] = [(row["SUBSYSTEM"], row["PROFILE"]) for row in rows]
    elif function == "BAPI_USER_SYSTEM_ASSIGN":
        user["systems"] = [str(row["SUBSYSTEM"]) for row in tables["SYSTEMS"]]


class NoLocks:
    """Port UserLocks that holds nobody up, and remembers who held what."""

    def __init__(self) -> None:
        self.held_for: list[tuple[str, str]] = []

    @contextmanager
    def held(self, system: str, user: str) -> Iterator[None]:
        self.held_for.append((system, user))
        yield


def error(number: str, kind: str = "E") -> BapiMessage:
    return BapiMessage(type=kind, id="01", number=number, text="SAP's words")


def role(name: str, first: date = FIRST, last: date = LAST, flag: str = "") -> dict[str, Any]:
    return {"AGR_NAME": name, "FROM_DAT": first, "TO_DAT": last, "AGR_TEXT": "", "ORG_FLAG": flag}


def writer_on(
    sap: ScriptedSap, locks: UserLocks | None = None, clock: MemoryClock | None = None, **rfc: Any
) -> SapUserWriter:
    settings = Rfc(**rfc)
    clock = clock or MemoryClock()
    reader = SapUsers(sap, settings, "s4", clock, 1)
    return SapUserWriter(sap, settings, "s4", reader, locks or NoLocks(), clock)


def _blank() -> dict[str, Any]:
    return {
        "structures": {"ADDRESS": {"LASTNAME": "Miller"}, "LOGONDATA": {"USTYP": "A"}},
        "roles": [],
        "profiles": [],
        "groups": [],
        "parameters": {},
        "systems": [],
        "locks": set(),
    }

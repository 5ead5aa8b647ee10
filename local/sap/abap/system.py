"""The landscape as callers meet it: S_RFC, faults, one call at a time, a memory of the calls."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from local.sap.abap.call import Call, Rights, Rules
from local.sap.abap.dictionary import Function, functions
from local.sap.abap.faults import AbapFault, Faults, Wanted
from local.sap.abap.landscape import CENTRAL, Landscape, Line
from local.sap.abap.messages import message
from local.sap.abap.modules import MODULES
from local.sap.abap.seed import adopted, landscape_of, user_of
from local.sap.abap.values import Row, inputs, outputs

_MAX_CALLS = 100_000


@dataclass(frozen=True, slots=True)
class Done:
    """What a call returned, and which documents it created or changed."""

    outputs: Row
    created: list[str]
    changed: list[str]


class Abap:
    """Thread-safe; calls are taken one at a time."""

    def __init__(
        self,
        seed: Mapping[str, Any] | None = None,
        *,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._seed = seed or {}
        self._now = now
        self._lock = threading.RLock()
        self.faults = Faults()
        self.rules = Rules()
        self.rights: dict[str, Rights] = {}
        self._calls: deque[Row] = deque(maxlen=_MAX_CALLS)
        self.landscape = self._start()

    def _start(self) -> Landscape:
        landscape = landscape_of(self._seed)
        if self._now is not None:
            landscape.now = self._now
        adopted(landscape)
        return landscape

    def reset(self) -> None:
        """Back to the seed: users, faults, permissions, calls."""
        with self._lock:
            self.landscape = self._start()
            self.faults.clear()
            self.rules = Rules()
            self.rights = {}
            self._calls.clear()

    @property
    def functions(self) -> Mapping[str, Function]:
        """The interfaces of this release."""
        return functions(self.rules.release)

    def call(
        self,
        function: str,
        parameters: Mapping[str, Any],
        *,
        user: str = "ROBOT",
        client: str = CENTRAL,
        language: str = "EN",
    ) -> Row:
        """What the module returns, in the shapes of pyrfc; AbapFault where it returned nothing."""
        with self._lock:
            fault = self.faults.take(function)
            if fault is not None and fault.is_on_the_wire and fault.name != "slow":
                return self._broken(fault, function, parameters, user, client, language)
            return self.execute(
                function, parameters, user=user, client=client, language=language, fault=fault
            ).outputs

    def _broken(
        self,
        fault: Wanted,
        function: str,
        parameters: Mapping[str, Any],
        user: str,
        client: str,
        language: str,
    ) -> Row:
        """A line without HTTP breaks before or after the work."""
        if fault.name in ("reset_after", "truncated", "garbled"):
            self.execute(function, parameters, user=user, client=client, language=language)
            raise AbapFault("after", "RFC_COMMUNICATION_FAILURE", "connection closed")
        raise AbapFault("before", "RFC_COMMUNICATION_FAILURE", "connection closed")

    def execute(
        self,
        function: str,
        parameters: Mapping[str, Any],
        *,
        user: str,
        client: str = CENTRAL,
        language: str = "EN",
        fault: Wanted | None = None,
    ) -> Done:
        """As `call`, with this fault and no other, and what it changed."""
        entry = {"function": function, "client": client, "user": user, "status": "done"}
        with self._lock:
            self._calls.append(entry)
            self.landscape.deliver()
            try:
                return self._executed(function, parameters, user, client, language, fault)
            except AbapFault as error:
                entry["status"] = error.key
                raise

    def _executed(
        self,
        name: str,
        parameters: Mapping[str, Any],
        user: str,
        client: str,
        language: str,
        fault: Wanted | None,
    ) -> Done:
        function = self._function(name, user, fault)
        if client not in self.landscape.systems:
            raise AbapFault("before", "RFC_LOGON_FAILURE", f"Client {client} is not available")
        call = Call(
            self.landscape,
            self.landscape.systems[client],
            self.rules,
            self.rights.get(user, Rights()),
            user,
            language,
            inputs(function, parameters),
            dict(parameters),
        )
        early = _wanted_return(fault, function, call)
        if any(row["TYPE"] in "EAX" for row in early):
            return Done(outputs(function, {"RETURN": _as_declared(function, early)}), [], [])
        found = _tables(function, call) | MODULES[name](call)
        if early:
            found["RETURN"] = _as_declared(function, [*early, *found.get("RETURN", [])])
        if fault is not None and fault.name == "dump_after":
            raise AbapFault("dump", "MESSAGE_TYPE_X", "Runtime error after the update")
        return Done(outputs(function, found), call.created, call.changed)

    def _function(self, name: str, user: str, fault: Wanted | None) -> Function:
        function = self.functions.get(name)
        if function is None:
            raise AbapFault("unknown_function", "FU_NOT_FOUND", f"Function {name} not found")
        allowed = self.rights.get(user, Rights()).functions
        kind = fault.name if fault is not None else ""
        if kind == "no_authority" or (allowed is not None and name not in allowed):
            text = f"No RFC authorization for user {user} (function group {function.group})"
            raise AbapFault("authority", "RFC_NO_AUTHORITY", text)
        if kind == "dump":
            raise AbapFault("dump", "TIME_OUT", "Runtime error TIME_OUT has occurred")
        if fault is not None and kind == "fault":
            raise AbapFault("exception", fault.argument)
        return function

    def as_json(self) -> Row:
        """Users without their passwords, calls, IDocs: for those who look from outside."""
        with self._lock:
            self.landscape.deliver()
            systems = self.landscape.systems.values()
            return {
                "cua": self.landscape.cua,
                "systems": {each.name: _shown(each) for each in systems},
                "calls": list(self._calls),
                "distribution": [each.as_json() for each in self.landscape.idocs],
            }

    def called(self, function: str = "") -> list[Row]:
        """The calls so far, of one module or of all."""
        with self._lock:
            return [each for each in self._calls if function in ("", each["function"])]

    def forget_calls(self) -> None:
        """Count calls from here on."""
        with self._lock:
            self._calls.clear()

    def control(self, wanted: object) -> None:
        """What POST /_control/abap takes; ValueError names what does not fit.

        `{"fault": {"next", "count", "of"}, "permissions": {USER: {"functions": [...] | null,
        "without": ["S_USER_GRP", ...]}}, "idocs": {SYSTEM: {"delay": SECONDS, "fails": TEXT}},
        "resend": SYSTEM, "cua": BOOL, "rules": {"release", "password_length", "password_history",
        "unknown_parameters"}, "users": {CLIENT: [user, ...]}, "delete": {CLIENT: [name, ...]},
        "wrong_logons": {CLIENT: [name, ...]}, "seed": {...}}`.
        """
        orders: dict[str, Callable[[Any], None]] = {
            "fault": self.faults.order,
            "permissions": self._permit,
            "idocs": self._set_lines,
            "resend": lambda name: self.landscape.resend(self._named(name)),
            "cua": self._set_cua,
            "rules": self._set_rules,
            "users": self._add_users,
            "delete": self._delete_users,
            "wrong_logons": self._lock_out,
            "seed": self._reseed,
        }
        if not isinstance(wanted, Mapping) or not wanted or not set(wanted) <= set(orders):
            raise ValueError(f"expected an object with {', '.join(orders)}")
        with self._lock:
            for name, value in wanted.items():
                orders[name](value)

    def _named(self, name: str) -> str:
        if name not in self.landscape.names:
            raise ValueError(f"{name}: known are {', '.join(self.landscape.names)}")
        return name

    def _client(self, name: str) -> str:
        if name not in self.landscape.systems:
            raise ValueError(f"client {name}: known are {', '.join(self.landscape.systems)}")
        return name

    def _permit(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        for user, given in wanted.items():
            if not set(given) <= {"functions", "without"}:
                raise ValueError('permissions: expected {"functions": [...], "without": [...]}')
            named = given.get("functions")
            allowed = None if named is None else frozenset(named)
            self.rights[user] = Rights(allowed, frozenset(given.get("without", ())))

    def _set_lines(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        for name, given in wanted.items():
            if not set(given) <= {"delay", "fails"}:
                raise ValueError('idocs: expected {"delay": SECONDS, "fails": TEXT}')
            line = Line(float(given.get("delay", 0)), str(given.get("fails", "")))
            self.landscape.lines[self._named(name)] = line

    def _set_cua(self, on: object) -> None:
        self.landscape.cua = bool(on)
        adopted(self.landscape)

    def _set_rules(self, wanted: Mapping[str, Any]) -> None:
        known = {each.name for each in fields(Rules)}
        if not set(wanted) <= known:
            raise ValueError(f"rules: {', '.join(sorted(known))}")
        if wanted.get("release", "new") not in ("new", "old"):
            raise ValueError("rules.release: new or old")
        if wanted.get("unknown_parameters", "refused") not in ("refused", "ignored"):
            raise ValueError("rules.unknown_parameters: refused or ignored")
        self.rules = replace(self.rules, **wanted)

    def _add_users(self, wanted: Mapping[str, list[Mapping[str, Any]]]) -> None:
        for client, given in wanted.items():
            for n, each in enumerate(given):
                user = user_of(each, f"users.{client}[{n}]")
                self.landscape.systems[self._client(client)].users.add(user)
        adopted(self.landscape)

    def _delete_users(self, wanted: Mapping[str, list[str]]) -> None:
        for client, names in wanted.items():
            users = self.landscape.systems[self._client(client)].users
            for name in names:
                if name not in users:
                    raise ValueError(f"delete.{client}: there is no user {name}")
                users.delete(name)

    def _lock_out(self, wanted: Mapping[str, list[str]]) -> None:
        for client, names in wanted.items():
            for name in names:
                user = self.landscape.systems[self._client(client)].users.changeable(name)
                if user is None:
                    raise ValueError(f"wrong_logons.{client}: there is no user {name}")
                user.wrong_logons = True

    def _reseed(self, wanted: Mapping[str, Any]) -> None:
        landscape_of(wanted)
        self._seed = wanted
        self.reset()


def _wanted_return(fault: Wanted | None, function: Function, call: Call) -> list[Row]:
    """`return:SE:01/124` as two rows; none where it is not wanted, or there is no RETURN."""
    if fault is None or fault.name != "return" or "RETURN" not in function.parameters:
        return []
    kinds, _, code = fault.argument.partition(":")
    message_class, _, number = (code or "01/999").partition("/")
    row = message(number, language=call.language) | {"ID": message_class}
    return [row | {"TYPE": kind} for kind in kinds]


def _tables(function: Function, call: Call) -> Row:
    """TABLES go both ways: what the module does not fill comes back as it was sent."""
    return {n: call[n] for n, each in function.parameters.items() if each.direction == "tables"}


def _as_declared(function: Function, rows: list[Row]) -> Any:
    """RETURN is a table in most modules, and one row in some."""
    return rows if function.parameters["RETURN"].is_table else rows[0]


def _shown(system: Any) -> Row:
    users = system.users
    return {
        "count": len(users),
        "users": {name: _user(users.get(name)) for name in users.made()},
        "roles": sorted(system.roles),
    }


def _user(user: Any) -> Row:
    return {
        "values": {
            structure: {name: value for name, value in values.items() if value}
            for structure, values in user.values.items()
            if any(values.values())
        },
        "roles": [[each.name, each.begins, each.ends] for each in user.roles],
        "profiles": user.profiles,
        "groups": user.groups,
        "systems": user.systems,
        "locks": user.locks,
        "initial_password": user.is_initial,
        "modified": "T".join(user.modified),
    }

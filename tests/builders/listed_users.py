"""A SAP that lists users by selections and shows each, as an RfcTransport in memory.

It decides with code of its own what a selection finds. `ignores_case`: it compares text without
regard to case, as some of SAP's fields are.
"""

import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

from sapmatch.model.ports import Clock
from sapmatch.model.rfc import (
    BapiMessage,
    Capabilities,
    FunctionInterface,
    Rfc,
    RfcInput,
    RfcResult,
    RfcStructure,
    RfcTable,
)
from sapmatch.model.users import SapUser, UserReader
from sapmatch.sap.users.reader import SapUsers
from sapmatch.sap.users.sync import Sync, Token
from tests.builders.memory import MemoryClock

Told = dict[str, Any]  # a user: structures, and tables as lists of rows

NOT_FOUND = BapiMessage(type="E", id="01", number="124", text="User does not exist")


def reader_of(
    sap: "ListedUsers", rfc: Rfc | None = None, *, parallel: int = 4, page_size: int = 3
) -> SapUsers:
    """What reads users of it."""
    return SapUsers(sap, rfc or Rfc(), "S4", MemoryClock(), parallel, page_size=page_size)


def told(name: str, **parts: Any) -> Told:
    """A user of SAP; structures and tables by name."""
    return {"USERNAME": name, **parts}


def sync(
    reader: UserReader, since: Token | None, clock: Clock, now: datetime, condition: Any = None
) -> tuple[list[SapUser], Token]:
    """The users of one pass at once, and where the next one begins."""
    one = Sync(reader, since, clock, now, condition)
    return list(one.users()), one.token


class ListedUsers:
    """Port RfcTransport for what reads users."""

    capabilities = Capabilities(stateful=False, metadata=False, snc=False)

    def __init__(self, users: Collection[Told] = (), *, ignores_case: bool = False) -> None:
        self.users = {user["USERNAME"]: user for user in users}
        self.ignores_case = ignores_case
        self.lists: list[tuple[int, list[RfcStructure], list[RfcStructure]]] = []
        self.details: list[str] = []
        self.others: list[tuple[str, dict[str, RfcInput]]] = []
        self.answers: dict[str, Callable[[Mapping[str, RfcInput]], RfcResult]] = {}
        self.before_list: Callable[[int], object] = lambda number: None
        self.before_detail: Callable[[str], object] = lambda name: None
        self.order: Callable[[list[str]], list[str]] = sorted
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()

    def call(
        self,
        function: str,
        imports: Mapping[str, RfcInput] = {},
        tables: Mapping[str, RfcTable] = {},
        *,
        want: Collection[str] = (),
        changes: bool = False,
    ) -> RfcResult:
        assert not changes
        if function == "BAPI_USER_GETLIST":
            return self._list(imports, tables)
        if function == "BAPI_USER_GET_DETAIL":
            with self._counted():
                return self._detail(str(imports["USERNAME"]), want)
        self.others.append((function, dict(imports)))
        return self.answers[function](imports)

    def interface(self, function: str) -> FunctionInterface | None:
        return None

    @contextmanager
    def unit(self) -> Iterator["ListedUsers"]:
        yield self

    def ping(self) -> None:
        return None

    def close(self) -> None:
        return None

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

    def _list(self, imports: Mapping[str, RfcInput], tables: Mapping[str, RfcTable]) -> RfcResult:
        most = imports["MAX_ROWS"]
        assert isinstance(most, int)
        assert most > 0, "0 would list all users at once"
        ranges = list(tables.get("SELECTION_RANGE", ()))
        expression = list(tables.get("SELECTION_EXP", ()))
        self.lists.append((most, ranges, expression))
        self.before_list(len(self.lists))
        names = self.order(
            [
                name
                for name, user in self.users.items()
                if (selects(user, ranges, self.ignores_case) if ranges else True)
                and (selects_by(user, expression, self.ignores_case) if not ranges else True)
            ]
        )
        return RfcResult(tables={"USERLIST": [self._listed(name) for name in names[:most]]})

    def _listed(self, name: str) -> RfcStructure:
        address = self.users[name].get("ADDRESS", {})
        return {"USERNAME": name, **{f: address.get(f, "") for f in ("FIRSTNAME", "LASTNAME")}}

    def _detail(self, name: str, want: Collection[str]) -> RfcResult:
        self.before_detail(name)
        with self._lock:
            self.details.append(name)
            user = self.users.get(name)
        if user is None:
            return RfcResult(messages=(NOT_FOUND,))
        parts = {each: value for each, value in user.items() if each != "USERNAME"}
        flags = {"WRNG_LOGON": "U", "LOCAL_LOCK": "U", "GLOB_LOCK": "U"}
        structures = {each: value for each, value in parts.items() if isinstance(value, dict)}
        return RfcResult(
            exports={**structures, "ISLOCKED": flags | structures.get("ISLOCKED", {})},
            tables={
                each: [_whole(row) for row in value] if each == "ACTIVITYGROUPS" else value
                for each, value in parts.items()
                if each in want
            },
        )


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    """SAP sends all columns."""
    return {"FROM_DAT": None, "TO_DAT": None, "ORG_FLAG": "", **row}


def selects(user: Told, rows: Sequence[RfcStructure], ignores_case: bool) -> bool:
    """Rows of one field are alternatives; columns of one table are those of one of its rows."""
    wanted: dict[str, dict[str, list[RfcStructure]]] = {}
    for row in rows:
        assert row["SIGN"] == "I"
        wanted.setdefault(str(row["PARAMETER"]), {}).setdefault(str(row["FIELD"]), []).append(row)
    return all(
        any(
            all(
                any(_fits(part, field, each, ignores_case) for each in alternatives)
                for field, alternatives in fields.items()
            )
            for part in _parts(user, parameter)
        )
        for parameter, fields in wanted.items()
    )


def selects_by(user: Told, rows: Sequence[RfcStructure], ignores_case: bool) -> bool:
    """One operator for all operands, which the first row names."""
    if not rows:
        return True
    head, operands = rows[0], rows[1:]
    assert head == {"LOGOP": "OR", "ARITY": len(operands)}, "01 615: only in the first line"
    assert not any("LOGOP" in row for row in operands)
    return any(
        _fits(part, str(row["FIELD"]), row, ignores_case)
        for row in operands
        for part in _parts(user, str(row["PARAMETER"]))
    )


def _parts(user: Told, parameter: str) -> list[Mapping[str, Any]]:
    if parameter == "USERNAME":
        return [{"": user["USERNAME"]}]
    found = user.get({"SYSTEM": "SYSTEMS"}.get(parameter, parameter), {})
    return list(found) if isinstance(found, list) else [found]


def _fits(part: Mapping[str, Any], field: str, row: RfcStructure, ignores_case: bool) -> bool:
    low = str(row["LOW"])
    assert 0 < len(low) <= 45
    value = _stored(part.get(field), low)
    if ignores_case:
        low, value = low.upper(), value.upper()
    option = row["OPTION"]
    if option in ("CP", "NP") or (option in ("EQ", "NE") and set(low) & set("*+")):
        pattern = re.escape(low).replace(r"\*", ".*").replace(r"\+", ".")
        found = re.fullmatch(pattern, value, re.DOTALL) is not None
        return found is (option in ("CP", "EQ"))
    return {
        "EQ": value == low,
        "NE": value != low,
        "LT": value < low,
        "LE": value <= low,
        "GT": value > low,
        "GE": value >= low,
    }[str(option)]


def _stored(value: Any, low: str) -> str:
    if isinstance(value, date):
        return f"{value.year:04}{value:%m%d}"
    if isinstance(value, time):
        return f"{value:%H%M%S}"
    if value is None:
        return "0" * len(low) if low.isdigit() else ""
    return str(value)

"""`python -m benchmarks.users`: what reading all users with their details costs.

Against the ABAP stand-in in a process of its own. `python -m benchmarks.users stream COUNT names`
and `... details` are contestants in a process of their own; they print the memory they took.
"""

import json
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.alone import answer_of
from benchmarks.imports import ROOT, compiled
from benchmarks.shown import shown
from benchmarks.usage import peak_bytes
from sapmatch.clock import SystemClock
from sapmatch.model.access import Secret
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.rfc import Rfc, RfcInput, RfcResult, RfcStructure, RfcTable, RfcTransport
from sapmatch.model.users import UserQuery
from sapmatch.sap.rfc.open import open_rfc
from sapmatch.sap.users.reader import SapUsers

USERS, DELAY_MS = 1000, 50
FEW, MANY = 10_000, 100_000
# The goals.
LISTS = 5  # calls for USERS
FASTER = 3.0  # than one by one
MORE_MEMORY = 1.1  # for MANY than for FEW

Figure = dict[str, Any]

_USER: Final = "BENCH"
_PASSWORD: Final = "benchmark"
_SECONDS = 600
_WIDTH = 54
_NO_INPUT: Mapping[str, RfcInput] = {}
_NO_TABLES: Mapping[str, RfcTable] = {}
_DAYS: RfcStructure = {"FROM_DAT": date(2026, 1, 1), "TO_DAT": date(9999, 12, 31), "ORG_FLAG": ""}
_LEGEND = f"""\
Reading users with details: {USERS:,} users of the ABAP stand-in, which answers each call after
{DELAY_MS} ms; memory: all names over SOAP, and all details as if SAP's answers took no time.
"""


class Counted:
    """A transport that counts its calls by function module."""

    def __init__(self, transport: RfcTransport) -> None:
        self.calls: list[str] = []
        self._transport = transport

    def call(
        self,
        function: str,
        imports: Mapping[str, RfcInput] = _NO_INPUT,
        tables: Mapping[str, RfcTable] = _NO_TABLES,
        *,
        want: Collection[str] = (),
        changes: bool = False,
    ) -> RfcResult:
        """Port."""
        self.calls.append(function)
        return self._transport.call(function, imports, tables, want=want, changes=changes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Made:
    """A transport whose users are made when they are asked for."""

    def __init__(self, count: int) -> None:
        self._count = count

    def call(
        self,
        function: str,
        imports: Mapping[str, RfcInput] = _NO_INPUT,
        tables: Mapping[str, RfcTable] = _NO_TABLES,
        **_: Any,
    ) -> RfcResult:
        """Port."""
        if function == "BAPI_USER_GET_DETAIL":
            return _detail(str(imports["USERNAME"]))
        rows = tables.get("SELECTION_RANGE", ())
        first = int(str(rows[0]["LOW"])[1:]) + 1 if rows else 0
        most = imports["MAX_ROWS"]
        assert isinstance(most, int)
        numbers = range(first, min(first + most, self._count))
        return RfcResult(tables={"USERLIST": [{"USERNAME": f"U{each:07}"} for each in numbers]})


class Password:
    """Port Secrets: the one of the stand-in."""

    def read(self, name: str) -> Secret:
        """Port."""
        return Secret(name=name, version="1", fields={"user": _USER, "password": _PASSWORD})


def _detail(name: str) -> RfcResult:
    address = {"FIRSTNAME": "Some", "LASTNAME": f"Body {name}", "E_MAIL": f"{name}@example.com"}
    roles: list[RfcStructure] = [
        {"AGR_NAME": f"Z_{number}_{name}", "AGR_TEXT": "A role", **_DAYS} for number in range(20)
    ]
    return RfcResult(
        exports={"ADDRESS": address, "LOGONDATA": {"USTYP": "A"}}, tables={"ACTIVITYGROUPS": roles}
    )


@contextmanager
def stand_in(users: int, delay_ms: int) -> Iterator[str]:
    """Its address; it knows this many users and waits that long before it answers."""
    with TemporaryDirectory() as folder:
        seed = Path(folder) / "seed.json"
        seed.write_text(json.dumps({"abap": {"users": users}}))
        options = ["--port", "0", "--seed", str(seed), "--answer-delay", str(delay_ms)]
        known = {"SAP_USER": _USER, "SAP_PASSWORD": _PASSWORD}
        running = subprocess.Popen(
            [sys.executable, "-m", "local.sap", *options],
            cwd=ROOT,
            env=compiled() | known,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert running.stdout
            yield running.stdout.readline().strip()
        finally:
            running.terminate()
            running.wait(timeout=30)


def opened(url: str, parallel: int) -> Counted:
    """What calls the stand-in."""
    connection = Connection(
        url=url,
        client="100",
        auth=Basic(secret="bench"),
        rfc=Rfc(system_id="S4H"),
        limits=Limits(requests_per_second=1e6, burst=100_000, parallel=parallel),
    )
    return Counted(open_rfc("s4", connection, Password()))


def all_read(transport: RfcTransport, parallel: int, *, names_only: bool = False) -> int:
    """How many users there were."""
    reader = SapUsers(transport, Rfc(), "[connections.s4]", SystemClock(), parallel)
    return sum(1 for _ in reader.users(UserQuery(names_only=names_only)))


def timed(url: str, parallel: int) -> tuple[float, Mapping[str, int]]:
    """Seconds, and calls by function module, to read all users with so many at a time."""
    transport = opened(url, parallel)
    try:
        begun = time.perf_counter()
        assert all_read(transport, parallel) == USERS
        seconds = time.perf_counter() - begun
    finally:
        transport.close()
    return seconds, {name: transport.calls.count(name) for name in set(transport.calls)}


def calls(counts: Mapping[str, int]) -> Iterator[Figure]:
    """How often SAP was asked for all users."""
    lists, details = counts["BAPI_USER_GETLIST"], counts["BAPI_USER_GET_DETAIL"]
    yield {
        "benchmark": f"calls that list {USERS:,} users",
        "value": lists,
        "goal": f"at most {LISTS}",
        "within": lists <= LISTS,
    }
    yield {
        "benchmark": f"calls that read {USERS:,} users",
        "value": details,
        "goal": f"at most {USERS:,}",
        "within": details <= USERS,
    }


def faster(parallel: int, seconds: float, one_by_one: float) -> Figure:
    """Against reading one user after the other, in the same run."""
    ratio = one_by_one / seconds
    return {
        "benchmark": f"{parallel} at a time: times as fast as one by one",
        "value": round(ratio, 2),
        "seconds": round(seconds, 1),
        "one by one": round(one_by_one, 1),
        "goal": f"at least {FASTER:g}",
        "within": ratio >= FASTER,
    }


def memory(what: str, few: int, many: int) -> Figure:
    """Bytes for all of MANY users against those for FEW."""
    ratio = many / few
    return {
        "benchmark": f"{what}: memory for {MANY:,} users, of that for {FEW:,}",
        "value": round(ratio, 3),
        "MB": round(many / 1e6, 1),
        "goal": f"at most {MORE_MEMORY:g}",
        "within": ratio <= MORE_MEMORY,
    }


def figures() -> Iterator[Figure]:
    """Each as soon as it is there."""
    with stand_in(USERS, DELAY_MS) as url:
        one_by_one, counts = timed(url, 1)
        yield from calls(counts)
        for parallel in (Limits().parallel, 8):
            yield faster(parallel, timed(url, parallel)[0], one_by_one)
    for what in ("names", "details"):
        few, many = (_peak(count, what) for count in (FEW, MANY))
        yield memory(what, few, many)


def _peak(count: int, what: str) -> int:
    answer = answer_of("benchmarks.users", "stream", str(count), what, seconds=_SECONDS)
    return int(json.loads(answer)["peak"])


def stream(count: int, what: str) -> None:
    """Read all users, keep none, and print the memory that took."""
    if what == "details":
        made: Any = Made(count)
        found = all_read(made, 4)
    else:
        with stand_in(count, 0) as url:
            transport = opened(url, 1)
            found = all_read(transport, 1, names_only=True)
            transport.close()
    assert found == count
    print(json.dumps({"peak": peak_bytes()}))


def main() -> None:
    """Print each figure as soon as it is there, and keep it."""
    if sys.argv[1:2] == ["stream"]:
        return stream(int(sys.argv[2]), sys.argv[3])
    target = ROOT / "build" / "bench" / "users.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    print(_LEGEND)
    with target.open("w") as output:
        for figure in figures():
            print(shown(figure, _WIDTH), flush=True)
            output.write(json.dumps(figure) + "\n")
    return None


if __name__ == "__main__":
    main()

"""Functions that start cold together with a wrong password, over DynamoDB and in memory."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sapmatch.aws.control import DynamoControl
from sapmatch.clock import SystemClock
from sapmatch.limits.logons import SharedLogonGuard
from sapmatch.model.errors import LogonRefused
from sapmatch.model.ports import Control
from tests.builders.aws_table import make_table
from tests.builders.control import MemoryControl

FUNCTIONS = 20
CLOCK = SystemClock()


class LockedMemory(MemoryControl):
    """Its writes are conditional for threads too."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def write(self, key: str, value: bytes, *, expected: int) -> int:
        with self._lock:
            return super().write(key, value, expected=expected)


@pytest.fixture(params=["memory", "dynamodb"])
def control(request: pytest.FixtureRequest) -> Control:
    if request.param == "memory":
        return LockedMemory()
    request.getfixturevalue("aws")
    return DynamoControl(make_table("logons"))


class Sap:
    """Counts logons; at most two may be under way with one password that it refuses."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.logons: list[str] = []

    def let_in(self, password: str) -> bool:
        self.logons.append(password)
        return password == self.password


def _together(control: Control, sap: Sap, password: str) -> list[str]:
    """What becomes of as many functions as there are, each a process of its own."""
    start = threading.Barrier(FUNCTIONS)

    def function(_: int) -> str:
        guard = SharedLogonGuard(control, CLOCK, "s4")
        start.wait(10)
        try:
            guard.admit(password)
        except LogonRefused as exc:
            return exc.reason
        if sap.let_in(password):
            guard.accepted(password)
            return "in"
        guard.refused(password)
        return "password"

    with ThreadPoolExecutor(FUNCTIONS) as pool:
        return list(pool.map(function, range(FUNCTIONS)))


def test_twenty_that_start_cold_with_a_wrong_password_are_two_logons(control: Control) -> None:
    """CO-T1, RE-26: S/4HANA Cloud locks the user at the third (KBA 2806979)."""
    sap = Sap("right")
    ends = _together(control, sap, "wrong")
    assert sap.logons == ["wrong", "wrong"]
    assert sorted(set(ends)) == ["password", "stopped"]
    assert ends.count("stopped") == FUNCTIONS - 2


def test_twenty_that_start_cold_with_a_new_secret_all_get_in(control: Control) -> None:
    """RE-26: a new version opens what the wrong one closed."""
    sap = Sap("right")
    _together(control, sap, "wrong")
    assert _together(control, sap, "right") == ["in"] * FUNCTIONS
    assert sap.logons.count("wrong") == 2

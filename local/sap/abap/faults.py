"""How a call fails without RETURN, and the faults that a test may want."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "exception",  # of the module's interface, e.g. TABLE_EMPTY
    "dump",  # a short dump
    "authority",  # S_RFC
    "unknown_function",
    "parameter",  # the interface has none of that name
    "before",  # the line broke: nothing was executed
    "after",  # the line broke when all was done
]
WIRE = (
    "html_login",
    "html_dump",
    "slow:SECONDS",
    "reset_before",
    "reset_after",
    "503",
    "truncated",
    "garbled",
)
FAULTS = ("fault:KEY", "dump", "dump_after", "no_authority", "return:TYPES[:ID/NUMBER]", *WIRE)
_NAMES = {each.partition(":")[0] for each in FAULTS}
_ON_WIRE = {each.partition(":")[0] for each in WIRE}


class AbapFault(Exception):
    """A call that ended without an answer of the function module; `key` as TABLE_EMPTY."""

    def __init__(self, kind: Kind, key: str, message: str = "") -> None:
        super().__init__(message or key)
        self.kind = kind
        self.key = key
        self.message = message or key


@dataclass(frozen=True, slots=True)
class Wanted:
    """A fault for calls of one function module, or of any (empty)."""

    name: str
    argument: str = ""
    of: str = ""

    @property
    def text(self) -> str:
        """As it was ordered."""
        return f"{self.name}:{self.argument}" if self.argument else self.name

    @property
    def is_on_the_wire(self) -> bool:
        """Whether the function module itself knows nothing of it."""
        return self.name in _ON_WIRE

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return float(self.argument) if self.name == "slow" else 0.0


class Faults:
    """Faults in the order in which they were wanted, each for one call; thread-safe."""

    def __init__(self) -> None:
        self._waiting: deque[Wanted] = deque()
        self._lock = threading.Lock()

    def order(self, wanted: Mapping[str, Any]) -> None:
        """`{"next": FAULT, "count": N, "of": FUNCTION}`; ValueError otherwise."""
        if not set(wanted) <= {"next", "count", "of"}:
            raise ValueError('expected {"next": FAULT, "count": N, "of": FUNCTION}')
        name, _, argument = str(wanted.get("next", "")).partition(":")
        if name not in _NAMES or (name in ("fault", "return", "slow") and not argument):
            raise ValueError(f"next must be one of {', '.join(FAULTS)}")
        count = wanted.get("count", 1)
        if not isinstance(count, int) or not 1 <= count <= 1000:
            raise ValueError("count must be from 1 to 1000")
        fault = Wanted(name, argument, str(wanted.get("of", "")))
        if name == "slow" and not 0 <= fault.seconds <= 60:
            raise ValueError("slow: from 0 to 60 seconds")
        with self._lock:
            self._waiting.extend([fault] * count)

    def take(self, function: str) -> Wanted | None:
        """The fault for this call, if any is wanted."""
        with self._lock:
            fault = next((each for each in self._waiting if each.of in ("", function)), None)
            if fault is not None:
                self._waiting.remove(fault)
            return fault

    def clear(self) -> None:
        """Want none any more."""
        with self._lock:
            self._waiting.clear()

"""What a test wants to go wrong: answers that fail, jobs that end badly, answers in small parts."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from local.textract.errors import Refused

# As Textract's own service model names them, with their HTTP status.
ERRORS = {
    "InternalServerError": 500,
    "LimitExceededException": 400,
    "ProvisionedThroughputExceededException": 400,
    "ThrottlingException": 500,
}
ENDS = ("fail", "lose", "partial", "slow")
_ANY = "any"
_MOST = 1000


class Faults:
    """Counts down: each fault hits the next calls or jobs it was asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._errors: Counter[tuple[str, str]] = Counter()
        self._ends: Counter[str] = Counter()
        self.seconds = 0.0  # that a slow job takes longer
        self.results: int | None = None  # documents in one answer

    def ask(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Note one wish and give it back.

        {"calls": n[, "operation"][, "error"]}, {"job": one of ENDS[, "jobs": n][, "seconds": s]},
        {"results": n} or {"clear": true}. ValueError names what is wrong.
        """
        ask: dict[str, Callable[[dict[str, Any]], None]] = {
            "calls": self._ask_error,
            "job": self._ask_end,
            "results": self._ask_results,
            "clear": self._clear,
        }
        kinds = ask.keys() & wanted.keys()
        if len(kinds) != 1:
            raise ValueError(f"give exactly one of {', '.join(ask)}")
        with self._lock:
            ask[kinds.pop()](wanted)
        return wanted

    def check(self, operation: str) -> None:
        """Raises Refused where a call of the operation shall fail."""
        with self._lock:
            wanted = (key for key, left in self._errors.items() if left)
            found = next((key for key in wanted if key[0] in (operation, _ANY)), None)
            if found:
                self._errors[found] -= 1
                raise Refused(found[1], "slow down: a test asked for this", ERRORS[found[1]])

    def end(self) -> str | None:
        """How the next job shall end, None for well."""
        with self._lock:
            name = next((name for name in ENDS if self._ends[name]), None)
            if name:
                self._ends[name] -= 1
            return name

    def _ask_error(self, wanted: dict[str, Any]) -> None:
        error = wanted.get("error", "ProvisionedThroughputExceededException")
        if error not in ERRORS:
            raise ValueError(f"error: one of {', '.join(ERRORS)}")
        self._errors[wanted.get("operation", _ANY), error] = _number(wanted["calls"])

    def _ask_end(self, wanted: dict[str, Any]) -> None:
        if wanted["job"] not in ENDS:
            raise ValueError(f"job: one of {', '.join(ENDS)}")
        self._ends[wanted["job"]] = _number(wanted.get("jobs", 1))
        self.seconds = float(wanted.get("seconds", self.seconds))

    def _clear(self, _wanted: dict[str, Any]) -> None:
        self._errors.clear()
        self._ends.clear()
        self.results = None

    def _ask_results(self, wanted: dict[str, Any]) -> None:
        self.results = _number(wanted["results"]) or None


def _number(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= _MOST:
        raise ValueError(f"a number from 0 to {_MOST} is needed")
    return value

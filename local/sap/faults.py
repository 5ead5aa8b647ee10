"""Wanted faults: for the next writes (requests or operations in them), reads and token requests."""

from collections import deque
from dataclasses import dataclass

from local.sap.errors import LOCKED, Refusal, rejected

FAULTS = (
    "drop-request",
    "drop-answer",
    "error-500-after-commit",
    "garbled-after-commit",
    "throttle",
    "expire-session",
    "lock",
    "refuse:CODE",
    "delay:SECONDS",
    "late:SECONDS",
)
FAULTS_OF_READS = ("throttle", "unavailable", "drop-answer", "delay:SECONDS")
_FAULTS_OF = {"writes": FAULTS, "reads": FAULTS_OF_READS, "tokens": FAULTS_OF_READS}
_REFUSALS = ("lock", "refuse")
_MAX_SECONDS = 600.0
_MAX_CODE = 40


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by its name, with what stands after the colon."""

    name: str
    argument: str = ""

    @property
    def text(self) -> str:
        """The fault as it was ordered."""
        return f"{self.name}:{self.argument}" if self.argument else self.name

    @property
    def seconds(self) -> float:
        """How long it takes; 0 where it takes no time."""
        return float(self.argument) if self.name in ("delay", "late") else 0.0

    def refusal(self) -> Refusal:
        """What SAP says to the operation."""
        if self.name == "lock":
            return rejected(LOCKED, "Object requested is currently locked by user MEIER")
        return rejected(self.argument, f"Refused on request with {self.argument}")


class Faults:
    """Faults in the order in which they were wanted, each for one request.

    `lock` and `refuse` are for one operation: inside a $batch for one of its parts.
    """

    def __init__(self) -> None:
        self._waiting: deque[Fault] = deque()
        self._waiting_reads: deque[Fault] = deque()
        self._waiting_tokens: deque[Fault] = deque()

    def take(self) -> Fault | None:
        """The fault for this modifying request, if any is wanted."""
        if not self._waiting or self._waiting[0].name in _REFUSALS:
            return None
        return self._waiting.popleft()

    def take_read(self) -> Fault | None:
        """The fault for this read of rows, if any is wanted."""
        return self._waiting_reads.popleft() if self._waiting_reads else None

    def take_token(self) -> Fault | None:
        """The fault for this token request, if any is wanted."""
        return self._waiting_tokens.popleft() if self._waiting_tokens else None

    def check(self) -> None:
        """Refusal where this operation is wanted to be refused."""
        if self._waiting and self._waiting[0].name in _REFUSALS:
            raise self._waiting.popleft().refusal()

    def clear(self) -> None:
        """Want no faults any more."""
        self._waiting.clear()
        self._waiting_reads.clear()
        self._waiting_tokens.clear()

    def order(self, wanted: object) -> None:
        """`{"next": FAULT, "count": N, "of": "writes" | "reads" | "tokens"}`; else ValueError."""
        if not isinstance(wanted, dict) or not set(wanted) <= {"next", "count", "of"}:
            raise ValueError('expected {"next": FAULT, "count": N, "of": "writes"}')
        of = wanted.get("of", "writes")
        if of not in _FAULTS_OF:
            raise ValueError(f"of must be one of {', '.join(_FAULTS_OF)}")
        count = wanted.get("count", 1)
        if not isinstance(count, int) or not 1 <= count <= 1000:
            raise ValueError("count must be from 1 to 1000")
        fault = _parsed(wanted.get("next"), _FAULTS_OF[of])
        queues = {
            "writes": self._waiting,
            "reads": self._waiting_reads,
            "tokens": self._waiting_tokens,
        }
        queues[of].extend([fault] * count)


def _parsed(wanted: object, known: tuple[str, ...]) -> Fault:
    fault = Fault(*(wanted.split(":", 1) if isinstance(wanted, str) else ("",)))
    form = next((each for each in known if each.partition(":")[0] == fault.name), None)
    if form is None or not _fits(fault, form.partition(":")[2]):
        raise ValueError(f"next must be one of {', '.join(known)}")
    return fault


def _fits(fault: Fault, argument: str) -> bool:
    if argument == "CODE":
        return 0 < len(fault.argument) <= _MAX_CODE
    if not argument:
        return not fault.argument
    try:
        return 0 <= fault.seconds <= _MAX_SECONDS
    except ValueError:
        return False

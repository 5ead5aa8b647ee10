"""What a reader found: each value with how sure it is and where it stood, and what is wrong."""

from typing import TypeVar

from sapmatch.model.document import ReasonCode
from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Evidence
from sapmatch.reading.slip import Slip

T = TypeVar("T")
_MOST_PROBLEMS = 100


class Findings:
    """Grows while one document is read; `slip` is what its pages show, None for an XML."""

    def __init__(self) -> None:
        self.slip: Slip | None = None
        self.confidence: dict[str, float] = {}
        self.evidence: dict[str, Evidence] = {}
        self.problems: list[Problem] = []

    def keep(self, field: str, value: T, confidence: float, evidence: Evidence | None = None) -> T:
        """Note where a value of an invoice field comes from; returns the value."""
        self.confidence[field] = round(confidence, 4)
        if evidence:
            self.evidence[field] = evidence
        return value

    def problem(
        self,
        code: ReasonCode,
        message: str,
        field: str | None = None,
        values: dict[str, str] | None = None,
    ) -> None:
        """Note what is wrong and what to do about it; the first hundred say enough."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(
                Problem(code=code, message=message, field=field, values=values or {})
            )

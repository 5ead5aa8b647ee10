"""What a reader found: each value with how sure it is and where it stood, and what is wrong."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from sapmatch.model.document import ReasonCode
from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Evidence
from sapmatch.reading.slip import Slip
from sapmatch.reading.xml import Node

T = TypeVar("T")
# xs:decimal in a sane size: no exponent, no NaN, no infinity.
_DECIMAL = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,12})?|\.\d{1,12})", re.ASCII)
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:T.*|Z|[+-]\d\d:\d\d)?", re.ASCII)
_CERTAIN = 1.0


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

    def problem(self, code: ReasonCode, message: str, field: str | None = None) -> None:
        """Note what is wrong and what to do about it."""
        self.problems.append(Problem(code=code, message=message, field=field))

    def text(self, node: Node, path: str, field: str) -> str | None:
        """The first text under the path that is not blank."""
        return self._from(node, path, field, lambda text: text)

    def amount(self, node: Node, path: str, field: str) -> Decimal | None:
        """A plain decimal number; anything else is a problem and no value (MA-P60)."""
        return self._from(node, path, field, plain_decimal)

    def day(self, node: Node, path: str, field: str) -> date | None:
        """A date as xs:date, or as format 102 (YYYYMMDD) of UN/CEFACT."""
        return self._from(node, path, field, plain_date)

    def _from(
        self, node: Node, path: str, field: str, parse: Callable[[str], T | None]
    ) -> T | None:
        found = next((item for item in node.all(path) if item.text()), None)
        if found is None:
            return None
        value = parse(found.text() or "")
        if value is None:
            kind = "date" if parse is plain_date else "decimal number"
            self.problem(
                "BROKEN",
                f"{found.path} holds no plain {kind}: ask the sender for a corrected invoice.",
                field,
            )
            return None
        if "[" in field:  # of a line: there may be thousands
            return value
        return self.keep(field, value, _CERTAIN, Evidence(xpath=found.path))


def plain_decimal(text: str) -> Decimal | None:
    """The number, or None where the text is anything but a plain decimal."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def plain_date(text: str) -> date | None:
    """The date, or None where the text is no calendar date."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None

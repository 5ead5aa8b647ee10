"""Who sends the invoice, where no label says so: size, place and legal form of the lines."""

import re
from collections.abc import Sequence
from statistics import median

from sapmatch.pages import values
from sapmatch.pages.fields import Field, labelled_parts
from sapmatch.pages.layout import cut, unglued
from sapmatch.pages.nouns import Line

_LEGAL_FORM = re.compile(
    r"(?<!\w)(?:g?gmbh(?: & co\.? kg)?|ag|se|kg|ohg|gbr|e\.? ?k\.?|ltd|limited|llc|l\.l\.c|inc"
    r"|corp(?:oration)?|company|plc|s\.?a\.?r\.?l|s\.?a\.?s\.?u?|eurl|s\.a|b\.?v|n\.?v|s\.?r\.?l"
    r"|s\.?p\.?a|s\.?l|ab|a/s|aps|oyj?|sdn\.? bhd|pty|pte)\.?(?!\w)",
    re.IGNORECASE,
)
_TOP = 0.35  # share of the page's text in which a letterhead stands
_SENDER = re.compile(r"\s[-–—·•|*,]\s?|,\s|\s?[|•·]\s?")
_SCORE_FLOOR = 1.0
_GUESS = 60.0


def guess_vendor(lines: Sequence[Line], receivers: Sequence[str]) -> Field | None:
    """The line that reads most like a letterhead; `receivers` are names already known."""
    if not lines:
        return None
    heads = [_head(line) for line in lines]
    scored = [
        (score, -index, head)
        for index, head in enumerate(heads)
        if head and head.text not in receivers
        for score in [_score(head, lines)]
    ]
    score, _, best = max(scored, default=(0.0, 0, lines[0]))
    if score < _SCORE_FLOOR:
        return None
    return Field(type="VENDOR_NAME", value=best, confidence=_GUESS)


def _head(line: Line) -> Line | None:
    """The name in a line such as `Acme GmbH | Europa-Allee 1980 | Frankfurt`."""
    if labelled_parts(unglued(line)):
        return None
    end = _SENDER.search(line.text)
    head = cut(line.words, 0, end.start() if end else len(line.text))
    found = values.values("name", head.words)
    return found[0] if found else None


def _score(head: Line, lines: Sequence[Line]) -> float:
    top = min(line.box.top for line in lines)
    bottom = max(line.box.bottom for line in lines)
    share = (head.box.middle - top) / max(bottom - top, 1)
    large = head.box.height / median(line.box.height for line in lines)
    form = 2.0 if _LEGAL_FORM.search(head.text) else 0.0
    again = 1.0 if form and sum(head.text in line.text for line in lines) > 1 else 0.0
    place = 1.0 - share / _TOP if share < _TOP else -1.0
    return form + again + place + min(large, 3.0) - 1 - (1.0 if len(head.words) > 6 else 0.0)

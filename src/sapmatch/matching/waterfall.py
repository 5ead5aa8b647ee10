"""Decisions as a page for people: the waterfall of weights, the limits, the ledger.

One HTML file that needs nothing else; every text of a document is escaped.
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import accumulate

from msgspec import Struct

from sapmatch.matching.weights import weights_of
from sapmatch.model.match import Decision, Evidence, LedgerLine, Ranked, ToleranceCheck

_WIDTH, _ROW, _LABEL, _VALUE = 860, 26, 290, 60  # pixels
_HALF = 75  # of the label under the limit
_CLASS = ' class="n"'
_GOOD = ("MATCHED", "WITHIN_TOLERANCE", "MANUAL_MATCHED")
_STYLE = """
:root { color-scheme: light dark; --line: #8888; }
:root { --for: #1a7f52; --against: #b3372f; --sum: #3b5b8c; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 920px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem } h2 { font-size: 1.15rem; margin-top: 3rem; overflow-wrap: anywhere }
h3 { font-size: 1rem; margin-bottom: .3rem }
.state { border: 1px solid currentColor; border-radius: .3rem; padding: 0 .4rem; font-size: .85em }
.state.good, .pass { color: var(--for) } .state.bad, .fail { color: var(--against) }
table { border-collapse: collapse; width: 100%; margin: 1.2rem 0 }
caption { text-align: left; font-weight: 600 }
th, td { text-align: left; padding: .15rem .6rem .15rem 0; border-bottom: 1px solid var(--line) }
td.n, th.n { text-align: right; padding-right: 1.2rem; font-variant-numeric: tabular-nums }
.wide { overflow-x: auto }
figure { margin: 1rem 0 } svg { width: 100%; height: auto } svg text { fill: currentColor }
.for { fill: var(--for) } .against { fill: var(--against) } .sum { fill: var(--sum) }
.axis { stroke: var(--line) } .accept { stroke: currentColor; stroke-dasharray: 4 3 }
"""


def page(decided: Sequence[tuple[str, Decision]]) -> str:
    """All decisions of a run, each with its place (file and pages), as one HTML document."""
    sections = "\n".join(_section(place, decision) for place, decision in decided)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>sapmatch: decisions</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Decisions</h1>\n{sections}\n</body>\n</html>\n"
    )


def _section(place: str, decision: Decision) -> str:
    good = "good" if decision.state in _GOOD else "bad"
    named = decision.cause and decision.cause != decision.state
    cause = f" {escape(decision.cause or '')}" if named else ""
    parts = [
        f'<h2>{escape(place)} <span class="state {good}">{decision.state}{cause}</span></h2>',
        *(f"<p>{escape(sentence)}</p>" for sentence in decision.explanation[:1]),
        _remedy(decision),
        _waterfall(decision) if decision.evidence else "",
        _evidence(decision.evidence),
        _ranked(decision.ranked),
        _tolerances(decision.tolerances),
        _ledger(decision.ledger),
        _sentences(decision.explanation[1:]),
        _versions(decision),
    ]
    inside = "\n".join(part for part in parts if part)
    return f"<section>\n{inside}\n</section>"


def _remedy(decision: Decision) -> str:
    if not decision.remedy:
        return ""
    owner = decision.owner.replace("_", " ") if decision.owner else "accounts payable"
    return f"<p><strong>What to do</strong> ({escape(owner)}): {escape(decision.remedy)}</p>"


def _waterfall(decision: Decision) -> str:
    """Each weight hangs where the sum before it ended; the last bar is the score (MA-P61)."""
    accept = weights_of({}).accept
    sums = [0, *accumulate(e.weight for e in decision.evidence)]
    axis = _Axis(min(*sums, 0), max(*sums, accept))
    bars = [
        _bar(axis, n, e.name, f"{e.weight:+d}", sums[n], sums[n + 1])
        for n, e in enumerate(decision.evidence)
    ]
    score = _bar(axis, len(bars), "score", str(decision.score), 0, decision.score, "sum")
    height = (len(bars) + 2) * _ROW
    zero, limit = axis.x(0), axis.x(accept)
    lines = (
        f'<line class="axis" x1="{zero}" x2="{zero}" y1="0" y2="{height - _ROW}"/>'
        f'<line class="accept" x1="{limit}" x2="{limit}" y1="0" y2="{height - _ROW}"/>'
        f'<text x="{min(limit, _WIDTH - _HALF)}" y="{height - 8}" text-anchor="middle">'
        f"accepted from {accept}</text>"
    )
    orders = ", ".join(decision.orders or decision.candidates[:1])
    told = escape(f"Waterfall of weights. {orders}: score {decision.score}")
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{told}">{"".join(bars)}{score}{lines}</svg>'
        "<figcaption>Weights in tenths of a bit: 10 say twice as likely. What is known before "
        "anything is compared is prior: most orders are not the one.</figcaption></figure>"
    )


class _Axis(Struct, frozen=True):
    """Scores from `low` to `high` as whole pixels between labels and values."""

    low: int
    high: int

    def x(self, score: int) -> int:
        """Where a score is."""
        return _LABEL + (score - self.low) * (_WIDTH - _LABEL - _VALUE) // (self.high - self.low)


def _bar(axis: _Axis, row: int, name: str, value: str, start: int, end: int, kind: str = "") -> str:
    left, right = axis.x(min(start, end)), axis.x(max(start, end))
    y, kind = row * _ROW, kind or ("for" if end >= start else "against")
    return (
        f'<text x="0" y="{y + 18}">{escape(name)}</text>'
        f'<rect class="{kind}" x="{left}" y="{y + 5}" width="{max(right - left, 1)}" '
        f'height="{_ROW - 10}"/>'
        f'<text x="{right + 6}" y="{y + 18}">{value}</text>'
    )


def _evidence(evidence: Sequence[Evidence]) -> str:
    rows = ((e.name, e.invoice or "", e.order or "", f"{e.weight:+d}") for e in evidence)
    return _table("Evidence", ("compared", "invoice", "order", "weight"), rows, numbers=(3,))


def _ranked(ranked: Sequence[Ranked]) -> str:
    rows = ((", ".join(one.orders), str(one.score)) for one in ranked)
    return _table("Best candidates", ("orders", "score"), rows, numbers=(1,))


def _tolerances(checks: Sequence[ToleranceCheck]) -> str:
    rows = (
        (
            check.key,
            check.line or "document",
            check.bound.replace("_", " "),
            f"{check.value} {check.unit}",
            f"{check.limit} {check.unit}",
            check.verdict,
        )
        for check in checks
    )
    names = ("key", "line", "bound", "value", "limit", "verdict")
    return _table("Tolerances", names, rows, numbers=(3, 4))


def _ledger(ledger: Sequence[LedgerLine]) -> str:
    rows = (
        (
            f"{line.order} / {line.item}",
            f"{line.ordered:f} {line.unit}",
            f"{line.delivered:f}",
            f"{line.invoiced:f}",
            f"{line.open:f}",
            f"{line.taken:f}",
            f"{line.open - line.taken:f}",
            f"{line.amount}",
        )
        for line in ledger
    )
    names = ("order / item", "ordered", "delivered", "invoiced", "open", "taken", "left", "net")
    return _table("Ledger", names, rows, numbers=range(1, 8))


def _sentences(sentences: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<h3>In words</h3>\n<ul>{items}</ul>" if items else ""


def _versions(decision: Decision) -> str:
    said = [f"policy {decision.policy_version}"] if decision.policy_version else []
    said += [f"weights {decision.weights_version}"] if decision.weights_version else []
    said += [f"found by {', '.join(decision.keys)}"] if decision.keys else []
    said += [f"not followed: {', '.join(decision.dropped)}"] if decision.dropped else []
    return f"<p><small>{escape('; '.join(said))}</small></p>" if said else ""


def _table(
    caption: str,
    names: Sequence[str],
    rows: Iterator[tuple[str, ...]],
    numbers: Sequence[int] = (),
) -> str:
    body = "\n".join(
        "<tr>" + "".join(_cell(text, n in numbers) for n, text in enumerate(row)) + "</tr>"
        for row in rows
    )
    if not body:
        return ""
    head = "".join(
        f'<th scope="col"{_CLASS if n in numbers else ""}>{name}</th>'
        for n, name in enumerate(names)
    )
    return (
        f'<div class="wide"><table><caption>{caption}</caption>'
        f"\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _cell(text: str, number: bool) -> str:
    kind = f' class="{text}"' if text in ("pass", "fail") else _CLASS if number else ""
    return f"<td{kind}>{escape(text)}</td>"

"""`sapmatch status --write-backs`: what is open in each flow, and how its SAP system stands."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sapmatch.bootstrap import deployment, write_back_flows
from sapmatch.bootstrap.writing import gate
from sapmatch.cli import output
from sapmatch.cli.intent_store import OPEN
from sapmatch.model.intent import UNDECIDED, Cause, Intent, IntentState

if TYPE_CHECKING:
    from sapmatch.bootstrap import Services
    from sapmatch.limits.gate import Standing

COLUMNS = ("Flow", "Connection", "Open", "Ended today", "Oldest unknown", "Held", "SAP system")


def show(stage: str | None, *, as_json: bool) -> None:
    """Print one row per flow, in the order of the settings."""
    parts = deployment(stage)
    flows = write_back_flows(stage)
    standings = {name: gate(parts, name).standing() for name in sorted(set(flows.values()))}
    found = [_flow(parts, flow, name, standings[name]) for flow, name in flows.items()]
    if as_json:
        for row in found:
            output.json_line(row)
    else:
        output.table(COLUMNS, (_cells(row) for row in found))


def _flow(parts: "Services", flow: str, connection: str, standing: "Standing") -> dict[str, Any]:
    now = parts.clock.now()
    waiting = list(parts.intents.due(flow, OPEN))
    ended = parts.intents.ended(flow, now.date())
    return {
        "flow": flow,
        "connection": connection,
        "open": _counts(waiting),
        "ended_today": _counts(ended),
        "oldest_unknown": min(_unknown_since(waiting), default=None),
        "held": dict(Counter(str(i.cause) for i in waiting if i.state is IntentState.HELD)),
        "gate": _gate(standing, now),
    }


def _unknown_since(intents: Iterable[Intent]) -> Iterator[datetime]:
    return (i.sent_at for i in intents if i.state in UNDECIDED and i.sent_at)


def _counts(intents: Iterable[Intent]) -> dict[str, int]:
    counts = Counter(intent.state for intent in intents)
    return {state.value: counts[state] for state in IntentState if counts[state]}


def _gate(standing: "Standing", now: datetime) -> dict[str, Any]:
    """`state` is WRITING where writes may leave, HELD by a person, else as the breaker stands."""
    held = datetime.fromtimestamp(standing.held_until, UTC)
    if now < held:
        return {"state": "HELD", "cause": Cause.OPERATOR, "until": held, "why": standing.why}
    breaker = standing.breaker
    if breaker.phase == "CLOSED":
        return {"state": "WRITING", "cause": None, "until": None, "why": None}
    until = datetime.fromtimestamp(breaker.until, UTC)
    why = "SAP did not answer" if breaker.phase == "OPEN" else "SAP is tried again, step by step"
    return {"state": breaker.phase, "cause": Cause.SAP_DOWN, "until": until, "why": why}


def _cells(row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        row["flow"],
        row["connection"],
        _lines(row["open"]),
        _lines(row["ended_today"]),
        f"{row['oldest_unknown']:%Y-%m-%d %H:%M}" if row["oldest_unknown"] else None,
        _lines(row["held"]),
        _system(row["gate"]),
    )


def _lines(counts: dict[str, int]) -> list[str]:
    return [f"{name} {count}" for name, count in counts.items()]


def _system(gate: dict[str, Any]) -> list[str]:
    until = f"until {gate['until']:%Y-%m-%d %H:%M}" if gate["until"] else ""
    return [text for text in (gate["state"], gate["why"], until) if text]

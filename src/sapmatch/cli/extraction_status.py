"""`sapmatch status --extractions`: the last good run of each, what is under way, what failed."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from sapmatch.bootstrap import deployment, extraction_machine
from sapmatch.cli import output
from sapmatch.extracting.lease import Lease, lease_key
from sapmatch.extracting.positions import published_of
from sapmatch.extracting.run import load_published
from sapmatch.reviewing.trouble import subject_of

if TYPE_CHECKING:
    from sapmatch.bootstrap import Services

COLUMNS = ("Extraction", "Last good run", "Published", "Rows", "Under way", "Failed since then")


def show(stage: str | None, *, as_json: bool) -> None:
    """Print one row per extraction that is deployed, in the order of the settings."""
    _, _, names = extraction_machine(stage)
    found = _found(deployment(stage), names)
    if as_json:
        for row in found:
            output.json_line(row)
    else:
        output.table(COLUMNS, (_cells(row) for row in found))


def _found(stack: "Services", names: list[str]) -> Iterator[dict[str, Any]]:
    now = stack.clock.now()
    for name in names:
        last = published_of(stack.control, name)
        yield {
            "extraction": name,
            "last_good": _good(stack, name, last.run_id) if last else None,
            "under_way": _under_way(stack, name, now),
            "trouble": _trouble(stack, name, last.run_id if last else None),
        }


def _good(stack: "Services", name: str, run_id: str) -> dict[str, Any]:
    """The run and its rows by entity set; no rows where somebody deleted it."""
    published = load_published(name, run_id, stack.objects)
    return {
        "run_id": run_id,
        "published_at": published.published_at if published else None,
        "rows": {each.entity_set: each.rows for each in published.sets} if published else {},
    }


def _under_way(stack: "Services", name: str, now: datetime) -> dict[str, Any] | None:
    """The execution that holds the lease, and until when unless it renews it."""
    stored = stack.control.read(lease_key(name))
    lease = msgspec.json.decode(stored.value, type=Lease) if stored else None
    if lease is None or lease.is_over(now):
        return None
    return {"execution": lease.run_id, "until": lease.until}


def _trouble(stack: "Services", name: str, last_good: str | None) -> dict[str, Any] | None:
    """What failed last since the last good run, as it was first told."""
    told = stack.outbox.of(subject_of(name, last_good))
    if not told:
        return None
    last = max(told, key=lambda record: record.raised_at)
    return {"state": last.state, "cause": last.cause, "told_at": last.raised_at, "mail": last.body}


def _cells(row: dict[str, Any]) -> tuple[Any, ...]:
    good, running, trouble = row["last_good"] or {}, row["under_way"], row["trouble"]
    return (
        row["extraction"],
        good.get("run_id"),
        good.get("published_at"),
        [f"{entity_set} {rows}" for entity_set, rows in good.get("rows", {}).items()],
        running and f"{running['execution']}, lease until {running['until']:%H:%M} UTC",
        trouble and f"{trouble['cause']} ({trouble['told_at']:%Y-%m-%d %H:%M} UTC)",
    )

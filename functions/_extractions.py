"""What the steps of an extraction share: the lease, the time of a call, files beside the data."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from functions._metrics import measured
from functions._runtime import Event, logger
from sapmatch.bootstrap import Services
from sapmatch.extracting.finish import FinishResult
from sapmatch.extracting.lease import renew
from sapmatch.extracting.run import Plan, load_plan
from sapmatch.model.errors import InputRejected, Problem

# Longer than the longest call and the longest wait before it is tried again.
LEASE_SECONDS = 1800
# For the page that is under way: as long as SAP may take for one exchange by default, and more.
MARGIN_MILLISECONDS = 180_000
_CALL = "sapmatch-call-"  # before the id of the process
# It becomes a folder beside those of other runs; readers take `_` and `.` for hidden.
_RUN_ID = re.compile(r"[A-Za-z0-9:+-][A-Za-z0-9_.:+-]{0,79}")
_RUN_ID_RULE = (
    "1 to 80 letters, digits and - _ . : +, not beginning with _ or . (2026-11-02T08:00:00Z)"
)


def check_input(event: Event, known: Iterable[str]) -> None:
    """InputRejected names each field of a run's input that is missing or wrong."""
    problems = list(_problems(event, tuple(known)))
    if problems:
        told = "; ".join(f"{problem.field}: {problem.message}" for problem in problems)
        raise InputRejected(f"input of the run: {told}", problems)


def _problems(event: Event, known: tuple[str, ...]) -> Iterator[Problem]:
    name, run_id = event.get("extraction"), event.get("run_id")
    if name is None or name not in known:
        what = "is missing" if name is None else f"{str(name)[:80]!r} is not in the settings"
        message = f"{what}; known are {', '.join(known) or 'none'}"
        yield Problem(code="UNKNOWN", message=message, field="extraction")
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        what = "is missing" if run_id is None else "is no name of a run"
        message = f"{what}: it is made of {_RUN_ID_RULE}"
        yield Problem(code="RUN_ID", message=message, field="run_id")
    if not isinstance(event.get("reload", False), bool):
        yield Problem(code="RELOAD", message="is neither true nor false", field="reload")


def planned(event: Event, parts: Services) -> Plan:
    """The plan of the event's run, its lease renewed; an execution holds it, not a run."""
    now = parts.clock.now()
    renew(parts.control, event["extraction"], event["execution"], now, seconds=LEASE_SECONDS)
    return load_plan(event["extraction"], event["run_id"], parts.objects)


def out_of_time(context: Any) -> Callable[[], bool]:
    """Whether this call ends soon: Lambda would end it in the middle of a page."""
    return lambda: context.get_remaining_time_in_millis() < MARGIN_MILLISECONDS


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder of this call alone; what calls left that were ended goes: Lambda keeps /tmp."""
    for left in Path(gettempdir()).glob(f"{_CALL}[0-9]*"):
        if not _is_in_use(int(left.name.split("-")[2])):
            rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=f"{_CALL}{os.getpid()}-") as folder:
        yield Path(folder)


def _is_in_use(process: int) -> bool:
    """Whether another worker on this machine works there; Lambda gives an environment one."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's process
        return True
    return True


def finish_answer(result: FinishResult) -> dict[str, Any]:
    """The counts of a run; once it is done they are measured, and its notes logged."""
    if result.done:
        measured(
            RowsExtracted=sum(result.rows.values()),
            PagesExtracted=result.pages,
            BytesExtracted=result.bytes,
            OrderReads=result.reads,
            OrderWrites=result.writes,
        )
    for note in result.notes:
        logger().warning(note)
    return {
        "extraction": result.extraction,
        "run_id": result.run_id,
        "done": result.done,
        "missing": len(result.missing),
        "rows": sum(result.rows.values()),
        "pages": result.pages,
        "files": result.files,
        "orders": result.orders,
        "orders_changed": result.orders_changed,
        "orders_skipped": result.orders_skipped,
        "order_reads": result.reads,
        "order_writes": result.writes,
    }

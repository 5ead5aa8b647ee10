"""What the steps of an extraction share: the lease, the time of a call, files beside the data."""

import os
from collections.abc import Callable, Iterator
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

# Longer than the longest call and the longest wait before it is tried again.
LEASE_SECONDS = 1800
# For the page that is under way: as long as SAP may take for one exchange by default, and more.
MARGIN_MILLISECONDS = 180_000
_CALL = "sapmatch-call-"  # before the id of the process


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

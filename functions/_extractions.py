"""What the steps of an extraction share: the lease, the time of a call, files beside the data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from functions._runtime import Event
from sapmatch.bootstrap import Services
from sapmatch.extracting.lease import renew
from sapmatch.extracting.run import Plan, load_plan

# Longer than the longest call and the longest wait before it is tried again.
LEASE_SECONDS = 1800
# For the page that is under way: as long as SAP may take for one exchange by default, and more.
MARGIN_MILLISECONDS = 180_000


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
    """A folder of this call alone: Lambda keeps /tmp for the next one."""
    with TemporaryDirectory() as folder:
        yield Path(folder)

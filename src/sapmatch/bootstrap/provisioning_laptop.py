"""Runs of desired users from this machine: the same steps, with a folder for what they note."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sapmatch.bootstrap.laptop import OwnLogons
from sapmatch.bootstrap.provisioning import sides
from sapmatch.clock import SystemClock
from sapmatch.folder import FolderObjects
from sapmatch.model.ports import Clock
from sapmatch.model.provisioning import Provisioning, Received
from sapmatch.model.uploads import Upload
from sapmatch.settings import Settings

if TYPE_CHECKING:
    from sapmatch.bootstrap.users import UserSide
    from sapmatch.provisioning.runs import Provisioner

STAGE = "laptop"


class Laptop:
    """What makes runs of this machine, and the folder of what they note."""

    def __init__(self, runs: "Provisioner", objects: FolderObjects, clock: Clock) -> None:
        self.runs = runs
        self._objects = objects
        self._clock = clock

    def begin(self, connection: str, name: str, data: bytes) -> Received:
        """A run of its own each time: what is so already is not changed again anyway."""
        key = f"provisioning/{connection}/{name}"
        moment = self._clock.now().isoformat().encode()
        version = hashlib.sha256(moment + b"\n" + data).hexdigest()
        received = self.runs.received(Upload(bucket="", key=key, version_id=version))
        self._objects.write(key, data)
        return replace(received, version_id=None)  # a folder keeps none

    def discard(self, run: Received) -> None:
        """Keep nothing of a run that nobody wanted: what it noted is personal data."""
        for key in list(self._objects.keys("")):
            if key == run.key or run.run_id in key.split("/"):
                self._objects.delete(key)
        self._objects.tidy()

    def response(self, key: str) -> Path:
        """Where an object of a run lies."""
        return self._objects.path(key)


@contextmanager
def laptop_runs(
    settings: Settings, folder: Path, clock: Clock | None = None, *, all_rows: bool = False
) -> Iterator[Laptop]:
    """What makes runs of this machine; nobody is mailed, and connections are closed.

    Whoever can log on as the technical user may change users anyway, so the settings' approvers
    count on a stage only; a connection without a block `provisioning` has the usual limits. With
    `all_rows` good rows are planned beside bad ones, whatever `on_error` says: to be looked at.
    """
    from sapmatch.provisioning.runs import Provisioner

    clock = clock or SystemClock()
    opened: dict[str, UserSide] = {}
    given = sides(settings, lambda name: _opened(settings, name, clock, opened))

    def rules_of(name: str) -> Provisioning:
        rules = replace(settings.provisioning.get(name, Provisioning()), approvers=())
        return replace(rules, on_error="continue") if all_rows else rules

    given["rules_of"] = rules_of
    try:
        # Nobody else is at a run of this machine, so its record is this process's own.
        objects, control = FolderObjects(folder, private=True), OwnLogons()
        runs = Provisioner(**given, objects=objects, control=control, clock=clock, stage=STAGE)
        yield Laptop(runs, objects, clock)
    finally:
        for side in opened.values():
            side.close()


def _opened(
    settings: Settings, name: str, clock: Clock, opened: "dict[str, UserSide]"
) -> "UserSide":
    from sapmatch.bootstrap.users import users_of

    if name not in opened:
        child = lambda other: _opened(settings, other, clock, opened)  # noqa: E731
        opened[name] = users_of(settings, name, clock=clock, child=child)
    return opened[name]

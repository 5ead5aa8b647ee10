"""The record of a run, which its functions and people change at the same time."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.ports import Control
from sapmatch.model.provisioning import ProvisioningRun
from sapmatch.provisioning import places

_TRIES = 10


class Records:
    """Records of runs; every change is of the version that was read."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def find(self, connection: str, run_id: str) -> ProvisioningRun | None:
        """The run, read consistently; None where there is none."""
        stored = self._control.read(places.record_key(connection, run_id))
        if stored is None:
            return None
        found = msgspec.json.decode(stored.value, type=ProvisioningRun)
        return replace(found, version=stored.version)

    def get(self, connection: str, run_id: str) -> ProvisioningRun:
        """The run; InputRejected where there is none."""
        found = self.find(connection, run_id)
        if found is None:
            raise InputRejected(f"connection {connection}: there is no run {run_id}")
        return found

    def begin(self, run: ProvisioningRun) -> ProvisioningRun:
        """Store a new run; returns the one that stands, maybe an earlier call's."""
        try:
            return self._save(run)
        except PreconditionFailed:
            return self.get(run.connection, run.run_id)

    def change(
        self,
        connection: str,
        run_id: str,
        changed: Callable[[ProvisioningRun], ProvisioningRun],
    ) -> ProvisioningRun:
        """Change the run as it stands now, again where somebody else was faster.

        `changed` may raise, and is called once for each version; nothing is written where it
        changes nothing.
        """
        for _ in range(_TRIES):
            run = self.get(connection, run_id)
            after = changed(run)
            if after == run:
                return run
            try:
                return self._save(after)
            except PreconditionFailed:
                continue
        raise PreconditionFailed(f"run {run_id}: others change it this very moment; try it again")

    def _save(self, run: ProvisioningRun) -> ProvisioningRun:
        key = places.record_key(run.connection, run.run_id)
        after = replace(run, version=run.version + 1)
        self._control.write(key, msgspec.json.encode(after), expected=run.version)
        return after

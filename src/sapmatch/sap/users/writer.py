"""Changes users of one SAP system: reads first, writes what differs, and reads back."""

from sapmatch.model.ports import Clock
from sapmatch.model.rfc import Rfc, RfcTransport
from sapmatch.model.users import Changed, UserChange, UserLocks
from sapmatch.sap.users.reader import SapUsers


class SapUserWriter:
    """Port UserWriter."""

    def __init__(
        self,
        transport: RfcTransport,
        rfc: Rfc,
        place: str,
        reader: SapUsers,
        locks: UserLocks,
        clock: Clock,
        *,
        time_zone: str = "UTC",
        locked_as: str = "",
    ) -> None:
        self._transport = transport
        self._rfc = rfc
        self._place = place
        self._reader = reader
        self._locks = locks
        self._clock = clock
        self._time_zone = time_zone
        self._locked_as = locked_as or place

    def check(self, change: UserChange) -> None:
        """InputRejected, naming every field, for what could never be written."""

    def create(self, change: UserChange) -> Changed:
        """Create; SapRejected (01/224) where there is one of that name."""
        raise NotImplementedError

    def change(self, change: UserChange) -> Changed:
        """Change; SapRejected (01/124) where there is none."""
        raise NotImplementedError

    def delete(self, name: str) -> Changed:
        """Delete; SapRejected (01/124) where there is none."""
        raise NotImplementedError

"""One SAP system as a run sees it."""

from datetime import datetime

from msgspec import Struct

from sapmatch.model.users import Children, UserReader, UserWriter
from sapmatch.provisioning.compare import IsLocked, Moment
from sapmatch.provisioning.desired import Language, RoleRows, RoleSplit, Typed
from sapmatch.provisioning.plan import ReaderOf


class Side(Struct, frozen=True, kw_only=True):
    """One SAP system, and what its own room knows about values.

    `child_of` gives who reads a logical system of a central user administration, this one
    included; None where nobody can. `split` cuts `SYSTEM:ROLE`, `role_rows` reads rows of roles
    (XML or objects), `typed` gives the value of a field as SAP will hold it: all three raise
    InputRejected. `locked` says which locks are an administrator's. After a lost answer nothing is
    sent for `quiet_seconds`.
    """

    reader: UserReader
    writer: UserWriter
    children: Children
    role_rows: RoleRows
    split: RoleSplit
    typed: Typed
    locked: IsLocked
    child_of: ReaderOf
    quiet_seconds: float

    @property
    def language(self) -> Language:
        """How the values of a file are read."""
        return Language(
            split=self.split, rows=self.role_rows, typed=self.typed, check=self.writer.check
        )

    def moment(self, now: datetime) -> Moment:
        """What comparisons stand on."""
        return Moment(split=self.split, locked=self.locked, today=now.date())

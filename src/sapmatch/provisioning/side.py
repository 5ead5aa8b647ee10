"""One SAP system as a run sees it."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, tzinfo

from msgspec import Struct

from sapmatch.model.errors import SapmatchError
from sapmatch.model.provisioning import Provisioning
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
    sent for `quiet_seconds`. `zone` says which day it is there. `indirect_shown`: roles that came
    through others count as assigned.
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
    zone: tzinfo = UTC
    indirect_shown: bool = False

    def language(self, protected: Collection[str]) -> Language:
        """How the values of a file are read, and which users none may name."""
        return Language(
            split=self.split,
            rows=self.role_rows,
            typed=self.typed,
            check=self.writer.check,
            protected=protected,
        )

    def protected(self, rules: Provisioning) -> frozenset[str]:
        """Users that no file may name: those of the settings, and who the connections to the
        system and its children log on as."""
        own = {self.reader.own_user, *self._own_of_children()} - {None}
        return frozenset(str(name).strip().upper() for name in (*rules.protected, *own))

    def _own_of_children(self) -> Iterator[str | None]:
        for system in self.reader.systems() if self.reader.is_central else ():
            try:
                reader = self.child_of(system)
                yield reader.own_user if reader else None
            except SapmatchError:
                continue  # nobody logs on there anyway

    def moment(self, now: datetime) -> Moment:
        """What comparisons stand on."""
        return Moment(
            split=self.split,
            locked=self.locked,
            today=now.astimezone(self.zone).date(),
            indirect_shown=self.indirect_shown,
        )

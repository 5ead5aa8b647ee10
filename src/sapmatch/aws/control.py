"""What runs agree on, in DynamoDB: one item per key, every write conditional on its version."""

from sapmatch.aws.table import Item, Table
from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.ports import Versioned

_VALUE = "value"


class DynamoControl:
    """Port Control over one table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, key: str) -> Versioned | None:
        """The value as it stands now."""
        item = self._table.get(key, _VALUE)
        return Versioned(value=item.body, version=item.version) if item else None

    def write(self, key: str, value: bytes, *, expected: int) -> int:
        """One conditional put; one whose answer was lost is repeated below us and recognised."""
        after = Item(pk=key, sk=_VALUE, version=expected + 1, body=value)
        try:
            self._table.put(after, expected=expected or None, new=expected == 0)
        except PreconditionFailed:
            if self.read(key) != Versioned(value=value, version=after.version):
                raise
        return after.version

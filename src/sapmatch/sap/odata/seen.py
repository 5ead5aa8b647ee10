"""The ETags that a client saw last, by the record that they belong to."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, TypeAlias

from sapmatch.model.query import ODataValue
from sapmatch.sap.odata.addresses import canonical

REMEMBERED: Final = 10_000  # records of one service
_Name: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]


class SeenETags:
    """Thread-safe; beyond REMEMBERED those seen longest ago are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._etags: OrderedDict[_Name, str] = OrderedDict()

    def note(self, entity_set: str, key: Mapping[str, ODataValue], etag: str | None) -> None:
        """Keep what was seen last; None forgets it."""
        name = _name(entity_set, key)
        with self._lock:
            self._etags.pop(name, None)
            if etag:
                self._etags[name] = etag
                if len(self._etags) > REMEMBERED:
                    self._etags.popitem(last=False)

    def of(self, entity_set: str, key: Mapping[str, ODataValue]) -> str | None:
        """What was seen last, None where nothing was or it is forgotten."""
        with self._lock:
            return self._etags.get(_name(entity_set, key))


def _name(entity_set: str, key: Mapping[str, ODataValue]) -> _Name:
    """The same however the key is written; a single one has no name in an address."""
    alone = len(key) == 1
    parts = [("" if alone else name, canonical(value)) for name, value in key.items()]
    return entity_set, tuple(sorted(parts))

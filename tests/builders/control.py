"""Port Control in memory: versions count, and a meddler may come in between."""

from collections.abc import Callable

from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.ports import Versioned


class MemoryControl:
    """Port Control; `meddle` is called before each write, as somebody else who is faster."""

    def __init__(self) -> None:
        self.values: dict[str, Versioned] = {}
        self.writes = 0
        self.meddle: Callable[[], None] = lambda: None

    def read(self, key: str) -> Versioned | None:
        return self.values.get(key)

    def write(self, key: str, value: bytes, *, expected: int) -> int:
        self.meddle()
        known = self.values.get(key)
        if (known.version if known else 0) != expected:
            raise PreconditionFailed(f"{key}: somebody else changed it")
        self.writes += 1
        self.values[key] = Versioned(value=value, version=expected + 1)
        return expected + 1

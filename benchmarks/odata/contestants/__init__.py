"""Who takes part: each reads all pages of a service, batch by batch.

One module per set of packages, so that nobody pays for the imports of another.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.odata.schema import SERVICES, Version


class Source(NamedTuple):
    """Where a byte server stands."""

    address: str  # scheme, host and port
    version: Version

    @property
    def service(self) -> str:
        """The path of its service."""
        return SERVICES[self.version]


# Yields the rows of each page, or what the contestant makes of them; a file where it writes one.
Read = Callable[[Source, Path], Iterator[Sequence[Any]]]
_MODULES = {
    "bytes": "floors",
    "decode": "floors",
    "json": "plain",
    "pyodata": "peer",
    "raw": "client",
    "typed": "client",
}


def names(version: Version) -> tuple[str, ...]:
    """Who can read this version."""
    return tuple(name for name in _MODULES if version == "V2" or name != "pyodata")


def contestant(name: str) -> Read:
    """The contestant of this name, with its packages imported."""
    module = import_module(f"{__name__}.{_MODULES[name]}")
    read: Read = getattr(module, f"read_{name}")
    return read

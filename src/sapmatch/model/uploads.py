"""What people and systems put into the bucket, and whether it became a document."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from msgspec import Struct


class Upload(Struct, frozen=True, kw_only=True):
    """One version of an object that somebody put into the bucket; the key is decoded."""

    bucket: str
    key: str
    version_id: str | None = None


class Uploads(Protocol):
    """Finds uploads by their time."""

    def uploads(self, prefix: str, since: datetime, until: datetime) -> Iterator[Upload]:
        """Every version of every object under the prefix that came from `since` to `until`."""
        ...


class Arrivals(Protocol):
    """Knows which uploads became documents."""

    def arrived(self, upload: Upload) -> bool:
        """Whether a record came of this version of the object."""
        ...

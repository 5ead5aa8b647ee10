"""Every version that an intended write ever had, in S3: stored once, never changed.

The name of an object holds a hash of its content: after a restore of the table a version number
comes again, and neither of the two is lost (RE-33).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec

from sapmatch.aws.intents import INTENT
from sapmatch.aws.table import streamed
from sapmatch.model.intent import Intent
from sapmatch.model.ports import Objects

PREFIX = "history/intents"
_AT_ONCE = 8  # below the ten connections of a boto3 client
_NEVER = datetime.min.replace(tzinfo=UTC)


class IntentHistory:
    """The append-only history of the intents of a stage."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keep(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Store what records of the table's stream hold; how many were new: it may send one twice.

        No payload is in them, and nothing is stored of an item that was removed.
        """
        images = (record["dynamodb"].get("NewImage") for record in records)
        items = [streamed(image) for image in images if image]
        bodies = [item.body for item in items if item.sk == INTENT]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return sum(pool.map(self._keep, bodies))

    def versions(self, intent: Intent) -> list[Intent]:
        """All versions of the intent that arrived, in their order; the last ones take a moment."""
        keys = self._objects.keys(_folder(intent))
        return [msgspec.json.decode(self._objects.read(key), type=Intent) for key in keys]

    def last(self, since: date, until: date) -> Iterator[Intent]:
        """The last version of every intent that was planned on these days (UTC)."""
        for n in range((until - since).days + 1):
            day = since + timedelta(days=n)
            keys = self._objects.keys(f"{PREFIX}/{day.isoformat()}/")
            for _, versions in groupby(keys, lambda key: key.rpartition("/")[0]):
                yield self._last(list(versions))

    def _last(self, keys: Sequence[str]) -> Intent:
        """The highest version, and of two the one of which more happened."""
        number = _version(keys[-1])
        found = [
            msgspec.json.decode(self._objects.read(key), type=Intent)
            for key in keys
            if _version(key) == number
        ]
        return max(found, key=lambda intent: intent.ended_at or intent.sent_at or _NEVER)

    def _keep(self, body: bytes) -> bool:
        intent = msgspec.json.decode(body, type=Intent)
        content = hashlib.sha256(body).hexdigest()[:16]
        return self._objects.write_once(
            f"{_folder(intent)}{intent.version:06}-{content}.json", body
        )


def _folder(intent: Intent) -> str:
    return f"{PREFIX}/{_day(intent.created_at)}/{intent.id}/"


def _version(key: str) -> str:
    """The version in the name of an object, filled with zeros."""
    return key.rpartition("/")[2].partition("-")[0]


def _day(created_at: datetime | None) -> str:
    return created_at.date().isoformat() if created_at else "undated"

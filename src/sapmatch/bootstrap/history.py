"""The history of intended writes of a stage."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sapmatch.aws.history import IntentHistory
    from sapmatch.bootstrap.parts import Services
    from sapmatch.model.intent import Intent


def history_of(parts: "Services") -> "IntentHistory":
    """What keeps every version of an intent, and gives them back."""
    from sapmatch.aws.history import IntentHistory

    return IntentHistory(parts.objects)


def restored(parts: "Services", since: date) -> "Iterator[Intent]":
    """Put back what the table lost of all that was planned since the day; yields each (RE-33)."""
    for last in history_of(parts).last(since, parts.clock.now().date()):
        if parts.intents.restore(last):
            yield last

"""The history of intended writes of a stage."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sapmatch.aws.history import IntentHistory
    from sapmatch.bootstrap.parts import Services


def history_of(parts: "Services") -> "IntentHistory":
    """What keeps every version of an intent, and gives them back."""
    from sapmatch.aws.history import IntentHistory

    return IntentHistory(parts.objects)

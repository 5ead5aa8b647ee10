"""A recorded match beside its orders as they are by now (MA-P54)."""

from typing import Any

import msgspec

from sapmatch.matching.stored import Desk, matched_with
from sapmatch.model.match import Decision, State
from sapmatch.model.stored import (
    decision_key,
    decision_of,
    revision_key,
    revisions_prefix,
)

# Causes that stand whatever a person allowed: SAP takes no invoice, or a receipt is gone.
_HARD = frozenset({"ITEM_DELETED", "FINALLY_INVOICED", "NOT_RELEASED", "ERS", "RECEIPT_MISSING"})


def revise_stored(document_id: str, desk: Desk) -> int | None:
    """Decide a recorded match anew on its own orders, as if it had taken nothing of them yet.

    What differs from the last version is kept at documents/<id>/revision-<n>.json; the record, its
    reservations and intents stay. Returns the number of the version that differs from the recorded
    decision, None where the orders make no difference. Raises InputRejected for an unknown one.
    """
    record = desk.documents.get(document_id)
    if not record.is_matched:
        return None
    recorded = decision_of(desk.objects.read(decision_key(document_id, record.decision)))
    # Only its own orders are asked: it is its own duplicate by now.
    fresh = matched_with(recorded.orders, document_id, desk)
    same_rules = _by_same_rules(recorded, fresh)
    number = sum(1 for _ in desk.objects.keys(revisions_prefix(document_id)))
    last = decision_of(desk.objects.read(revision_key(document_id, number))) if number else recorded
    if _matter(fresh, same_rules) != _matter(last, same_rules):
        number += 1
        encoded = msgspec.json.encode(fresh, order="deterministic")
        desk.objects.write_once(revision_key(document_id, number), encoded)
    return number if _matter(fresh, same_rules) != _matter(recorded, same_rules) else None


def _by_same_rules(recorded: Decision, fresh: Decision) -> bool:
    """Whether limits can tell what the order changed: not those of a person, nor other settings."""
    by_hand = recorded.state is State.MANUAL_MATCHED
    return not by_hand and recorded.policy_version == fresh.policy_version


def _matter(decision: Decision, same_rules: bool) -> tuple[Any, ...]:
    """What a person has to know of: what is posted where, by how much it deviates, and why."""
    shares = tuple((line.line, line.shares) for line in decision.lines)
    hard = decision.cause if decision.cause in _HARD else None
    said = (decision.state, decision.cause) if same_rules else (hard,)
    return (*said, decision.orders, shares, decision.difference)

"""Judges the history of an intent: whether every version followed lawfully from the one before.

Made for the audit and the proofs: it looks at what was stored only, not at how it came about.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from sapmatch.model.intent import TERMINAL, Intent
from sapmatch.model.intent import IntentState as S
from sapmatch.writing.protocol.arrows import ARROWS, AT_WORK

LEAST_PROBES = 2  # looks that found nothing before it may be sent again
_NEVER_CHANGES = (
    "id",
    "flow",
    "connection",
    "client",
    "operation",
    "service",
    "entity_set",
    "function",
    "reference",
    "payload_key",
    "payload_sha256",
    "document_id",
    "on_behalf_of",
    "created_at",
)
_NEVER_FALLS = ("claims", "attempts", "generation")


def check_history(versions: Sequence[Intent]) -> list[str]:
    """What is wrong with the versions of one intent, in any order; empty where nothing is.

    A copy of a version counts once. After a restore of the table a version may be there twice with
    different contents: that is told.
    """
    ordered = sorted(_distinct(versions), key=lambda intent: intent.version)
    wrong = [f"version {v} is missing" for v in range(ordered[0].version)] if ordered else []
    for intent in ordered:
        wrong += _alone(intent)
    for before, after in pairwise(ordered):
        wrong += _followed(before, after)
    return wrong + list(_too_early(ordered))


def _distinct(versions: Sequence[Intent]) -> list[Intent]:
    found: list[Intent] = []
    for intent in versions:
        if intent not in found:
            found.append(intent)
    return found


def _alone(intent: Intent) -> Iterator[str]:
    """What a version must hold whatever came before it."""
    at = f"version {intent.version} ({intent.state})"
    if (intent.ended_at is not None) != (intent.state in TERMINAL):
        yield f"{at}: its end is dated where it has none, or not where it has one"
    if intent.state in AT_WORK and not (intent.owner and intent.lease_until):
        yield f"{at}: nobody's name, or no end of the lease, stands in it"
    sent = (intent.request_id, intent.first_sent, intent.sent_at, intent.quiet_until)
    if intent.state is S.SENT and None in sent:
        yield f"{at}: was not written ahead in full"
    if intent.state is S.ABSENT and intent.probes < LEAST_PROBES:
        yield f"{at}: was looked for {intent.probes} times only"


def _followed(before: Intent, after: Intent) -> Iterator[str]:
    """What must hold between two versions."""
    at = f"version {after.version} ({before.state} -> {after.state})"
    if after.version == before.version:
        yield f"version {after.version} is there twice ({before.state}, {after.state})"
        return
    yield from (f"version {v} is missing" for v in range(before.version + 1, after.version))
    if after.state not in ARROWS[before.state]:
        yield f"{at}: no arrow leads there"
    if after.state is S.SENT and after.owner != before.owner:
        yield f"{at}: {after.owner} sent what {before.owner} had claimed"
    for name in _NEVER_CHANGES:
        if getattr(after, name) != getattr(before, name):
            yield f"{at}: {name} changed"
    for name in _NEVER_FALLS:
        if getattr(after, name) < getattr(before, name):
            yield f"{at}: {name} fell"
    if after.generation == before.generation and after.request_id != before.request_id:
        yield f"{at}: the request id changed within its generation"


def _too_early(ordered: Sequence[Intent]) -> Iterator[str]:
    """Sends before what was sent earlier had certainly come to rest."""
    rests = None
    for intent in ordered:
        if intent.state in (S.UNKNOWN, S.RECONCILING):
            rests = intent.quiet_until
        elif intent.state is S.SENT and rests and intent.sent_at and intent.sent_at < rests:
            yield f"version {intent.version} (SENT): sent again before {rests.isoformat()}"

"""Waking of documents, after every extraction and every night."""

from typing import Any

from functions._extractions import out_of_time
from functions._metrics import measured
from functions._runtime import failed
from sapmatch.bootstrap import Services
from sapmatch.extracting.reserved import noted
from sapmatch.model.errors import InputRejected
from sapmatch.reviewing.waiting import Woken

_MATCHED = "matched "  # before the place among what is matched, which comes behind all that waits


def woken(parts: Services, context: Any, after: str = "", *, lost: bool = False) -> Woken:
    """Let go on what watches something that changed; the orders of the index are those of now."""
    found = parts.waiting.wake(after, parts.clock.now(), out_of_time(context), lost=lost)
    measured(DocumentsWoken=found.count)
    return found


def is_among_matched(after: str) -> bool:
    """Whether all that waits was looked at before."""
    return after.startswith(_MATCHED)


def revised(parts: Services, context: Any, run: tuple[str, str], after: str = "") -> Woken:
    """Tell of matches that the run (extraction, id) made other ones by changing their orders.

    A document that cannot be decided anew is logged, and keeps nobody from the others.
    """
    count, place, is_late = 0, after.removeprefix(_MATCHED), out_of_time(context)
    done = True
    for document_id in noted(*run, parts.objects):
        if document_id <= place:
            continue
        if not (done := not is_late()):
            break
        count += is_changed(parts, document_id)
        place = document_id
    measured(OrdersChangedAfterMatch=count)
    return Woken(done=done, after=f"{_MATCHED}{place}", count=count)


def is_changed(parts: Services, document_id: str) -> bool:
    """Whether the match of a document is another one by now; then people are told."""
    try:
        return parts.revise(document_id)
    except InputRejected as exc:
        failed("revise", exc, document_id=document_id)
        return False

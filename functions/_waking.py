"""Waking of documents, after every extraction and every night."""

from typing import Any

from functions._extractions import out_of_time
from functions._metrics import measured
from sapmatch.bootstrap import Services
from sapmatch.reviewing.waiting import Woken


def woken(parts: Services, context: Any, after: str = "", *, lost: bool = False) -> Woken:
    """Let go on what watches something that changed; the orders of the index are those of now."""
    found = parts.waiting.wake(after, parts.clock.now(), out_of_time(context), lost=lost)
    measured(DocumentsWoken=found.count)
    return found

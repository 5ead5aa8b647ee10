"""What a person asks for, and what the state of a document refuses."""

import hashlib
import re

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from sapmatch.model.errors import InputRejected
from sapmatch.model.review import Action, Review

SHORT_ID = 12  # digits by which people name a document
REPLAY = "sapmatch replay {id} starts it anew"
_DOCUMENT = re.compile(r"[0-9a-f]{8,64}")
_ORDER = re.compile(r"[A-Za-z0-9_-]{1,40}")
_REASON = range(3, 501)  # characters

_PLACED = frozenset({"AMBIGUOUS", "OUT_OF_TOLERANCE", "WAITING_RECEIPT", "SUSPECTED_DUPLICATE"})
_ALLOWED: dict[Action, frozenset[str]] = {
    "accept": _PLACED | {"NEEDS_REVIEW"},
    "match": _PLACED | {"NO_CANDIDATE", "NOT_INVOICEABLE"},
}
# What to do where an invoice cannot be accepted; most of it holds for any order too.
_INSTEAD = {
    "INVALID": "the invoice contradicts itself; ask the sender for a corrected one, and reject "
    "this one",
    "DUPLICATE": "the invoice was here before and is posted only once; reject it. If the first one "
    f"was reversed in SAP, {REPLAY}",
    "REJECTED": "no invoice could be read in it; ask the sender for a readable file, and reject it",
    "READ_TIMED_OUT": f"it was not read to its end; {REPLAY}, or reject it",
    "NEEDS_REVIEW": "the values that were read come first: accept them, or reject the document",
    "NO_CANDIDATE": "no order was found that could be accepted; name one with match ORDER, or "
    "reject it",
    "NOT_INVOICEABLE": "SAP takes no invoice for this order. Once purchasing has mended it, the "
    f"document goes on by itself; where the settings were mended, {REPLAY}. Else name another "
    "order with match ORDER, or reject it",
}


class Asked(Struct, frozen=True, kw_only=True):
    """What a person wants; `document` is an id or its first 8 digits or more.

    `decision` is the number of the one that was shown, where the person says it; `other_supplier`,
    `nothing_open` and `token_sha256` as in Verdict.
    """

    document: str
    action: Action
    reason: str
    order: str | None = None
    decision: int | None = None
    other_supplier: bool = False
    nothing_open: bool = False
    token_sha256: str | None = None

    def digest(self, stage: str) -> str:
        """SHA-256 that ties a signature to this wish on this stage, in hexadecimal."""
        wish = [stage, *astuple(self)]
        return hashlib.sha256(msgspec.json.encode(wish)).hexdigest()


def require(asked: Asked) -> None:
    """Raise InputRejected where the wish is not well formed, whoever has it."""
    if not _DOCUMENT.fullmatch(asked.document):
        raise InputRejected("ID: must be a document id, or at least its first 8 digits")
    if len(asked.reason.strip()) not in _REASON or not asked.reason.isprintable():
        raise InputRejected("reason: must have 3 to 500 printable characters on one line")
    if not any(letter.isalnum() for letter in asked.reason):  # what mails print, pasted as it is
        raise InputRejected("reason: must say why; it is kept with the decision")
    if asked.action == "match" and not _ORDER.fullmatch(asked.order or ""):
        raise InputRejected("match: needs the number of an order of the company code")
    if asked.action != "match" and asked.order is not None:
        raise InputRejected(f"{asked.action}: takes no order; name one with match ORDER")
    if asked.action not in _ALLOWED and (asked.other_supplier or asked.nothing_open):
        raise InputRejected(
            f"{asked.action}: posts nothing, and takes neither --other-supplier nor --nothing-open"
        )
    if asked.action not in _ALLOWED and asked.token_sha256:
        raise InputRejected(f"{asked.action}: posts nothing, and takes no --now")


def allows(action: Action, state: str) -> bool:
    """Whether a document in this state may end so; to reject or to wait is always possible."""
    return action not in _ALLOWED or state in _ALLOWED[action]


def require_allowed(asked: Asked, review: Review) -> None:
    """Raise InputRejected where the state allows no such end, with what to do instead."""
    if not allows(asked.action, review.state):
        short = review.document_id[:SHORT_ID]
        instead = _INSTEAD.get(review.state, "reject it, or leave it open")
        raise InputRejected(
            f"document {short}: {asked.action} is not possible for {review.state}: "
            f"{instead.format(id=short)}"
        )

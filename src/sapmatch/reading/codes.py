"""Code lists of EN 16931 that every XML reader needs."""

import re

from sapmatch.model.invoice import InvoiceType
from sapmatch.reading.findings import Findings

# UNTDID 1001 as far as EN 16931 lets it stand in BT-3. Not here: 325, pro forma, asks for no money.
INVOICE_TYPES: dict[str, InvoiceType] = {
    **dict.fromkeys("71 80 82 84 102 218 219 331 380 382 383 386 387 388".split(), "invoice"),
    **dict.fromkeys("393 395 527 553 575 623 633 751 780 817 870 935".split(), "invoice"),
    **dict.fromkeys("81 83 261 262 296 308 381 396 420 458 502 503 532".split(), "credit-note"),
    "384": "corrective-invoice",
    **dict.fromkeys("326 875 876".split(), "partial-invoice"),
    "877": "final-invoice",
    **dict.fromkeys("389 500 501".split(), "self-billed-invoice"),
}
# What senders write where the format wants a number and there is none for the whole invoice.
_NO_NUMBER = frozenset(
    "NA N/A N.A. #NO# #MULTI# NO NONE NIL NULL KEINE OHNE AUCUN NESSUNO NINGUNO GEEN INGEN".split()
)
_ZEROS = re.compile(r"[\W_0]*")
NO_TAX = frozenset({"Z", "E", "AE", "K", "G", "O"})  # UNTDID 5305: categories without tax


def is_placeholder(reference: str) -> bool:
    """Whether a reference only fills a mandatory field: #NO#, N/A, a dash, zeros."""
    return reference.upper() in _NO_NUMBER or bool(_ZEROS.fullmatch(reference))


def order_references(*candidates: str | None) -> tuple[str, ...]:
    """Order numbers in the order given, each once, without placeholders."""
    return tuple(dict.fromkeys(item for item in candidates if item and not is_placeholder(item)))


def invoice_type(code: str | None, found: Findings, *, credit: bool = False) -> InvoiceType:
    """The type of a BT-3 code; an unknown one is a problem, a missing one an invoice or credit."""
    if code and code not in INVOICE_TYPES:
        message = "The type code is none of an invoice: decide what this document is."
        found.problem("NEEDS_REVIEW", message, "type", {"code": code})
    return INVOICE_TYPES.get(code or "", "credit-note" if credit else "invoice")

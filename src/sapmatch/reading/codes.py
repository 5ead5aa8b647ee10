"""Code lists of EN 16931 that every XML reader needs."""

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
# What senders write where the format wants an order number and there is none for the whole invoice.
NO_ORDER = frozenset({"NA", "N/A", "#NO#", "#MULTI#"})


def order_references(*candidates: str | None) -> tuple[str, ...]:
    """Order numbers in the order given, each once, without placeholders."""
    found = (item for item in candidates if item and item.upper() not in NO_ORDER)
    return tuple(dict.fromkeys(found))


def invoice_type(code: str | None, found: Findings, *, credit: bool = False) -> InvoiceType:
    """The type of a BT-3 code; an unknown one is a problem, a missing one an invoice or credit."""
    if code and code not in INVOICE_TYPES:
        message = "The type code is none of an invoice: decide what this document is."
        found.problem("NEEDS_REVIEW", message, "type")
    return INVOICE_TYPES.get(code or "", "credit-note" if credit else "invoice")

"""States, causes, tolerance keys and owners in words for people."""

from typing import get_args

from sapmatch.model.match import Owner

OWNERS: dict[Owner, str] = {
    "accounts_payable": "accounts payable",
    "purchasing": "purchasing",
    "warehouse": "the warehouse",
    "administrator": "the platform team",
}
SEVERAL = "several"  # the owner of a mail that concerns several of them

_STATES = {
    "AMBIGUOUS": "order not certain",
    "AUDIT_DIFFERENCE": "SAP holds something else than was written",
    "CERTIFICATE_EXPIRES": "a certificate ends soon",
    "DUPLICATE": "arrived before",
    "EXTRACTION_FAILED": "SAP was not read",
    "FILE_REJECTED": "the file has mistakes",
    "INVALID": "contradicts itself",
    "LOGON_STOPPED": "SAP refuses our logon",
    "NEEDS_REVIEW": "must be compared with the document",
    "NOT_INVOICEABLE": "order takes no invoice",
    "NO_CANDIDATE": "no order found",
    "ORDER_CHANGED": "order changed after the match",
    "OUTCOME_UNKNOWN": "not known whether SAP has it",
    "OUT_OF_TOLERANCE": "outside the tolerances",
    "READ_TIMED_OUT": "OCR did not end",
    "REJECTED": "could not be read",
    "REVIEW_EXPIRED": "nobody decided in time",
    "RESYNC_REQUIRED": "SAP forgot where its changes were read to",
    "SAP_REJECTED": "not written to SAP",
    "SCHEMA_DRIFT": "fields are gone or changed in SAP",
    "SUSPECTED_DUPLICATE": "may have arrived before",
    "SWEEP_FOUND": "something was missed",
    "WAITING_RECEIPT": "goods receipt overdue",
    "WORKFLOW_FAILED": "processing stopped",
}
_TOLD_BY_CAUSE = {"AMBIGUOUS", "NOT_INVOICEABLE", "NO_CANDIDATE", "OUT_OF_TOLERANCE"}
# Above a limit, and below it where that is something else.
_CAUSES = {
    "AN": ("amount without an order",),
    "AP": ("amount of an item too high",),
    "BD": ("sums do not balance",),
    "BR": ("price unit differs from the order",),
    "BW": ("price unit differs from the receipt",),
    "CORRECTION": ("corrects another invoice",),
    "CURRENCY": ("other currency than the order",),
    "DQ": ("quantity too high", "quantity too low"),
    "DW": ("billed before the goods receipt",),
    "ERS": ("settled by SAP without an invoice",),
    "FACTORED": ("assigned to another payee",),
    "FINALLY_INVOICED": ("order item finally invoiced",),
    "ITEM_DELETED": ("order item deleted",),
    "KW": ("delivery costs too high", "delivery costs too low"),
    "LA": ("limit of the order exceeded",),
    "LD": ("outside the validity of the order",),
    "NOT_POSTABLE": ("cannot be posted as matched",),
    "NOT_RELEASED": ("order not released",),
    "OTHER_SUPPLIER": ("order of another supplier",),
    "PC": ("price above the contract", "price below the contract"),
    "PP": ("price too high", "price too low"),
    "PREPAYMENT": ("prepayment, no goods",),
    "PS": ("price above the estimate", "price below the estimate"),
    "RECEIPT": ("receipt of a till",),
    "RETURN": ("an amount goes back",),
    "SAME_NUMBER": ("two orders have its number",),
    "SELF_BILLED": ("our own self-billed invoice",),
    "SEVERAL_ITEMS": ("several items of the order fit",),
    "SEVERAL_ORDERS": ("several orders fit",),
    "ST": ("billed before the planned delivery",),
    "THIRD_PARTY": ("order of a customer",),
    "TOO_MANY_ORDERS": ("too many orders at once",),
    "UNIT": ("unit cannot be converted",),
}
_TOLERANCES = {
    "AN": "amount without an order",
    "AP": "amount of the item",
    "BD": "balance of the document",
    "BR": "price unit",
    "BW": "price unit",
    "DQ": "quantity",
    "DW": "quantity without a receipt",
    "KW": "delivery costs",
    "LA": "limit of the order",
    "LD": "days outside the order's validity",
    "PC": "contract price",
    "PP": "price",
    "PS": "estimated price",
    "ST": "days before the delivery",
}
_REMEDIES = {
    "NEEDS_REVIEW": "Compare the values named above with the document. If they are right accept "
    "it, and it is matched; else reject it and key the invoice in SAP (MIRO). Where the document "
    "contradicts itself ask the sender for a corrected one.",
    "READ_TIMED_OUT": "Key the invoice in SAP (MIRO), or upload a copy with fewer pages. The "
    "platform team looks for the cause in the log of the function read_document.",
    "REJECTED": "Ask the sender for a readable file, or key the invoice in SAP (MIRO).",
    "DUPLICATE": "Nothing, if the file was sent twice by mistake: it is posted only once.",
    "FILE_REJECTED": "Correct the file as named above and drop it again.",
    "SAP_REJECTED": "Correct what is named above. A record with an intent is replayed, with the "
    "whole record in corrected.json (SAP's field names) where the record itself was wrong, or "
    "dropped again in a corrected file; one without an intent is only dropped again.",
    "OUTCOME_UNKNOWN": "Enter nothing by hand before it is settled: SAP may hold it. It is read "
    "back by itself, and where people have to compare, it says so above.",
    "AUDIT_DIFFERENCE": "Look at each document in SAP before anything is paid: one that stands "
    "there twice is cancelled, one that is gone was deleted by somebody. Nothing is changed by "
    "itself.",
    "CERTIFICATE_EXPIRES": "Have a new one issued, and make it known to whoever trusts the old one "
    "(SAP basis, or the owner of the tenant in BTP), beside the old one. Then store it in the "
    "secret. No function has to be restarted.",
    "INPUT_REJECTED": "Start it again with a right input. Nothing was read, and nothing changed.",
    "UNEXPLAINED": "Nothing named above can be mended: it is a bug of ours or a limit of AWS. Look "
    "the error up in the log of the function (CloudWatch, by the request if one is named), and "
    "report it with the lines of that request. The next run that is due tries again.",
    "EXTRACTION_FAILED": "Mend what is named above; the next run that is due reads all that this "
    "one should have read. To go on with this very run, start the state machine extraction with "
    "the same input: chunks that are done are not read again, unless their rows were refused.",
    "RESYNC_REQUIRED": "Load everything anew when SAP has the time for it: {reload}. Until then no "
    "run of this extraction reads anything.",
    "SCHEMA_DRIFT": "Bring back what is missing, in SAP or in the settings. If all readers can "
    "live with the change, load everything anew: {reload}.",
    "ORDER_CHANGED": "The match stands, and nothing is changed in SAP by itself. Accounts payable "
    "compares the invoice with the order of now: where it is parked or blocked in SAP, it is "
    "corrected or released there (MIR4, MRBR); where it is posted, a difference is credited or "
    "claimed. Where the order is wrong, purchasing corrects it (ME22N).",
    "REVIEW_EXPIRED": "Nothing was posted, and nobody is asked again. If the invoice is due, have "
    "it decided anew with the command below, or key it in SAP (MIRO).",
    "WORKFLOW_FAILED": "Post nothing by hand yet. The platform team finds the cause in the "
    "execution of the state machine and starts it again with the command below.",
}
_OF_THE_PLATFORM = {
    "CERTIFICATE_EXPIRES",
    "EXTRACTION_FAILED",
    "LOGON_STOPPED",
    "RESYNC_REQUIRED",
    "SCHEMA_DRIFT",
    "SWEEP_FOUND",
    "WORKFLOW_FAILED",
}


def title(state: str, cause: str | None = None, *, below: bool = False) -> str:
    """What is wrong in a few words; `below` where too little is billed."""
    words = _CAUSES.get(cause or "") if state in _TOLD_BY_CAUSE else None
    return words[-1 if below else 0] if words else _STATES.get(state, "needs a look")


def tolerance(key: str) -> str:
    """What an SAP tolerance key measures."""
    return _TOLERANCES.get(key, "deviation")


def remedy(state: str) -> str | None:
    """What to do where no decision says it."""
    return _REMEDIES.get(state)


def owner_of(state: str) -> Owner:
    """Who mends it where no decision says it."""
    return "administrator" if state in _OF_THE_PLATFORM else "accounts_payable"


def owner_words(owner: Owner | None) -> str:
    """Who that is."""
    return OWNERS[owner or get_args(Owner)[0]]

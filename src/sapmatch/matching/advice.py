"""Every cause of a decision: what it means, what to do, and who can do it."""

from collections.abc import Mapping

from msgspec import Struct

from sapmatch.matching.decision import Outcome
from sapmatch.model.match import POSTABLE, Owner, State
from sapmatch.model.order import OrderSide

_AGAIN = "once an extraction has brought the change, the invoice is matched again by itself"
_ACCEPT = "Accounts payable may also accept it as it is."
_BY_HAND = "enters it in SAP (MIRO) and rejects it here"
_ASKS = "asks the supplier for a correct invoice and rejects this one"
_SAMPLE = (
    "Accounts payable compares the invoice with the order, and releases it in SAP (MRBR, as soon "
    "as it is posted)."
)
_BLOCKED = "{who} clears the deviation; then the invoice is released for payment in SAP (MRBR)."
_CHANGE: Mapping[OrderSide, str] = {"purchase_order": "ME22N", "sales_order": "VA02"}


class Advice(Struct, frozen=True):
    """A cause in words, as they stand behind a colon, and the remedy with its owner."""

    why: str
    remedy: str
    owner: Owner = "accounts_payable"


_DEVIATIONS = {
    "DW": Advice(
        "goods are billed before any of them came",
        "The warehouse posts the goods receipt in SAP (MIGO): " + _AGAIN + ".",
        "warehouse",
    ),
    "DQ": Advice(
        "the quantity is not the one that can be invoiced",
        "The warehouse compares the delivery with the receipts in SAP and posts what is missing "
        f"(MIGO): {_AGAIN}. Where it never came, accounts payable {_ASKS}.",
        "warehouse",
    ),
    "BR": Advice(
        "the quantity in the unit of the price is not the ordered one",
        f"Purchasing corrects the conversion of the order item ({{change}}): {_AGAIN}. {_ACCEPT}",
        "purchasing",
    ),
    "BW": Advice(
        "the quantity in the unit of the price is not the received one",
        f"The warehouse corrects the receipt (MIGO): {_AGAIN}. {_ACCEPT}",
        "warehouse",
    ),
    "LA": Advice(
        "the limit of the order is used up",
        f"Purchasing raises the limit of the order ({{change}}): {_AGAIN}. Else accounts payable "
        "rejects the invoice.",
        "purchasing",
    ),
    "LD": Advice(
        "the order is not valid on the day of the invoice",
        f"Purchasing extends the validity of the order ({{change}}): {_AGAIN}. {_ACCEPT}",
        "purchasing",
    ),
    "PP": Advice(
        "the price is not the ordered one",
        "Purchasing agrees the price with the supplier. Where the order is wrong, purchasing "
        f"corrects it ({{change}}): {_AGAIN}. Else accounts payable {_ASKS}.",
        "purchasing",
    ),
    "PS": Advice(
        "the price is not the one that the order estimates",
        f"Purchasing puts the final price into the order ({{change}}): {_AGAIN}. {_ACCEPT}",
        "purchasing",
    ),
    "PC": Advice(
        "the price is not the one of the contract",
        f"Purchasing compares the invoice with the contract. Where the invoice is wrong, accounts "
        f"payable {_ASKS}; else it accepts it.",
        "purchasing",
    ),
    "KW": Advice(
        "the delivery costs are not the planned ones",
        "Accounts payable compares the delivery costs with those that the order plans, and accepts "
        "the invoice or asks the supplier for a correct one.",
    ),
    "AN": Advice(
        "an amount belongs to no order item",
        "Accounts payable accepts charges and freight, which SAP books as delivery costs. Another "
        "line that no order covers goes on a G/L account where the settings name one "
        f"(unplanned_account); else accounts payable {_BY_HAND}.",
    ),
    "AP": Advice(
        "the amount is more than is posted without a person",
        "Accounts payable looks at the amount, and accepts the invoice or rejects it.",
    ),
    "ST": Advice(
        "the invoice comes before the planned delivery",
        "Accounts payable accepts the invoice, now or when the delivery is due.",
    ),
    "BD": Advice(
        "lines, charges and tax do not make up the total",
        f"Accounts payable {_ASKS}.",
    ),
    "VP": Advice(
        "the average price of the material changes",
        "Nothing: SAP warns of it, and so does this.",
    ),
    "UNIT": Advice(
        "the unit of a line cannot be converted into that of its order item",
        f"Purchasing changes the unit of the order item ({{change}}): {_AGAIN}. Else accounts "
        f"payable {_BY_HAND}.",
        "purchasing",
    ),
}
# What a credit note has to do with none of the deliveries.
_CREDITED = Advice(
    "the quantity is not the one that was invoiced",
    "Accounts payable compares the credit note with the invoices that it concerns, and accepts it "
    "or asks the supplier for a correct one.",
)
_SAP_FORBIDS = {
    "ITEM_DELETED": Advice(
        "the order item of {lines} is deleted",
        f"Purchasing takes the deletion back ({{change}}): {_AGAIN}. Where another order replaces "
        "it, accounts payable matches the invoice with that one.",
        "purchasing",
    ),
    "FINALLY_INVOICED": Advice(
        "no further invoice is expected for the order item of {lines}",
        f"Where the invoice is due, purchasing takes the mark of the final invoice back "
        f"({{change}}): {_AGAIN}. Else accounts payable rejects it.",
        "purchasing",
    ),
    "NOT_RELEASED": Advice(
        "the order is not released",
        f"Who approves orders releases it in SAP: {_AGAIN}.",
        "purchasing",
    ),
    "ERS": Advice(
        "SAP settles the receipts of {lines} itself, so the supplier should not have billed them",
        "Accounts payable rejects the invoice, returns it to the supplier, and finds the payment "
        "under the evaluated receipts (MRRL).",
    ),
}
_DOUBTS = {
    "RECEIPT_MISSING": Advice(
        "less has been received than is billed, and more is to come",
        "The warehouse posts the goods receipt in SAP (MIGO): once an extraction has brought it, "
        "the invoice is matched by itself.",
        "warehouse",
    ),
    "NO_ORDER": Advice(
        "no open order agrees with it well enough in number, supplier and amount",
        "Accounts payable asks the supplier or purchasing for the order and matches the invoice "
        "with it. An order that comes into SAP later is found by itself.",
    ),
    "SEVERAL_ORDERS": Advice(
        "more than one order explains it about equally well",
        "Accounts payable finds out which of the orders is meant, and matches the invoice with it.",
    ),
    "SEVERAL_ITEMS": Advice(
        "a line of it fits more than one item of the order about equally well",
        "Accounts payable accepts it where any of these items will do; else it "
        f"{_BY_HAND}, on the right one.",
    ),
    "TOO_MANY_ORDERS": Advice(
        "it concerns more orders than can be booked at once",
        f"Accounts payable {_BY_HAND}, or asks the supplier for one invoice for each order.",
    ),
    "OTHER_SUPPLIER": Advice(
        "it is not sure that the company of the order sent it",
        "Accounts payable checks who sent it, then accepts the order, names another one, or "
        "rejects the invoice.",
    ),
    "THIRD_PARTY": Advice(
        "the order is a customer's, and a third party's invoice is taken for it only where "
        "number, all lines and the net amount agree",
        "Accounts payable checks who sent it, then accepts the order, names another one, or "
        "rejects the invoice.",
    ),
    "SAME_NUMBER": Advice(
        "a purchase order and a sales order have the number that it names",
        "Accounts payable matches the invoice with the purchase order where that one is meant; "
        f"else it {_BY_HAND}.",
    ),
    "CURRENCY": Advice(
        "the order is in another currency, and no exchange rate of the day is known",
        f"Accounts payable {_BY_HAND}, or asks for an invoice in the order's currency. Or the "
        "administrator adds the rate to matching.exchange_rates and has it decided anew (sapmatch "
        "replay).",
    ),
    "CORRECTION": Advice(
        "it corrects another invoice, and only the difference may be posted",
        "Accounts payable enters the difference in SAP (MIRO, subsequent debit or credit) and "
        "rejects it here.",
    ),
    "RECEIPT": Advice(
        "it is a receipt of a till and may be paid already",
        f"Accounts payable checks whether it is paid, and {_BY_HAND}.",
    ),
    "PREPAYMENT": Advice(
        "it asks for money before the goods, and takes none of the order",
        "Accounts payable enters a down payment request in SAP (F-47) and rejects it here; the "
        "invoice over the goods is matched with the order.",
    ),
    "FACTORED": Advice(
        "the supplier has assigned it to somebody else, who is to be paid",
        f"Accounts payable checks who is to be paid, {_BY_HAND}, with this payee.",
    ),
    "SELF_BILLED": Advice(
        "it is a self-billed invoice, which a customer writes, and the customer are we",
        "Accounts payable checks whether SAP has settled the receipts already (MRRL), and rejects "
        f"it where it has; else it {_BY_HAND}.",
    ),
    "RETURN": Advice(
        "an amount of it goes back",
        f"Accounts payable {_BY_HAND}, or asks the supplier for a credit memo of its own.",
    ),
}
# Of an INVALID document, by its cause: what the flaw itself is says a sentence of its own.
INVALID: Mapping[str, str] = {
    "TOTALS": "The invoice contradicts itself: its sums do not fit.",
    "TAX": "The invoice contradicts itself: its tax does not follow from its amounts.",
    "CURRENCY": "The invoice is not complete.",
    "NO_NUMBER": "The invoice is not complete.",
    "NO_TOTAL": "The invoice is not complete.",
    "BROKEN": "The invoice cannot be worked with.",
}
_DUPLICATES = {
    State.DUPLICATE: Advice(
        "",
        "Nothing more is posted: accounts payable rejects this one. Where the first one was "
        "cancelled in SAP, it has this one decided anew (sapmatch replay).",
    ),
    State.SUSPECTED_DUPLICATE: Advice(
        "",
        "Accounts payable compares both documents: it accepts this one where they are two "
        "invoices, and rejects it where they are one.",
    ),
}
_REPLACED = {
    "REPLACED": Advice(
        "its sender takes it back by another document",
        "Nothing is posted of it. Accounts payable decides on the document that replaces it, and "
        "has this one decided anew (sapmatch replay) where that one is rejected.",
    ),
}
_UNWRITTEN = {
    "NOT_POSTABLE": Advice(
        "SAP would not take it as it was matched",
        "Accounts payable has mended what is named above: an administrator changes the settings "
        "and has it decided anew (sapmatch replay); purchasing changes the order, and "
        f"{_AGAIN}. Else accounts payable {_BY_HAND}.",
    ),
}
CAUSES: Mapping[str, Advice] = {**_DEVIATIONS, **_SAP_FORBIDS, **_UNWRITTEN, **_DOUBTS, **_REPLACED}


def invalid_remedy(*, ours: bool) -> str:
    """Of a document that contradicts itself or is not complete, or is beyond a limit of `ours`."""
    return f"Accounts payable {_BY_HAND if ours else _ASKS}."


def remedy(outcome: Outcome, side: OrderSide | None, *, credit: bool = False) -> str | None:
    """What to do and who can do it; None where nothing is left to do."""
    if outcome.sampled:
        return _SAMPLE
    advice = _of(outcome, credit)
    if advice is None:
        return None
    if outcome.payment_block:
        return _BLOCKED.format(who=advice.owner.replace("_", " ").capitalize())
    return advice.remedy.format(change=_CHANGE[side or "purchase_order"])


def owner(outcome: Outcome, *, credit: bool = False) -> Owner | None:
    """Who can do it."""
    if outcome.sampled:
        return "accounts_payable"
    advice = _of(outcome, credit)
    return advice.owner if advice else None


def _of(outcome: Outcome, credit: bool) -> Advice | None:
    if outcome.state in POSTABLE:
        return None
    if credit and outcome.cause in ("DQ", "DW"):
        return _CREDITED
    return _DUPLICATES.get(outcome.state) or CAUSES[outcome.cause or "NO_ORDER"]

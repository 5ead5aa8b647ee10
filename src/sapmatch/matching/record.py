"""A match as the records keep it: reservations, duplicate keys, the claim on its identity."""

from collections.abc import Iterator, Mapping, Sequence

from sapmatch.matching.direction import directed
from sapmatch.matching.keys import SAP_REFERENCE_LENGTH, earlier_keys, exact_identity
from sapmatch.model.document import DocumentRecord, EarlierInvoice
from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Intent
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import Decision, ItemShare, State
from sapmatch.model.order import ZERO, Reservation, TakenReceipt
from sapmatch.model.ports import MatchRecord, OrderScope

_MOST_REPLACED = 20  # invoices that one document may name as corrected or credited
# What may still be posted. A duplicate points at the first document: were it kept, both would point
# at each other. What contradicts itself comes again corrected, often under the same number.
REMEMBERED = frozenset(State) - {State.DUPLICATE, State.INVALID}


def match_record(
    document: DocumentRecord,
    invoice: Invoice,
    decision: Decision,
    scope: OrderScope,
    intents: Sequence[Intent],
) -> MatchRecord:
    """Everything that becomes true together with the match of a document."""
    invoice = directed(invoice)
    earlier = earlier_invoice(document.id, invoice, None)
    return MatchRecord(
        document=document,
        decision=decision,
        scope=scope,
        reservations=reservations(document.id, invoice, decision),
        intents=tuple(intents),
        earlier=earlier,
        keys=earlier_keys(earlier),
        claim=f"{scope.connection}|{scope.client}|{exact_identity(scope.company_code, invoice)}",
    )


def reservations(
    document_id: str, invoice: Invoice, decision: Decision
) -> Mapping[str, tuple[Reservation, ...]]:
    """What the match takes from each order, one entry per item; a credit gives back."""
    by_item: dict[tuple[str, str], list[ItemShare]] = {}
    for line in decision.lines:
        for share in line.shares:
            by_item.setdefault((share.order, share.item), []).append(share)
    sign = -1 if directed(invoice).type == "credit-note" else 1
    taken: dict[str, tuple[Reservation, ...]] = {}
    for (order, item), shares in by_item.items():
        reservation = Reservation(
            document_id=document_id,
            reference=(invoice.number or "").strip()[:SAP_REFERENCE_LENGTH],
            item=item,
            quantity=sign * sum((share.quantity for share in shares), ZERO),
            amount=sign * sum((share.amount for share in shares), ZERO),
            receipts=tuple(_receipts(shares)),
        )
        taken[order] = (*taken.get(order, ()), reservation)
    return taken


def _receipts(shares: Sequence[ItemShare]) -> Iterator[TakenReceipt]:
    for share in shares:
        if share.material_document:
            year, item = share.material_document_year or "", share.material_document_item or ""
            yield TakenReceipt(share.material_document, year, item, share.quantity)


def earlier_invoice(document_id: str, invoice: Invoice, partner: str | None) -> EarlierInvoice:
    """The invoice as later ones will see it; InputRejected where it has no number or amount."""
    invoice = directed(invoice)
    if not invoice.number or invoice.total is None or not invoice.currency:
        raise InputRejected(
            f"document {document_id}: the invoice has no number, total or currency; read it anew"
        )
    return EarlierInvoice(
        document=document_id,
        source="document",
        number=invoice.number,
        total=invoice.total,
        currency=invoice.currency,
        issue_date=invoice.issue_date,
        partner=partner,
        seller_vat_id=invoice.seller.vat_id,
        seller_name=invoice.seller.name,
        seller_iban=invoice.iban,
        credit=invoice.type == "credit-note",
        replaces=_replaced(invoice),
    )


def _replaced(invoice: Invoice) -> tuple[str, ...]:
    """Final invoices name those before them too, and do not take them back."""
    if invoice.type not in ("corrective-invoice", "credit-note"):
        return ()
    numbers = (reference.number.strip() for reference in invoice.preceding_invoices)
    return tuple(dict.fromkeys(filter(None, numbers)))[:_MOST_REPLACED]

"""What the facts of the ledger mean: an order with all that is delivered and invoiced so far."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from sapmatch.model.facts import (
    Cost,
    Facts,
    Gone,
    InvoiceHead,
    InvoiceItem,
    Item,
    Movement,
    MovementHead,
    OrderHead,
    Partner,
    PartnerNumber,
    Party,
    Scheduled,
    document_number,
)
from sapmatch.model.ledger import Subject, SubjectKind, side_of
from sapmatch.model.order import (
    ZERO,
    GoodsReceipt,
    Order,
    OrderItem,
    PlannedCost,
    PostedInvoice,
    Posting,
    ScheduleLine,
)

Place = tuple[int, str]


def order_of(subject: Subject, facts: Facts) -> Order | None:
    """The order as its facts say it; None where SAP has none, or no invoice can be for it.

    Receipts are netted as MA-P20, postings as MA-P21 and MA-P51 say, whichever run brought them.
    """
    head, side = facts.get("head"), side_of(subject)
    if side is None or not isinstance(head, OrderHead) or not (head.company_code and head.partner):
        return None
    partner, other = parties(subject, facts)[0], parties(subject, facts)[1:]
    name, vat_id, ibans = _party(partner, facts)
    other_name, other_vat_id, _ = _party(other[0], facts) if other else ("", "", ())
    return Order(
        id=head.id,
        side=side,
        connection=subject.connection,
        client=subject.client,
        company_code=head.company_code,
        partner=head.partner,
        invoicing_party=head.invoicing_party or None,
        partner_name=name or head.name or None,
        partner_vat_id=vat_id or None,
        partner_ibans=ibans,
        invoicing_party_name=other_name or None,
        invoicing_party_vat_id=other_vat_id or None,
        currency=head.currency,
        order_date=head.order_date,
        external_reference=head.external_reference or None,
        other_references=head.other_references,
        payment_terms=head.payment_terms,
        valid_from=head.valid_from,
        valid_to=head.valid_to,
        released=head.released,
        items=_items(subject, head, facts),
    )


def parties(subject: Subject, facts: Facts) -> tuple[Subject, ...]:
    """Who may send an invoice for the order: its partner, and another party where it names one."""
    head = facts.get("head")
    if not isinstance(head, OrderHead):
        return ()
    kind: SubjectKind = "supplier" if subject.kind == "purchase_order" else "customer"
    numbers = (head.partner.lstrip("0"), head.invoicing_party.lstrip("0"))
    return tuple(subject.other(kind, number) for number in dict.fromkeys(numbers) if number)


def posted_of(facts: Facts) -> PostedInvoice | None:
    """The head of a supplier invoice for the duplicate check (MA-P47), None where SAP has none."""
    head = next((fact for fact in facts.values() if isinstance(fact, InvoiceHead)), None)
    if head is None or head.posted is None:
        return None
    number = document_number(head.invoice, head.year)
    void = head.posted.reversed or f"reversed/{number}" in facts
    return msgspec.structs.replace(head.posted, reversed=void)


def _party(party: Subject, facts: Facts) -> tuple[str, str, tuple[str, ...]]:
    """Name, VAT id and bank accounts."""
    own = facts.get(f"party/{party.ref}")
    partners = [fact for fact in facts.values() if _is_partner(fact, party)]
    ids = {partner.number for partner in partners if isinstance(partner, Partner)}
    numbers = [f for f in facts.values() if isinstance(f, PartnerNumber) and f.partner in ids]
    names = sorted(partner.name for partner in partners if isinstance(partner, Partner))
    vat_ids = sorted(number.vat_id for number in numbers if number.vat_id)
    ibans = {number.iban for number in numbers if number.iban}
    name, vat_id = (own.name, own.vat_id) if isinstance(own, Party) else ("", "")
    return (
        name or next(iter(names), ""),
        vat_id or next(iter(vat_ids), ""),
        tuple(sorted(ibans)),
    )


def _is_partner(fact: object, party: Subject) -> bool:
    if not isinstance(fact, Partner):
        return False
    return party.number == (fact.supplier if party.kind == "supplier" else fact.customer)


def _items(subject: Subject, head: OrderHead, facts: Facts) -> tuple[OrderItem, ...]:
    listed = None if head.items is None else frozenset(head.items)
    items = [fact for fact in facts.values() if isinstance(fact, Item)]
    found = [fact for fact in items if _is_listed(fact, listed, head)]
    receipts, postings = _receipts(subject, facts), _postings(subject, facts)
    schedule, costs = _schedule(facts), _costs(head, facts)
    whole = (
        msgspec.structs.replace(
            fact.item,
            deleted=fact.item.deleted or head.deleted,
            schedule=_scheduled(fact, schedule.get(_number(fact), ())),
            planned_costs=_planned(fact, costs.get(_number(fact), ())),
            receipts=_received(receipts.get(_number(fact), ()), fact.item),
            postings=tuple(postings.get(_number(fact), ())),
        )
        for fact in found
    )
    return tuple(sorted(whole, key=lambda item: _place(item.id.lstrip("0"))))


def _is_listed(fact: Item, listed: frozenset[str] | None, head: OrderHead) -> bool:
    """Whether the head still has the item: one that it does not list was deleted before it."""
    if listed is None or _number(fact) in listed:
        return True
    return fact.version.read_at > head.version.read_at


def _schedule(facts: Facts) -> dict[str, list[Scheduled]]:
    found: dict[str, list[Scheduled]] = {}
    for fact in facts.values():
        if isinstance(fact, Scheduled):
            found.setdefault(fact.order_item, []).append(fact)
    return found


def _scheduled(item: Item, lines: Iterable[Scheduled]) -> tuple[ScheduleLine, ...]:
    """By day; lines that the item does not list were deleted before it."""
    left = (line for line in lines if _stands(line, item.schedule, item))
    ordered = sorted(left, key=lambda one: (one.line.delivery_date, _place(one.number)))
    return tuple(one.line for one in ordered)


def _costs(head: OrderHead, facts: Facts) -> dict[str, list[Cost]]:
    """Delivery costs in the order's currency; none is converted."""
    found: dict[str, list[Cost]] = {}
    for fact in facts.values():
        if isinstance(fact, Cost) and fact.currency in ("", head.currency):
            found.setdefault(fact.order_item, []).append(fact)
    return found


def _planned(item: Item, costs: Iterable[Cost]) -> tuple[PlannedCost, ...]:
    """One amount for each type, planned for all that is ordered."""
    amounts: dict[str, Decimal] = {}
    for cost in costs:
        if _stands(cost, item.costs, item):
            amounts[cost.condition] = amounts.get(cost.condition, ZERO) + cost.amount
    return tuple(
        PlannedCost(condition=condition, amount=amounts[condition], quantity=item.item.quantity)
        for condition in sorted(amounts)
    )


def _stands(fact: Scheduled | Cost, listed: tuple[str, ...] | None, item: Item) -> bool:
    if listed is None or fact.key in listed:
        return True
    return fact.version.read_at > item.version.read_at


def _number(fact: Item) -> str:
    return fact.item.id.lstrip("0")


def _place(number: str) -> Place:
    return len(number), number


def _receipts(subject: Subject, facts: Facts) -> dict[str, list[Movement]]:
    """Movements by order item, each with day and delivery note of its head; a cancelled one counts
    nothing, and neither does its reversal (MA-P20)."""
    moved = [f for f in facts.values() if isinstance(f, Movement) and f.order == subject.number]
    cancelled = {movement.key for movement in moved if movement.cancelled} | _undone(moved)
    found: dict[str, list[Movement]] = {}
    for one in sorted(moved, key=lambda m: (m.year, m.document, _place(m.item))):
        if cancelled and (one.key in cancelled or one.reverses in cancelled):
            continue
        head = facts.get(f"movement_head/{document_number(one.document, one.year)}")
        if isinstance(head, MovementHead):
            one = msgspec.structs.replace(  # noqa: PLW2901
                one, posting_date=head.posting_date, delivery_note=head.delivery_note
            )
        found.setdefault(one.order_item, []).append(one)
    return found


def _undone(moved: Iterable[Movement]) -> set[str]:
    """Movements that another one takes back as a whole, whether SAP marked them or not."""
    back = {(m.reverses, _turned(m.quantities)) for m in moved if m.reverses}
    return {m.key for m in moved if (m.key, m.quantities) in back}


def _turned(quantities: tuple[tuple[str, Decimal], ...]) -> tuple[tuple[str, Decimal], ...]:
    return tuple((unit, -quantity) for unit, quantity in quantities)


def _received(movements: Iterable[Movement], item: OrderItem) -> tuple[GoodsReceipt, ...]:
    """Receipts in the order's unit; one in units that the order does not know is left out, and
    nothing counts where goods went back in such a unit, so that the invoice waits instead of
    passing."""
    found: list[GoodsReceipt] = []
    for movement in movements:
        quantity = _quantity(movement, item.unit)
        if quantity is None and any(measured < 0 for _, measured in movement.quantities):
            return ()
        if quantity:
            found.append(_receipt(movement, quantity, item))
    return tuple(found)


def _receipt(movement: Movement, quantity: Decimal, item: OrderItem) -> GoodsReceipt:
    return GoodsReceipt(
        material_document=movement.document,
        year=movement.year,
        item=movement.item,
        quantity=quantity,
        price_quantity=_quantity(movement, item.price_unit) if item.price_unit else None,
        posting_date=movement.posting_date,
        delivery_note=movement.delivery_note or None,
    )


def _quantity(movement: Movement, unit: str) -> Decimal | None:
    return next((quantity for name, quantity in movement.quantities if name == unit), None)


def _postings(subject: Subject, facts: Facts) -> dict[str, list[Posting]]:
    """Invoice items by order item; an invoice and its reversal count nothing, both with positive
    amounts (MA-P21), a credit memo counts negative (MA-P51)."""
    items = [f for f in facts.values() if isinstance(f, InvoiceItem) and f.order == subject.number]
    found: dict[str, list[Posting]] = {}
    for item in sorted(items, key=lambda i: (i.year, i.invoice, _place(i.item))):
        number = document_number(item.invoice, item.year)
        head = facts.get(f"invoice_head/{number}")
        if isinstance(head, Gone) or f"reversed/{number}" in facts:
            continue
        if isinstance(head, InvoiceHead) and not _counts(head, item):
            continue
        posted = head.posted if isinstance(head, InvoiceHead) else None
        found.setdefault(item.order_item, []).append(_posting(item, posted))
    return found


def _counts(head: InvoiceHead, item: InvoiceItem) -> bool:
    if head.posted is None or head.posted.reversed:
        return False
    if head.items is None or item.version.read_at > head.version.read_at:
        return True
    return f"{item.item.lstrip('0')}@{item.order}/{item.order_item}" in head.items


def _posting(item: InvoiceItem, head: PostedInvoice | None) -> Posting:
    sign = -1 if head is not None and head.credit_memo else 1
    return Posting(
        supplier_invoice=item.invoice,
        fiscal_year=item.year,
        item=item.item,
        reference=head.reference if head else "",
        quantity=sign * item.quantity,
        amount=sign * item.amount,
        material_document=item.material_document or None,
        material_document_year=item.material_document_year or None,
        material_document_item=item.material_document_item or None,
        subsequent=item.subsequent,
        condition=item.condition or None,
    )

"""Invoices that differ from what was ordered or received, within the limits and beyond them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec.structs import replace

from benchmarks.matching.kinds import EITHER, Kind, Scene, truth
from benchmarks.matching.paper import Row, Truth, rows
from benchmarks.matching.trade import number
from sapmatch.model.invoice import AllowanceCharge, Invoice
from sapmatch.model.match import State
from sapmatch.model.order import OrderItem

Found = Iterator[tuple[Invoice, Truth]]
_CENT = Decimal("0.01")
_WITHIN, _OUT = State.WITHIN_TOLERANCE, State.OUT_OF_TOLERANCE
_CLOSED = {
    "ITEM_DELETED": {"deleted": True},
    "FINALLY_INVOICED": {"finally_invoiced": True},
    "ERS": {"evaluated_receipt_settlement": True},
}


def dearer_within(scene: Scene) -> Found:
    """One price is higher by at most 2.5 percent and 25 euros."""
    yield from _dearer(scene, Decimal("0.025"), Decimal(25), _WITHIN)


def dearer_beyond(scene: Scene) -> Found:
    """One price is higher by 6 to 20 percent."""
    share = Decimal(scene.chance.randrange(6, 20)) / 100
    yield from _dearer(scene, share, Decimal(10**6), _OUT)


def cheaper(scene: Scene) -> Found:
    """One price is lower by 2 to 8 percent."""
    share = -Decimal(scene.chance.randrange(2, 8)) / 100
    yield from _dearer(scene, share, Decimal(10**6), _WITHIN)


def more_within(scene: Scene) -> Found:
    """One quantity is higher by one percent, worth at most 50 euros."""
    billed = rows(scene.purchasing.order(quantity=scene.chance.choice((100, 200, 300))))
    cheap = [n for n, row in enumerate(billed) if row.due <= 4000]
    if cheap:
        changed = _more(billed, scene.chance.choice(cheap), Decimal("1.01"))
        yield scene.billed(changed), truth(changed, _WITHIN, cause="DQ")


def more_beyond(scene: Scene) -> Found:
    """One quantity is higher than what was ordered by a tenth."""
    billed = rows(scene.purchasing.order(quantity=scene.chance.choice((100, 200, 300))))
    changed = _more(billed, scene.chance.randrange(len(billed)), Decimal("1.1"))
    yield scene.billed(changed), truth(changed, _OUT, cause="DQ")


def not_received(scene: Scene) -> Found:
    """Nothing has come yet."""
    billed = rows(scene.purchasing.order(received=False, receipt_expected=True))
    yield scene.billed(billed), truth(billed, State.WAITING_RECEIPT, cause="RECEIPT_MISSING")


def partly_received(scene: Scene) -> Found:
    """All is billed, one item has not come as a whole, or its receipt was reversed."""
    order = scene.purchasing.order(receipt_expected=True)
    short = scene.chance.randrange(len(order.items))
    quantity = order.items[short].quantity
    back = scene.chance.choice((quantity, number(max(1, int(quantity) // 2))))
    items = [
        replace(item, receipts=(*item.receipts, *_back(scene, order.items[n], back)))
        if n == short
        else item
        for n, item in enumerate(order.items)
    ]
    order = replace(order, items=tuple(items))
    scene.purchasing.orders[-1] = order
    billed = rows(order)
    yield scene.billed(billed), truth(billed, State.WAITING_RECEIPT, cause="RECEIPT_MISSING")


def freight_within(scene: Scene) -> Found:
    """Freight that no order knows, under the limit of AN."""
    yield from _freight(scene, scene.chance.randrange(500, 3000), _WITHIN)


def freight_beyond(scene: Scene) -> Found:
    """Freight over the limit of AN."""
    yield from _freight(scene, scene.chance.randrange(3500, 20_000), _OUT)


def discount(scene: Scene) -> Found:
    """Two percent less on the whole document."""
    billed = rows(scene.purchasing.order())
    whole = sum((row.due for row in billed), Decimal(0))
    less = AllowanceCharge(
        is_charge=False, amount=(whole / 50).quantize(_CENT), reason="Rabatt", tax_rate=Decimal(19)
    )
    yield scene.billed(billed, allowances_charges=(less,)), truth(billed, _WITHIN, cause="PP")


def closed(scene: Scene) -> Found:
    """SAP takes no invoice for one of the items, or for the order."""
    cause = scene.chance.choice((*_CLOSED, "NOT_RELEASED"))
    order = scene.purchasing.order()
    if cause == "NOT_RELEASED":
        order = replace(order, released=False)
    else:
        first, *others = order.items
        order = replace(order, items=(replace(first, **_CLOSED[cause]), *others))
    scene.purchasing.orders[-1] = order
    billed = rows(order)
    yield scene.billed(billed), truth(billed, State.NOT_INVOICEABLE, cause=cause)


def other_currency(scene: Scene) -> Found:
    """The order is in dollars, the invoice in euros, and no rate is known."""
    order = scene.purchasing.order()
    scene.purchasing.orders[-1] = replace(order, currency="USD")
    billed = rows(order)
    yield scene.billed(billed), truth(billed, State.AMBIGUOUS, cause="CURRENCY")


def credit_note(scene: Scene) -> Found:
    """A part of what was invoiced is given back."""
    order = scene.purchasing.order(lines=2)
    items = tuple(_invoiced(scene, item) for item in order.items)
    order = replace(order, items=items)
    scene.purchasing.orders[-1] = order
    back = items[0].quantity
    part = scene.chance.choice((back, number(max(1, int(back) // 4))))
    billed = [Row(order=order, items=items[:1], quantity=part)]
    yield scene.billed(billed, type="credit-note"), truth(billed)


def credit_without_reference(scene: Scene) -> Found:
    """It belongs to an invoice, not to an order."""
    order = scene.purchasing.order(lines=2)
    items = tuple(_invoiced(scene, item) for item in order.items)
    scene.purchasing.orders[-1] = replace(order, items=items)
    billed = [Row(order=order, items=items[:1], quantity=items[0].quantity)]
    bare = scene.billed(billed, type="credit-note", order_references=())
    yield bare, Truth(states=EITHER)


def return_line(scene: Scene) -> Found:
    """Goods, and one line that gives back what an earlier invoice billed; a person may look."""
    order = scene.purchasing.order(lines=3)
    first, *others = order.items
    order = replace(order, items=(_invoiced(scene, first), *others))
    scene.purchasing.orders[-1] = order
    billed = rows(order)
    part = number(-max(1, int(first.quantity) // 4))
    back = Row(order=order, items=order.items[:1], quantity=part)
    changed = [back, *billed[1:]]
    yield scene.billed(changed), truth(changed, State.MATCHED, State.AMBIGUOUS)


KINDS: dict[str, tuple[Kind, int]] = {
    "dearer, within": (dearer_within, 3),
    "dearer, beyond": (dearer_beyond, 3),
    "cheaper": (cheaper, 2),
    "too many, within": (more_within, 2),
    "too many, beyond": (more_beyond, 2),
    "not received": (not_received, 2),
    "partly received": (partly_received, 2),
    "freight, within": (freight_within, 1),
    "freight, beyond": (freight_beyond, 1),
    "header discount": (discount, 2),
    "closed item or order": (closed, 2),
    "other currency": (other_currency, 1),
    "credit note": (credit_note, 2),
    "credit note without reference": (credit_without_reference, 1),
    "return among the lines": (return_line, 1),
}


def _dearer(scene: Scene, share: Decimal, most: Decimal, state: State) -> Found:
    billed = rows(scene.purchasing.order())
    place = scene.chance.randrange(len(billed))
    row = billed[place]
    added = min(row.due * share, most).quantize(_CENT)
    if added and row.due > 10:  # of less, one cent is more than the limit's percent
        billed[place] = replace(row, amount=row.due + added)
        yield scene.billed(billed), truth(billed, state, cause="PP")


def _more(billed: Sequence[Row], place: int, times: Decimal) -> list[Row]:
    row = billed[place]
    changed = replace(row, quantity=number(int(row.quantity * times)))
    return [*billed[:place], changed, *billed[place + 1 :]]


def _back(scene: Scene, item: OrderItem, quantity: Decimal) -> tuple[object, ...]:
    day = item.receipts[0].posting_date
    assert day
    return scene.purchasing.receipts(day, [-quantity])


def _freight(scene: Scene, cents: int, state: State) -> Found:
    billed = rows(scene.purchasing.order())
    charge = AllowanceCharge(
        is_charge=True, amount=number(f"{cents / 100:.2f}"), reason="Fracht", tax_rate=Decimal(19)
    )
    yield scene.billed(billed, allowances_charges=(charge,)), truth(billed, state, cause="AN")


def _invoiced(scene: Scene, item: OrderItem) -> OrderItem:
    return replace(item, postings=(scene.purchasing.posting(item, item.quantity),))

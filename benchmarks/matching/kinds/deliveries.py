"""Invoices that are right: wholes and parts, over one order or several."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from benchmarks.matching.kinds import Kind, Scene, truth
from benchmarks.matching.paper import Row, Truth, billing_day, line, rows
from benchmarks.matching.trade import Article, Supplier, number
from sapmatch.model.invoice import Invoice, InvoiceLine
from sapmatch.model.match import State
from sapmatch.model.order import Order, OrderItem

Found = Iterator[tuple[Invoice, Truth]]


def whole(scene: Scene) -> Found:
    """The whole order; every third invoice names the items too."""
    billed = rows(scene.purchasing.order())
    named = scene.chance.random() < 0.3
    lines = [_naming(n, row, named) for n, row in enumerate(billed, start=1)]
    yield scene.billed(billed, lines=lines), truth(billed)


def some_items(scene: Scene) -> Found:
    """Some items of an order, each as a whole."""
    order = scene.purchasing.order(lines=6)
    billed = sorted(scene.chance.sample(rows(order), 3), key=lambda row: int(row.items[0].id))
    yield scene.billed(billed), truth(billed)


def next_part(scene: Scene) -> Found:
    """The second delivery of an order whose first one SAP has posted."""
    order, parts = _in_parts(scene)
    order = _kept(scene, order, [_first_invoiced(scene, i, p) for i, p in _both(order, parts)])
    billed = _billed(order, [second for _, second in parts])
    yield scene.billed(billed), truth(billed)


def both_parts(scene: Scene) -> Found:
    """Two invoices, one for each delivery, one soon after the other."""
    order, parts = _in_parts(scene)
    for n in (0, 1):
        billed = _billed(order, [part[n] for part in parts])
        yield scene.billed(billed), truth(billed)


def several_receipts(scene: Scene) -> Found:
    """One invoice for what came in two deliveries."""
    order, parts = _in_parts(scene)
    billed = _billed(order, [first + second for first, second in parts])
    yield scene.billed(billed), truth(billed)


def after_return(scene: Scene) -> Found:
    """Some goods went back before the invoice came: it bills the rest."""
    order = scene.purchasing.order(lines=2, receipt_expected=True, quantity=100)
    day = billing_day(order, 12)
    back = number(scene.chance.randrange(5, 40))
    items = [
        replace(item, receipts=(*item.receipts, *scene.purchasing.receipts(day, [-back])))
        for item in order.items
    ]
    order = _kept(scene, order, items)
    billed = _billed(order, [item.quantity - back for item in items])
    yield scene.billed(billed), truth(billed)


def several_orders(scene: Scene) -> Found:
    """One invoice for two to four orders of one supplier; the lines may name theirs."""
    supplier = scene.purchasing.supplier()
    articles = iter(scene.chance.sample(supplier.articles, 12))
    billed = [
        row
        for _ in range(scene.chance.randrange(2, 5))
        for row in rows(_ordered(scene, supplier, [next(articles) for _ in range(3)]))
    ]
    named = scene.chance.random() < 0.5
    lines = [
        line(n, row, **({"order_reference": row.order.id} if named else {}))
        for n, row in enumerate(billed, start=1)
    ]
    yield scene.billed(billed, lines=lines), truth(billed)


def merged(scene: Scene) -> Found:
    """Two items of one article are one line."""
    supplier = scene.purchasing.supplier()
    one, other = scene.chance.sample(supplier.articles, 2)
    items = [scene.purchasing.item(n, a) for n, a in enumerate((one, one, other), start=1)]
    items[1] = replace(items[1], receipt_expected=items[0].receipt_expected)
    order = scene.purchasing.placed(supplier, items)
    first, second, third = order.items
    together = Row(order=order, items=(first, second), quantity=first.quantity + second.quantity)
    billed = [together, Row(order=order, items=(third,), quantity=third.quantity)]
    yield scene.billed(billed), truth(billed)


def split(scene: Scene) -> Found:
    """One item is two lines."""
    order = scene.purchasing.order(lines=3, quantity=scene.chance.randrange(20, 300))
    first = order.items[0]
    part = number(int(first.quantity) * 3 // 10)
    halves = [
        Row(order=order, items=(first,), quantity=quantity)
        for quantity in (part, first.quantity - part)
    ]
    billed = [*halves, *rows(order)[1:]]
    yield scene.billed(billed), truth(billed)


def header_only(scene: Scene) -> Found:
    """No lines at all: the net amount is what is open."""
    order = scene.purchasing.order()
    billed = rows(order)
    net = sum((row.due for row in billed), Decimal(0))
    bare = scene.billed(billed, lines=[InvoiceLine(id="1", net=net, tax_rate=Decimal(19))])
    right = truth(billed)
    everything = tuple(place for row in right.items.values() for place in row)
    yield replace(bare, lines=()), replace(right, items={"*": tuple(sorted(everything))})


def invoicing_party(scene: Scene) -> Found:
    """Another party than the supplier sends the invoice, and the order knows it."""
    order, other = scene.purchasing.order(), scene.purchasing.supplier()
    order = replace(
        order,
        invoicing_party=other.number,
        invoicing_party_name=other.name,
        invoicing_party_vat_id=other.vat_id if other.vat_known else None,
    )
    if order.partner != other.number:
        scene.purchasing.orders[-1] = order
        billed = rows(order)
        yield scene.billed(billed, by=other), truth(billed)


def next_year(scene: Scene) -> Found:
    """A supplier who begins his numbers anew: no duplicate."""
    supplier = scene.purchasing.supplier()
    first, second = (rows(scene.purchasing.order(supplier)) for _ in range(2))
    one, other = scene.billed(first), scene.billed(second)
    assert one.issue_date
    later = one.issue_date.replace(year=one.issue_date.year + 1)
    yield one, truth(first)
    yield replace(other, number=one.number, issue_date=later), truth(second)


def limit(scene: Scene) -> Found:
    """A limit order has no quantities, only an amount that must not be passed."""
    supplier = scene.purchasing.supplier()
    ceiling = scene.chance.randrange(500, 5000)
    amount = scene.chance.randrange(100, 2 * ceiling)
    item = replace(
        scene.purchasing.item(1, supplier.articles[0], quantity=1, receipt_expected=False),
        text="Instandhaltung und Reparatur",
        material=None,
        partner_material=None,
        net_price=number(0),
        overall_limit=number(ceiling),
    )
    billed = [
        Row(order=scene.purchasing.placed(supplier, [item]), items=(item,), quantity=number(1))
    ]
    named = line(1, replace(billed[0], amount=number(amount)), quantity=None, unit=None)
    over = State.OUT_OF_TOLERANCE if amount > ceiling else State.MATCHED
    cause = "LA" if amount > ceiling else None
    yield scene.billed(billed, lines=[named]), truth(billed, over, cause=cause)


def other_measure(scene: Scene) -> Found:
    """By weight what was ordered in boxes, by the piece what is priced per hundred."""
    order = scene.purchasing.order(lines=8)
    billed = rows(order)
    lines = [line(n, row, **_measured(row)) for n, row in enumerate(billed, start=1)]
    yield scene.billed(billed, lines=lines), truth(billed)


KINDS: dict[str, tuple[Kind, int]] = {
    "whole order": (whole, 12),
    "some items": (some_items, 4),
    "next part of an order": (next_part, 6),
    "both parts, one after the other": (both_parts, 2),
    "several receipts": (several_receipts, 3),
    "after a return": (after_return, 2),
    "several orders": (several_orders, 5),
    "merged lines": (merged, 3),
    "split lines": (split, 3),
    "no lines": (header_only, 3),
    "invoicing party": (invoicing_party, 1),
    "same number next year": (next_year, 1),
    "limit order": (limit, 1),
    "other units": (other_measure, 2),
}


def _naming(n: int, row: Row, named: bool) -> InvoiceLine:
    return line(n, row, **({"order_item": row.items[0].id} if named else {}))


def _measured(row: Row) -> dict[str, Any]:
    item = row.items[0]
    if item.price_unit:
        weight = row.quantity * item.price_unit_numerator / item.price_unit_denominator
        return {"quantity": weight, "unit": "KGM", "unit_price": item.net_price}
    if item.price_quantity > 1:
        return {"unit_price": item.net_price / item.price_quantity, "price_base_quantity": None}
    return {}


def _ordered(scene: Scene, supplier: Supplier, articles: Sequence[Article]) -> Order:
    items = [scene.purchasing.item(n, article) for n, article in enumerate(articles, start=1)]
    return scene.purchasing.placed(supplier, items)


def _in_parts(scene: Scene) -> tuple[Order, list[tuple[Decimal, Decimal]]]:
    """An order whose items each came in two parts."""
    order = scene.purchasing.order(
        lines=scene.chance.randrange(1, 5), received=False, receipt_expected=True
    )
    parts = [_parted(scene, item.quantity) for item in order.items]
    day = billing_day(order, 0)
    items = [
        replace(item, receipts=scene.purchasing.receipts(day, part))
        for item, part in _both(order, parts)
    ]
    return _kept(scene, order, items), parts


def _parted(scene: Scene, quantity: Decimal) -> tuple[Decimal, Decimal]:
    first = number(max(1, int(quantity) * scene.chance.randrange(20, 80) // 100))
    return first, quantity - first


def _both(
    order: Order, parts: Sequence[tuple[Decimal, Decimal]]
) -> list[tuple[OrderItem, tuple[Decimal, Decimal]]]:
    return list(zip(order.items, parts, strict=True))


def _first_invoiced(scene: Scene, item: OrderItem, part: tuple[Decimal, Decimal]) -> OrderItem:
    tied = 0 if item.receipt_based else None
    return replace(item, postings=(scene.purchasing.posting(item, part[0], tied),))


def _billed(order: Order, quantities: Sequence[Decimal]) -> list[Row]:
    return [
        Row(order=order, items=(item,), quantity=quantity)
        for item, quantity in zip(order.items, quantities, strict=True)
    ]


def _kept(scene: Scene, order: Order, items: Sequence[OrderItem]) -> Order:
    """The order that was drawn last, with these items."""
    changed = replace(order, items=tuple(items))
    assert scene.purchasing.orders[-1].id == order.id
    scene.purchasing.orders[-1] = changed
    return changed

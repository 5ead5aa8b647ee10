"""Invoices that belong to no order for sure: other suppliers, twins, duplicates."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from benchmarks.matching.kinds import EITHER, Kind, Scene, truth
from benchmarks.matching.paper import Truth, rows
from benchmarks.matching.trade import stranger
from sapmatch.model.invoice import Invoice, Party
from sapmatch.model.match import State
from sapmatch.model.order import PostedInvoice

Found = Iterator[tuple[Invoice, Truth]]


def wrong_supplier(scene: Scene) -> Found:
    """The number is that of an order with somebody else."""
    billed = rows(scene.purchasing.order())
    other = scene.purchasing.supplier()
    if other.name != billed[0].order.partner_name:
        yield scene.billed(billed, by=other), Truth(states=EITHER)


def unknown_supplier(scene: Scene) -> Found:
    """Nobody ordered anything there."""
    billed = rows(scene.purchasing.order())
    nobody = stranger(scene.chance, scene.chance.randrange(90_000))
    yield scene.billed(billed, by=nobody, order_references=()), Truth(states=EITHER)


def nothing_ordered(scene: Scene) -> Found:
    """A supplier we know bills what we did not order: other goods, or far more than we ever do."""
    other = stranger(scene.chance, scene.chance.randrange(90_000))
    ours = scene.purchasing.supplier()
    if scene.chance.random() < 0.5:
        order = scene.purchasing.order(other)
    else:
        order = scene.purchasing.order(ours, quantity=scene.chance.randrange(401, 900))
    scene.purchasing.orders.pop()
    yield scene.billed(rows(order), by=ours, order_references=()), Truth(states=EITHER)


def twins(scene: Scene) -> Found:
    """Two orders alike in everything but their number, which the invoice does not name."""
    order = scene.purchasing.order()
    supplier = scene.seller(order)
    items = [replace(item, receipts=()) for item in order.items]
    scene.purchasing.placed(supplier, items, order_date=order.order_date)
    bare = scene.billed(rows(order), order_references=())
    either = truth(rows(order), State.AMBIGUOUS, cause="SEVERAL_ORDERS")
    yield bare, replace(either, items={}, linkable=False)


def twice(scene: Scene) -> Found:
    """The same invoice again, scanned anew."""
    first, right = _right(scene)
    yield first, right
    yield first, _again(right, State.DUPLICATE)


def nearly_twice(scene: Scene) -> Found:
    """The same invoice with its number written in another way, some days later."""
    first, right = _right(scene)
    yield first, right
    assert first.number
    assert first.issue_date
    ways = (first.number + "A", first.number.replace("-", "").replace("/", " "), "0" + first.number)
    number = next(way for way in scene.chance.sample(ways, 3) if way != first.number)
    day = first.issue_date + timedelta(days=scene.chance.randrange(6))
    again = replace(first, number=number, issue_date=day)
    yield again, _again(right, State.SUSPECTED_DUPLICATE)


def twice_by_another(scene: Scene) -> Found:
    """The same invoice under another supplier's name with the same bank account."""
    first, right = _right(scene)
    yield first, right
    other = scene.purchasing.supplier().party
    if other.vat_id != first.seller.vat_id:
        again = _again(right, State.SUSPECTED_DUPLICATE)
        yield replace(first, seller=other), replace(again, linkable=False)


def posted_before(scene: Scene) -> Found:
    """SAP holds the invoice already; its order may have been drawn up again."""
    first, right = _right(scene)
    order = scene.purchasing.orders[-1]
    _post(scene, first, order.partner)
    yield first, _again(right, State.DUPLICATE)


def reversed_before(scene: Scene) -> Found:
    """SAP held the invoice and reversed it: it may come again."""
    first, right = _right(scene)
    _post(scene, first, scene.purchasing.orders[-1].partner, reversed=True)
    yield first, right


def misaddressed(scene: Scene) -> Found:
    """The invoice is for another company."""
    billed = rows(scene.purchasing.order())
    other = Party(name="Andere Werke AG", vat_id="DE999888777")
    yield scene.billed(billed, buyer=other), Truth(states=EITHER)


KINDS: dict[str, tuple[Kind, int]] = {
    "wrong supplier, right number": (wrong_supplier, 2),
    "unknown supplier": (unknown_supplier, 2),
    "nothing ordered": (nothing_ordered, 2),
    "twin orders, no reference": (twins, 2),
    "twice": (twice, 1),
    "nearly twice": (nearly_twice, 1),
    "twice by another supplier": (twice_by_another, 1),
    "posted before": (posted_before, 1),
    "reversed before": (reversed_before, 1),
    "for another company": (misaddressed, 1),
}


def _right(scene: Scene) -> tuple[Invoice, Truth]:
    billed = rows(scene.purchasing.order())
    return scene.billed(billed), truth(billed)


def _again(right: Truth, state: State) -> Truth:
    return Truth(states=(state,), cause="DUPLICATE", orders=right.orders)


def _post(scene: Scene, one: Invoice, partner: str, **more: Any) -> None:
    assert one.number
    assert one.issue_date
    assert one.total is not None
    assert one.currency
    scene.purchasing.posted.append(
        PostedInvoice(
            supplier_invoice=f"52{len(scene.purchasing.posted):08}",
            fiscal_year=str(one.issue_date.year),
            company_code="1010",
            invoicing_party=partner,
            reference=one.number[:16],
            document_date=one.issue_date,
            currency=one.currency,
            gross=one.total,
            **more,
        )
    )

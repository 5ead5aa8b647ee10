"""Placed lines as shares of order items, one per receipt where SAP invoices by receipt."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sapmatch.matching.amounts import share_out
from sapmatch.matching.case import Case
from sapmatch.matching.ledger import open_receipts
from sapmatch.matching.lines import Portion
from sapmatch.matching.normalise import plain
from sapmatch.matching.units import sap_quantity
from sapmatch.model.match import ItemShare
from sapmatch.model.order import ZERO, GoodsReceipt

Pool = dict[tuple[str, str], list[tuple[GoodsReceipt, Decimal]]]


def shares(case: Case, portions: Sequence[Portion], pool: Pool) -> tuple[ItemShare, ...]:
    """Shares of one line; `pool` remembers what earlier lines took from each receipt (MA-P15)."""
    return tuple(share for portion in portions for share in _shares(case, portion, pool))


def _shares(case: Case, portion: Portion, pool: Pool) -> Iterator[ItemShare]:
    place = portion.position
    if (
        case.credit
        or portion.quantity <= 0
        or not (place.receipt_counts and place.item.receipt_based)
    ):
        yield _share(portion, portion.quantity, portion.amount, None)
        return
    if place.key not in pool:
        pool[place.key] = open_receipts(place)
    taken = _take(pool[place.key], portion)
    values = [place.value(quantity) for _, quantity in taken]
    amounts = share_out(portion.amount, values, case.currency)
    for (receipt, quantity), amount in zip(taken, amounts, strict=True):
        yield _share(portion, quantity, amount, receipt)


def _take(
    receipts: list[tuple[GoodsReceipt, Decimal]], portion: Portion
) -> list[tuple[GoodsReceipt | None, Decimal]]:
    """From one receipt after the other; what none of them holds is added to the last."""
    taken: list[tuple[GoodsReceipt | None, Decimal]] = []
    left = portion.quantity
    for n in sorted(range(len(receipts)), key=lambda n: (_rank(receipts[n][0], portion), n)):
        receipt, room = receipts[n]
        part = min(room, left)
        if part > 0:
            taken.append((receipt, part))
            receipts[n] = (receipt, room - part)
            left -= part
    if left > 0:
        last, held = taken.pop() if taken else (None, ZERO)
        taken.append((last, held + left))
    return taken


def _rank(receipt: GoodsReceipt, portion: Portion) -> int:
    """The receipt that is meant, then the named delivery, then the others as they came."""
    if receipt == portion.receipt:
        return 0
    note = plain(portion.delivery_note or "")
    return 1 if note and plain(receipt.delivery_note or "") == note else 2


def _share(
    portion: Portion, quantity: Decimal, amount: Decimal, receipt: GoodsReceipt | None
) -> ItemShare:
    order, item = portion.position.key
    return ItemShare(
        order=order,
        item=item,
        quantity=sap_quantity(quantity),
        amount=amount,
        material_document=receipt.material_document if receipt else None,
        material_document_year=receipt.year if receipt else None,
        material_document_item=receipt.item if receipt else None,
    )

"""Several orders that nothing names: each line is all that is open of one of their items."""

from collections.abc import Sequence

from sapmatch.matching.case import Case
from sapmatch.matching.ledger import positions
from sapmatch.matching.normalise import natural
from sapmatch.matching.offers import Offer, read_offer
from sapmatch.matching.pairs import quantity_of
from sapmatch.matching.rates import exchange_of
from sapmatch.matching.rows import Row
from sapmatch.model.order import IndexedOrder

_MOST = 10  # orders that are tried together though the invoice names none of them


def covering(case: Case, orders: Sequence[IndexedOrder]) -> tuple[IndexedOrder, ...]:
    """The orders that explain all lines together, by article, price and open quantity.

    None where a line fits no item so well, or items of more than one order, or where one order has
    them all. `orders` are all those of the sender that have an article of the invoice.
    """
    rows = [row for row in case.rows if row.amount]
    if case.credit or len(rows) < 2 or not all(_may_be_anywhere(row) for row in rows):
        return ()
    places = positions(orders, case.document_id, exchange_of(case))
    offers = [read_offer(place) for place in places if place.currency == case.currency]
    homes = [{o.position.order.id for o in offers if _is(row, o)} for row in rows]
    chosen = set().union(*homes)
    if any(len(home) != 1 for home in homes) or not 1 < len(chosen) <= _MOST:
        return ()
    found = (one for one in orders if one.order.id in chosen)
    return tuple(sorted(found, key=lambda one: natural(one.order.id)))


def _may_be_anywhere(row: Row) -> bool:
    return bool(row.articles.numbers) and not (row.back or row.orders or row.elsewhere)


def _is(row: Row, offer: Offer) -> bool:
    if row.articles.numbers.isdisjoint(offer.articles.numbers) or offer.open <= 0:
        return False
    if offer.closed or offer.limit or offer.returns:
        return False
    return quantity_of(row, offer) == offer.open and offer.value(offer.open) == row.amount

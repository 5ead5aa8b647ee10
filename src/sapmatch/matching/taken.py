"""What a decision takes of the orders, in sentences for the person who decides."""

from collections.abc import Iterator, Mapping
from itertools import islice

from sapmatch.matching.words import shown
from sapmatch.model.match import Decision
from sapmatch.model.money import Money
from sapmatch.model.order import Order

_SHOWN = 5  # orders and items


def taken(decision: Decision, orders: Mapping[str, Order], currency: str) -> Iterator[str]:
    """Whose orders they are, what is open of their items before and after, and what differs.

    `currency` is the invoice's.
    """
    yield from (f"{whose(order)}." for order in islice(orders.values(), _SHOWN))
    for line in decision.ledger[:_SHOWN]:
        yield (
            f"Item {line.order}/{line.item}: {line.open:f} {line.unit} open before, "
            f"{line.open - line.taken:f} {line.unit} after."
        )
    if len(decision.ledger) > _SHOWN:
        yield f"And {len(decision.ledger) - _SHOWN} more items."
    differs = decision.difference
    yield f"Beyond the tolerances: {Money(differs, currency) if differs else 'nothing'}."


def whose(order: Order) -> str:
    """Number of an order, and number and name of its supplier or customer."""
    kind = "supplier" if order.side == "purchase_order" else "customer"
    name = f" {shown(order.partner_name)}" if order.partner_name else ""
    return f"Order {order.id} is of {kind} {order.partner}{name}"

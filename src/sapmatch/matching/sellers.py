"""Whether we buy from somebody at all."""

from collections.abc import Iterable

from sapmatch.matching.keys import partner_keys
from sapmatch.model.invoice import Party
from sapmatch.model.ports import Orders, OrderScope


def is_known(seller: Party, orders: Orders, scopes: Iterable[OrderScope]) -> bool:
    """Whether an order in one of the scopes names this seller: by its VAT id, else by its name."""
    named = Party(vat_id=seller.vat_id) if seller.vat_id else Party(name=seller.name)
    keys = tuple(partner_keys(named))
    return any(orders.find(scope, key, 1) for scope in scopes for key in keys)

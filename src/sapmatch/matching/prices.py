"""Another price than agreed: tolerance keys PP, PS, PC and VP."""

from collections.abc import Iterator
from decimal import Decimal

from sapmatch.matching.items import InvoiceItem, invoiced_value
from sapmatch.matching.rates import convert, exchange_of
from sapmatch.matching.tolerances import Variance, named
from sapmatch.matching.units import EXACT
from sapmatch.model.money import rounded
from sapmatch.model.order import ZERO


def price_variances(item: InvoiceItem) -> Iterator[Variance]:
    """Every price that the item has, against the amount."""
    if item.place.item.overall_limit is not None:
        return
    higher = _higher(item)
    if higher:
        yield item.measure(_key(item), higher, percent_of=(higher, item.expected))
    yield from _contract(item)
    if higher and not item.gives_back:
        yield from _average(item, higher)


def _key(item: InvoiceItem) -> str:
    """PS takes the place of PP where the order's price is an estimate, and limits for it exist."""
    estimated = item.place.item.price_estimated and named(item.case.company, "PS", item.place)
    return "PS" if estimated else "PP"


def _higher(item: InvoiceItem) -> Decimal:
    """Amount - q x p: by how much we pay more than the order says."""
    if item.subsequent:
        return _after(item) - item.expected
    if not item.case.credit:
        return item.amount - item.expected
    # Of a credit, the higher amount is the better one for us; what was paid comes back as it was.
    return ZERO if item.amount == _paid(item) else item.expected - item.amount


def _after(item: InvoiceItem) -> Decimal:
    """Value of all that was invoiced once the subsequent debit or credit is posted."""
    change = -item.amount if item.case.credit else item.amount
    return invoiced_value(item.place) + change


def _paid(item: InvoiceItem) -> Decimal:
    """What the quantity was invoiced at."""
    place = item.place
    if place.invoiced <= 0:
        return item.expected
    share = EXACT.divide(EXACT.multiply(invoiced_value(place), item.quantity), place.invoiced)
    return rounded(share, item.case.currency)


def _contract(item: InvoiceItem) -> Iterator[Variance]:
    """PC: amount - q x contract price."""
    price = item.place.item.contract_price
    if price is None or item.gives_back or not item.checks("PC"):
        return
    expected = item.place.at(price, item.quantity)
    value = item.amount - expected
    if value:
        yield item.measure("PC", value, percent_of=(value, expected))


def _average(item: InvoiceItem, higher: Decimal) -> Iterator[Variance]:
    """VP: the difference changes the average price of the stock as far as the stock still holds
    the goods. SAP warns, so nothing fails, and only what is beyond the limits is shown."""
    average, stock = item.place.item.moving_average_price, item.place.item.stock
    if not average or stock is None or stock <= 0 or not item.checks("VP"):
        return
    change = _at_home(item, higher)
    if change is None:
        return
    value = EXACT.multiply(max(stock, item.quantity), average)
    found = item.measure("VP", higher, percent_of=(change, value))
    if any(check.verdict == "warning" for check in found.checks):
        yield found


def _at_home(item: InvoiceItem, amount: Decimal) -> Decimal | None:
    """An amount in the company code's currency, in which stock is valued."""
    currency, home = item.case.currency, item.case.company.currency
    if currency == home:
        return amount
    rate = exchange_of(item.case).rate(home)
    return convert(amount, currency, rate) if rate else None

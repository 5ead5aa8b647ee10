"""A company with its orders, and the invoices that reach it: the same seed, the same world."""

from msgspec import Struct

from benchmarks.matching.kinds import Scene, deliveries, samples, scans, strangers, variances
from benchmarks.matching.paper import Sample
from benchmarks.matching.purchasing import Purchasing
from sapmatch.model.order import Order, PostedInvoice

KINDS = {**deliveries.KINDS, **variances.KINDS, **scans.KINDS, **strangers.KINDS}


class World(Struct, frozen=True, kw_only=True):
    """Orders, SAP's earlier invoices, and samples in the order in which they arrive."""

    orders: tuple[Order, ...]
    posted: tuple[PostedInvoice, ...]
    samples: tuple[Sample, ...]


def world(items: int, invoices: int, seed: int = 1) -> World:
    """About `invoices` samples among at least `items` order items."""
    purchasing = Purchasing(seed, items)
    found = samples(Scene(purchasing), KINDS, invoices)
    purchasing.fill(items)
    return World(
        orders=tuple(purchasing.orders),
        posted=tuple(purchasing.posted),
        samples=tuple(found),
    )

"""Our engine on a world: one invoice after the other, each one's reservation seen by the next."""

import gc
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.matching.paper import POLICY, Sample
from benchmarks.matching.purchasing import CLIENT, COMPANY_CODE, CONNECTION
from benchmarks.matching.world import World
from sapmatch.matching import match
from sapmatch.matching.index import InMemoryInvoices, InMemoryOrders
from sapmatch.matching.keys import duplicate_keys, order_keys, posted_keys
from sapmatch.matching.record import REMEMBERED, earlier_invoice, reservations
from sapmatch.model.match import POSTABLE, Decision
from sapmatch.model.ports import OrderScope

SCOPE = OrderScope(CONNECTION, CLIENT, COMPANY_CODE)


class Decided(NamedTuple):
    """A sample and what the engine says."""

    sample: Sample
    decision: Decision


class Engine:
    """The engine with its indexes in memory, as `sapmatch match` has them."""

    def __init__(self, made: World) -> None:
        self._orders, self._earlier = InMemoryOrders(), InMemoryInvoices()
        # By number, as they come from files: the lists under the keys need not be sorted later.
        for order in sorted(made.orders, key=lambda order: (order.side, order.id)):
            self._orders.put(order, order_keys(order))
        for head in made.posted:
            self._orders.put_posted(SCOPE, head, posted_keys(head))
        gc.freeze()  # as `sapmatch match` does

    def run(self, made: World) -> Iterator[Decided]:
        """All samples in their order."""
        for sample in made.samples:
            decision = self.decide(sample)
            self._keep(sample, decision)
            yield Decided(sample, decision)

    def decide(self, sample: Sample) -> Decision:
        """The decision; nothing is kept of it."""
        return match(
            sample.invoice,
            document_id=sample.id,
            orders=self._orders,
            earlier=self._earlier.find,
            policy=POLICY,
            connection=CONNECTION,
            client=CLIENT,
        )

    def _keep(self, sample: Sample, decision: Decision) -> None:
        if decision.state not in REMEMBERED:
            return
        seen = earlier_invoice(sample.id, sample.invoice, None)
        self._earlier.add(SCOPE, duplicate_keys(seen.number, seen.total, seen.currency), seen)
        if decision.state in POSTABLE:
            taken = reservations(sample.id, sample.invoice, decision)
            self._orders.reserve(SCOPE, decision.order_versions, taken)

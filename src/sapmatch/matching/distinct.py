"""Writes that SAP could not tell from those of another document (MA-P49)."""

from collections.abc import Sequence

from sapmatch.matching.stored import Planner
from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Intent
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import Decision
from sapmatch.model.order import Order
from sapmatch.model.ports import Intents


def only_distinct(plan: Planner, intents: Intents) -> Planner:
    """The same plan; InputRejected where a write has the identity of another document's."""

    def planned(
        document_id: str, invoice: Invoice, decision: Decision, orders: dict[str, Order]
    ) -> Sequence[tuple[Intent, bytes]]:
        found = plan(document_id, invoice, decision, orders)
        for intent, _ in found:
            _require_free(intent, intents)
        return found

    return planned


def _require_free(intent: Intent, intents: Intents) -> None:
    try:
        there = intents.get(intent.id)
    except InputRejected:  # as it should be: nobody planned it yet
        return
    if there.document_id != intent.document_id:
        raise InputRejected(
            f"SAP cannot tell the number of this invoice from that of document {there.document_id}:"
            " it keeps 16 characters; compare both, and reject this one or enter it in SAP"
        )

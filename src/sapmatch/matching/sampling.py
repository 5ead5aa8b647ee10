"""Good invoices that a person checks all the same, as SAP's stochastic block does by chance."""

import hashlib

from sapmatch.matching.case import Case
from sapmatch.matching.rates import exchange_of, limit_in
from sapmatch.matching.units import EXACT

_DRAWS = 10**9


def is_sampled(case: Case) -> bool:
    """By the hash of the document's id, so that every run says the same.

    The share is the percentage of the settings, and in proportion less for an amount below the
    threshold. Without an exchange rate the threshold is taken for zero.
    """
    rule = case.company.sampling
    if not rule.percent:
        return False
    digest = hashlib.sha256(f"sample {case.document_id}".encode()).digest()
    draw = int.from_bytes(digest[:8], "big") % _DRAWS
    threshold = rule.threshold
    if case.currency != case.company.currency:
        threshold = limit_in(threshold, case.company.currency, exchange_of(case))
    amount = min(abs(case.total), threshold)
    share = EXACT.multiply(rule.percent, amount if threshold else 1)
    return EXACT.multiply(draw * 100, threshold or 1) < EXACT.multiply(share, _DRAWS)

"""What a person's decision would come to, before anybody relies on it."""

from collections.abc import Sequence
from decimal import Decimal

from sapmatch.matching.case import company_code_of
from sapmatch.matching.direction import directed
from sapmatch.matching.distinct import only_distinct
from sapmatch.matching.rates import Exchange, convert
from sapmatch.matching.stored import Desk, Planner
from sapmatch.matching.taken import taken, whose
from sapmatch.matching.validity import first_flaw
from sapmatch.matching.verdict import anew, decided_by_hand
from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import InputRejected
from sapmatch.model.invoice import Invoice, ReadResult
from sapmatch.model.match import Decision
from sapmatch.model.order import Order
from sapmatch.model.policy import MatchingPolicy
from sapmatch.model.ports import Intents
from sapmatch.model.review import Verdict
from sapmatch.model.stored import decision_key, decision_of, invoice_key, result_of


def rehearse_stored(
    record: DocumentRecord, verdict: Verdict, desk: Desk, plan: Planner, intents: Intents
) -> tuple[str, ...]:
    """Match and plan the writes as the workflow will do it, and keep nothing.

    Returns what would be taken in sentences: whose order, what is open of it before and after, and
    what differs. Raises InputRejected where it could not be posted, or not told from another one
    (MA-P49). Where the reading ended in a question, the values that were read must be complete and
    agree; what they match is decided afterwards, and nothing is told of it.
    """
    result = _result(record, desk)
    invoice = _invoice(record, result)
    if not record.decision:
        if flaw := first_flaw(invoice, lambda _: True):
            raise InputRejected(
                f"the values that were read cannot be accepted: {flaw.sentence} Reject the "
                "document, and ask for a better one or enter it in SAP"
            )
        return ()
    former = decision_of(desk.objects.read(decision_key(record.id, record.decision)))
    again = anew(
        invoice,
        document_id=record.id,
        orders=desk.orders,
        policy=desk.policy,
        connection=desk.connection,
        client=desk.client,
        problems=result.problems,
    )
    try:
        decision = decided_by_hand(verdict, former, anew=again)
    except InputRejected as exc:
        known = _orders([verdict.order] if verdict.order else [], former, desk)
        raise InputRejected(". ".join([str(exc), *map(whose, known.values())])) from exc
    orders = _orders(decision.orders, decision, desk)
    only_distinct(plan, intents)(record.id, directed(invoice), decision, orders)
    return tuple(taken(decision, orders, invoice.currency or ""))


def worth_stored(record: DocumentRecord, desk: Desk) -> Decimal:
    """Total of the invoice in the company code's currency, by the rate of the invoice date.

    Raises InputRejected where total, company code or rate are not known.
    """
    invoice = _invoice(record, _result(record, desk))
    code = record.company_code or company_code_of(invoice, desk.policy)
    if code not in desk.policy.company_codes:
        raise InputRejected(
            f"document {record.id}: belongs to no company code, so no limit can be checked; add "
            "the buyer's VAT id to matching.company_codes, or reject the document"
        )
    return _converted(invoice, desk.policy, desk.policy.company_codes[code].currency)


def _orders(names: Sequence[str], decision: Decision, desk: Desk) -> dict[str, Order]:
    scope = desk.scope(decision.company_code)
    found = {name: desk.orders.get(scope, name) for name in names}
    return {name: one.order for name, one in found.items() if one}


def _converted(invoice: Invoice, policy: MatchingPolicy, home: str) -> Decimal:
    total, currency = invoice.total, invoice.currency
    if total is None or currency is None:
        raise InputRejected("the invoice has no total or currency, so no limit can be checked")
    if currency == home:
        return abs(total)
    rates = policy.exchange_rates
    exchange = Exchange(currency=home, day=invoice.issue_date, home=home, rates=rates)
    rate = exchange.rate(currency)
    if rate is None:
        raise InputRejected(
            f"the invoice is in {currency}, and there is no rate into {home} for its date, so no "
            "limit can be checked; an administrator adds it to [matching.exchange_rates]"
        )
    return abs(convert(total, currency, rate))


def _result(record: DocumentRecord, desk: Desk) -> ReadResult:
    return result_of(desk.objects.read(invoice_key(record.id)))


def _invoice(record: DocumentRecord, result: ReadResult) -> Invoice:
    if result.invoice is None:
        raise InputRejected(f"document {record.id}: holds no invoice; reject it")
    return result.invoice

"""One invoice on the desk: whose it is, who sent it, and by which rules it is judged."""

from decimal import Decimal

from msgspec import Struct

from sapmatch.matching.amounts import BilledLine, billed_lines, line_sum, net_of
from sapmatch.matching.normalise import company_name, likeness, vat_id
from sapmatch.matching.references import References, references_of
from sapmatch.matching.rows import Row, read_rows
from sapmatch.matching.weights import Weights, weights_of
from sapmatch.model.invoice import Invoice, Party
from sapmatch.model.order import ZERO, OrderSide
from sapmatch.model.policy import CompanyCode, MatchingPolicy
from sapmatch.model.ports import OrderScope

_SAME_NAME = 90  # likeness of two names of one company, misread letters included


class Case(Struct, frozen=True, kw_only=True):
    """An invoice with everything that its decision needs, except the orders."""

    invoice: Invoice
    document_id: str
    scope: OrderScope
    company: CompanyCode
    policy: MatchingPolicy
    partner: Party  # the other side: the seller, or the customer who billed himself
    self_billed: bool
    number: str
    currency: str
    total: Decimal
    credit: bool  # it gives back: its amounts are positive all the same
    net: Decimal | None
    whole: frozenset[Decimal]  # what may be all that is open: net, goods with allowances, without
    lines: tuple[BilledLine, ...]
    rows: tuple[Row, ...]  # the lines, read for the comparison with order items
    references: References
    weights: Weights

    def knows_partner(self, side: OrderSide) -> bool:
        """Whether the document's other side is the order's: not so in third-party business."""
        return side == "purchase_order" or self.self_billed


def build_case(
    invoice: Invoice,
    *,
    document_id: str,
    company_code: str,
    policy: MatchingPolicy,
    connection: str,
    client: str,
) -> Case:
    """The case of a checked invoice."""
    number, currency, total = invoice.number, invoice.currency, invoice.total
    assert number is not None
    assert currency is not None
    assert total is not None
    self_billed = _is_self_billed(invoice, policy)
    lines, references = billed_lines(invoice, currency), references_of(invoice)
    net, goods = net_of(invoice), sum([line.amount for line in lines], ZERO)
    return Case(
        invoice=invoice,
        document_id=document_id,
        scope=OrderScope(connection, client, company_code),
        company=policy.company_codes[company_code],
        policy=policy,
        partner=invoice.buyer if self_billed else invoice.seller,
        self_billed=self_billed,
        number=number,
        currency=currency,
        total=total,
        credit=invoice.type == "credit-note",
        net=net,
        whole=frozenset((net or ZERO, goods, line_sum(invoice, currency))) - {ZERO},
        lines=lines,
        rows=read_rows(lines, invoice, references),
        references=references,
        weights=weights_of(policy.weights),
    )


def company_code_of(invoice: Invoice, policy: MatchingPolicy) -> str | None:
    """Whose invoice this is: by VAT id, then by name, else the only company code there is.

    A VAT id that is none of ours overrules a name (policy `company_codes.*.vat_ids`).
    """
    us = invoice.seller if _is_self_billed(invoice, policy) else invoice.buyer
    known = _known(us, policy)
    if known:
        return known
    open_codes = [
        code for code in sorted(policy.company_codes) if not _contradicts(us, code, policy)
    ]
    return open_codes[0] if len(policy.company_codes) == len(open_codes) == 1 else None


def codes_named(party: Party, policy: MatchingPolicy) -> list[str]:
    """Company codes whose name the party has, whatever its VAT id says."""
    codes = sorted(policy.company_codes)
    return [code for code in codes if _named(party, policy.company_codes[code])]


def _is_self_billed(invoice: Invoice, policy: MatchingPolicy) -> bool:
    if invoice.type != "self-billed-invoice" or _known(invoice.buyer, policy):
        return False
    return _known(invoice.seller, policy) is not None


def _known(party: Party, policy: MatchingPolicy) -> str | None:
    codes = sorted(policy.company_codes)
    by_vat = [code for code in codes if _vat_ids(party) & _our_vat_ids(policy.company_codes[code])]
    if len(by_vat) == 1:
        return by_vat[0]
    free = by_vat or [code for code in codes if not _contradicts(party, code, policy)]
    by_name = [code for code in free if _named(party, policy.company_codes[code])]
    found = by_name or by_vat
    return found[0] if len(found) == 1 else None


def _contradicts(party: Party, code: str, policy: MatchingPolicy) -> bool:
    ours, theirs = _our_vat_ids(policy.company_codes[code]), vat_id(party.vat_id)
    return bool(ours) and theirs is not None and theirs not in ours


def _named(party: Party, company: CompanyCode) -> bool:
    one, other = company_name(party.name), company_name(company.name)
    if not one or not other:
        return False
    return likeness(tuple(one.split()), tuple(other.split())) >= _SAME_NAME


def _vat_ids(party: Party) -> set[str]:
    return {v for v in (vat_id(party.vat_id), vat_id(party.tax_id)) if v}


def _our_vat_ids(company: CompanyCode) -> set[str]:
    return {v for v in map(vat_id, company.vat_ids) if v}

"""How a Cross Industry Invoice is to be paid."""

from sapmatch.model.invoice import BankAccount, Payment
from sapmatch.reading.einvoice.elements import Element
from sapmatch.reading.einvoice.xml import Node

_MEANS = "SpecifiedTradeSettlementPaymentMeans"
_TERMS = "SpecifiedTradePaymentTerms"
_ACCOUNT = "PayeePartyCreditorFinancialAccount"
_BANK = "PayeeSpecifiedCreditorFinancialInstitution"


def payment(settlement: Element) -> Payment:
    """All payment means as one."""
    paid = settlement.one("", "payment")
    means = paid.all(_MEANS, "accounts", _has_account)
    return Payment(
        means=paid.text("means", f"{_MEANS}/TypeCode"),
        reference=paid.text("reference", "PaymentReference"),
        terms=" ".join(paid.texts("terms", f"{_TERMS}/Description")) or None,
        accounts=tuple(filter(None, map(_account, means))),
        mandate=paid.text("mandate", f"{_TERMS}/DirectDebitMandateID"),
        debited_account=paid.text(
            "debited_account", f"{_MEANS}/PayerPartyDebtorFinancialAccount/IBANID"
        ),
    )


def _has_account(means: Node) -> bool:
    return bool(means.text(f"{_ACCOUNT}/IBANID") or means.text(f"{_ACCOUNT}/ProprietaryID"))


def _account(means: Element) -> BankAccount | None:
    number = means.text("iban", f"{_ACCOUNT}/IBANID") or means.text(
        "iban", f"{_ACCOUNT}/ProprietaryID"
    )
    if not number:
        return None
    return BankAccount(
        iban="".join(number.split()),
        name=means.text("name", f"{_ACCOUNT}/AccountName"),
        bic=means.text("bic", f"{_BANK}/BICID"),
    )

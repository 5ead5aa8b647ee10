"""How a UBL document is to be paid, and until when."""

from datetime import date

from sapmatch.model.invoice import BankAccount, Payment
from sapmatch.reading.einvoice.elements import Element

# A credit note has no DueDate of its own; UBL before EN 16931 used the two others as well.
_DUE = ("DueDate", "PaymentMeans/PaymentDueDate", "PaymentTerms/PaymentDueDate")


def due_date(document: Element) -> date | None:
    """BT-9, wherever it stands."""
    return next(filter(None, (document.day("due_date", path) for path in _DUE)), None)


def payment(document: Element) -> Payment:
    """All PaymentMeans as one."""
    means = document.one("", "payment")
    accounts = means.all("PaymentMeans/PayeeFinancialAccount", "accounts")
    return Payment(
        means=means.text("means", "PaymentMeans/PaymentMeansCode"),
        reference=means.text("reference", "PaymentMeans/PaymentID"),
        terms=" ".join(means.texts("terms", "PaymentTerms/Note")) or None,
        accounts=tuple(filter(None, map(_account, accounts))),
        mandate=means.text("mandate", "PaymentMeans/PaymentMandate/ID"),
        debited_account=means.text(
            "debited_account", "PaymentMeans/PaymentMandate/PayerFinancialAccount/ID"
        ),
    )


def _account(element: Element) -> BankAccount | None:
    number = element.text("iban", "ID")
    branch = "FinancialInstitutionBranch"
    bank = f"{branch}/FinancialInstitution/ID"  # where UBL before EN 16931 has the BIC
    if not number:
        return None
    return BankAccount(
        iban="".join(number.split()),
        name=element.text("name", "Name"),
        bic=element.text("bic", bank) or element.text("bic", f"{branch}/ID"),
    )

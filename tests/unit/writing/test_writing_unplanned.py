"""What no order item covers, in the supplier invoice (MA-P38)."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.model.invoice import AllowanceCharge, Invoice, InvoiceLine, TaxSubtotal
from sapmatch.model.match import LineMatch, Unplanned
from sapmatch.model.policy import CompanyCode
from sapmatch.writing.supplier_invoice import supplier_invoice
from tests.builders.matches import COMPANY, decision, invoice, purchase_order

WITH_ACCOUNT = msgspec.structs.replace(COMPANY, unplanned_account="65008100")
D = Decimal


def billed(rate: str = "19", **fields: Any) -> Invoice:
    """The invoice of 116.60 and a third line of 10.00 at 19 percent."""
    given = invoice()
    return msgspec.structs.replace(
        given,
        total=D("128.50"),
        taxes=(TaxSubtotal(rate=D(19), basis=D(90), amount=D("17.10")), given.taxes[1]),
        lines=(*given.lines, InvoiceLine(id="3", net=D(10), tax_rate=D(rate))),
        **fields,
    )


def mapped(kind: Any, given: Invoice, company: CompanyCode = WITH_ACCOUNT) -> Record:
    order, decided = purchase_order(), decision()
    stray = LineMatch(line="3", unplanned=Unplanned(kind=kind, amount=D("10.00")))
    return supplier_invoice(
        given,
        msgspec.structs.replace(decided, lines=(*decided.lines, stray)),
        {order.id: order},
        company,
        document_id="ab" * 32,
        status="parked",
        posting_date=date(2026, 11, 5),
    )


def test_a_freight_line_is_unplanned_delivery_cost() -> None:
    record = mapped("delivery_cost", billed(), COMPANY)
    assert record["UnplannedDeliveryCost"] == "10.00"
    assert record["UnplannedDeliveryCostTaxCode"] == "V1"
    assert len(record["to_SuplrInvcItemPurOrdRef"]) == 2
    assert "to_SupplierInvoiceItemGLAcct" not in record


def test_freight_lines_and_charges_of_the_document_are_one_delivery_cost() -> None:
    charge = AllowanceCharge(is_charge=True, amount=D("5.00"), tax_rate=D("19.00"))
    given = msgspec.structs.replace(billed(), allowances_charges=(charge,), total=D("133.50"))
    assert mapped("delivery_cost", given)["UnplannedDeliveryCost"] == "15.00"


def test_delivery_costs_with_several_tax_rates_are_refused() -> None:
    charge = AllowanceCharge(is_charge=True, amount=D("5.00"), tax_rate=D(7))
    given = msgspec.structs.replace(billed(), allowances_charges=(charge,), total=D("133.50"))
    with pytest.raises(InputRejected, match="several tax rates"):
        mapped("delivery_cost", given)


def test_any_other_line_is_an_item_on_the_account() -> None:
    (item,) = mapped("account", billed())["to_SupplierInvoiceItemGLAcct"]
    assert item == {
        "SupplierInvoiceItem": "1",
        "CompanyCode": "1010",
        "GLAccount": "65008100",
        "DebitCreditCode": "S",
        "DocumentCurrency": "EUR",
        "SupplierInvoiceItemAmount": "10.00",
        "TaxCode": "V1",
    }


def test_it_goes_to_the_cost_center_that_is_set_and_back_in_a_credit_memo() -> None:
    company = msgspec.structs.replace(WITH_ACCOUNT, unplanned_cost_center="17101301")
    (item,) = mapped("account", billed(type="credit-note"), company)["to_SupplierInvoiceItemGLAcct"]
    assert (item["CostCenter"], item["DebitCreditCode"]) == ("17101301", "H")


def test_without_an_account_it_is_refused_with_the_setting_to_add() -> None:
    with pytest.raises(InputRejected, match=r"line 3: .* add unplanned_account"):
        mapped("account", billed(), COMPANY)


def test_a_rate_without_a_tax_code_is_refused_by_its_line() -> None:
    with pytest.raises(InputRejected, match="line 3: 5 % tax of category S has no tax code"):
        mapped("account", billed(rate="5"))


def test_an_uncovered_line_that_is_told_in_no_way_does_not_balance() -> None:
    """Decisions of older releases: never an invoice without one of its lines."""
    order = purchase_order()
    with pytest.raises(InputRejected, match="M8/186"):
        supplier_invoice(
            billed(),
            decision(),
            {order.id: order},
            WITH_ACCOUNT,
            document_id="ab" * 32,
            status="parked",
            posting_date=date(2026, 11, 5),
        )

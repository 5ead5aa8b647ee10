"""A matched invoice as SAP's deep create, and a sales order's header field."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.model.invoice import AllowanceCharge, InvoiceLine, TaxSubtotal
from sapmatch.model.match import Decision, LineMatch, ToleranceCheck
from sapmatch.model.order import ZERO
from sapmatch.writing.marker import marker
from sapmatch.writing.supplier_invoice import (
    sales_order_change,
    supplier_invoice,
    v2_date,
)
from tests.builders.matches import COMPANY, decision, invoice, purchase_order, share


def mapped(
    status: Any = "parked", decided: Decision | None = None, company: Any = COMPANY, **fields: Any
) -> Record:
    order = purchase_order()
    return supplier_invoice(
        invoice(**fields),
        decided or decision(),
        {order.id: order},
        company,
        document_id="ab" * 32,
        status=status,
        posting_date=date(2026, 11, 5),
    )


def test_the_head_carries_what_sap_requires() -> None:
    record = mapped()
    assert record["CompanyCode"] == "1010"
    assert record["DocumentDate"] == "/Date(1793577600000)/"
    assert record["PostingDate"] == "/Date(1793836800000)/"
    assert record["SupplierInvoiceIDByInvcgParty"] == "RE-2026-17"
    assert record["InvoicingParty"] == "10100001"
    assert record["DocumentCurrency"] == "EUR"
    assert record["InvoiceGrossAmount"] == "116.60"
    assert record["SupplierInvoiceIsCreditMemo"] == ""
    assert record["TaxIsCalculatedAutomatically"] is False


def test_items_carry_quantity_unit_amount_and_tax_code() -> None:
    """MA-P67: the quantity is always given."""
    first, second = mapped()["to_SuplrInvcItemPurOrdRef"]
    assert first == {
        "SupplierInvoiceItem": "1",
        "PurchaseOrder": "4500001001",
        "PurchaseOrderItem": "10",
        "TaxCode": "V1",
        "DocumentCurrency": "EUR",
        "SupplierInvoiceItemAmount": "80.00",
        "PurchaseOrderQuantityUnit": "PC",
        "QuantityInPurchaseOrderUnit": "4",
    }
    assert second["QuantityInPurchaseOrderUnit"] == "2.5"
    assert second["TaxCode"] == "V2"


def test_taxes_are_grouped_by_tax_code() -> None:
    assert mapped()["to_SupplierInvoiceTax"] == [
        {
            "TaxCode": "V1",
            "DocumentCurrency": "EUR",
            "TaxAmount": "15.20",
            "TaxBaseAmountInTransCrcy": "80.00",
        },
        {
            "TaxCode": "V2",
            "DocumentCurrency": "EUR",
            "TaxAmount": "1.40",
            "TaxBaseAmountInTransCrcy": "20.00",
        },
    ]


@pytest.mark.parametrize(
    ("status", "shown", "block"),
    [("parked", "A", None), ("posted-blocked", "5", "R"), ("posted", "5", None)],
)
def test_the_status_decides_on_parking_and_payment(
    status: str, shown: str, block: str | None
) -> None:
    record = mapped(status)
    assert record["SupplierInvoiceStatus"] == shown
    assert record.get("PaymentBlockingReason") == block


@pytest.mark.parametrize("status", ["parked", "posted-blocked", "posted"])
def test_what_the_matching_blocks_for_payment_is_blocked_in_sap(status: str) -> None:
    record = mapped(status, msgspec.structs.replace(decision(), payment_block=True))
    assert record["PaymentBlockingReason"] == "R"


def test_an_order_items_tax_code_serves_where_the_company_names_none() -> None:
    company = msgspec.structs.replace(COMPANY, tax_codes={"19": "V1"})
    assert mapped(company=company)["to_SuplrInvcItemPurOrdRef"][1]["TaxCode"] == "V9"


def test_a_rate_without_any_tax_code_is_refused_with_the_remedy() -> None:
    with pytest.raises(InputRejected, match="tax_codes"):
        mapped(company=msgspec.structs.replace(COMPANY, tax_codes={}))


def test_a_share_based_on_a_receipt_names_the_material_document() -> None:
    receipt = share(
        "10",
        "4",
        "80",
        material_document="5000000001",
        material_document_year="2026",
        material_document_item="1",
    )
    lines = (LineMatch(line="1", shares=(receipt,)), decision().lines[1])
    item = mapped(decided=decision(lines=lines))["to_SuplrInvcItemPurOrdRef"][0]
    assert item["ReferenceDocument"] == "5000000001"
    assert item["ReferenceDocumentFiscalYear"] == "2026"
    assert item["ReferenceDocumentItem"] == "1"


def test_a_credit_note_is_a_credit_memo() -> None:
    assert mapped(type="credit-note")["SupplierInvoiceIsCreditMemo"] == "X"


def test_the_number_is_cut_to_saps_sixteen_characters() -> None:
    record = mapped(number="RE-2026-000000000017")
    assert record["SupplierInvoiceIDByInvcgParty"] == "RE-2026-00000000"


def test_the_marker_fits_and_is_the_same_for_the_same_document() -> None:
    assert len(marker("ab" * 32)) <= 25
    assert marker("ab" * 32) == mapped()["DocumentHeaderText"]
    assert marker("ab" * 32) != marker("cd" * 32)


def test_an_invoice_that_does_not_balance_is_not_sent() -> None:
    """MA-P68: 119.00 is accepted, a cent less is not."""
    with pytest.raises(InputRejected, match="M8/186"):
        mapped(total=Decimal("116.59"))


def test_tolerance_bd_of_the_decision_allows_a_small_difference() -> None:
    """MA-P68: only as far as BD allows."""
    check = ToleranceCheck(
        key="BD",
        bound="upper_absolute",
        value=Decimal("0.01"),
        limit=Decimal("0.05"),
        unit="EUR",
        verdict="pass",
    )
    decided = decision(tolerances=(check,))
    assert mapped(decided=decided, total=Decimal("116.59"))["InvoiceGrossAmount"] == "116.59"
    with pytest.raises(InputRejected):
        mapped(decided=decided, total=Decimal("116.54"))


def test_a_charge_of_the_document_is_unplanned_delivery_cost() -> None:
    charge = AllowanceCharge(is_charge=True, amount=Decimal(10), tax_rate=Decimal(19))
    record = mapped(allowances_charges=(charge,), total=Decimal("126.60"))
    assert record["UnplannedDeliveryCost"] == "10.00"
    assert record["UnplannedDeliveryCostTaxCode"] == "V1"


def test_charges_with_several_tax_rates_are_refused() -> None:
    charges = tuple(
        AllowanceCharge(is_charge=True, amount=Decimal(5), tax_rate=Decimal(rate))
        for rate in (19, 7)
    )
    with pytest.raises(InputRejected, match="several tax rates"):
        mapped(allowances_charges=charges, total=Decimal("126.60"))


def untaxed(*categories: str, codes: dict[str, str], order_code: str | None = "V9") -> Record:
    """100.00 without tax, in the categories of the breakdown."""
    order = purchase_order()
    items = tuple(msgspec.structs.replace(item, tax_code=order_code) for item in order.items)
    share_of = Decimal(100) / len(categories)
    return supplier_invoice(
        invoice(
            tax=ZERO,
            total=Decimal(100),
            taxes=tuple(
                TaxSubtotal(category=name, rate=ZERO, basis=share_of, amount=ZERO)
                for name in categories
            ),
            lines=tuple(InvoiceLine(id=n, tax_rate=ZERO) for n in ("1", "2")),
        ),
        decision(),
        {order.id: msgspec.structs.replace(order, items=items)},
        msgspec.structs.replace(COMPANY, tax_codes=codes),
        document_id="ab" * 32,
        status="parked",
        posting_date=date(2026, 11, 5),
    )


def codes_of(record: Record) -> set[str]:
    rows = record["to_SuplrInvcItemPurOrdRef"] + record["to_SupplierInvoiceTax"]
    return {row["TaxCode"] for row in rows}


@pytest.mark.parametrize(
    ("category", "expected"), [("AE", "VR"), ("E", "V9"), ("Z", "VZ"), ("S", "V0")]
)
def test_the_tax_category_decides_which_code_a_rate_has(category: str, expected: str) -> None:
    """Reverse charge and exempt are both 0 % and not the same: a bare rate is the standard one."""
    table = {"0": "V0", "AE:0": "VR", "z:0.0": "VZ"}
    assert codes_of(untaxed(category, codes=table)) == {expected}


def test_a_category_without_code_in_table_and_order_is_refused_with_its_name() -> None:
    with pytest.raises(InputRejected, match='add "AE:0" to tax_codes'):
        untaxed("AE", codes={"0": "V0", "E:0": "VE"}, order_code=None)


def test_two_categories_of_one_rate_take_the_orders_code() -> None:
    """A line names its rate, so nobody can tell which category it has."""
    table = {"0": "V0", "AE:0": "VR", "E:0": "VE"}
    assert codes_of(untaxed("AE", "E", codes=table)) == {"V9"}
    with pytest.raises(InputRejected, match="AE/E"):
        untaxed("AE", "E", codes=table, order_code=None)


def test_an_item_without_quantity_is_refused() -> None:
    """MA-P67."""
    lines = (LineMatch(line="1", shares=(share("10", "0.0001", "80"),)),)
    with pytest.raises(InputRejected, match="no quantity"):
        mapped(decided=decision(lines=lines))


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(InputRejected) as refused:
        mapped(number=None, issue_date=None)
    assert [problem.field for problem in refused.value.problems] == ["number", "issue_date"]


def test_one_tax_sum_without_breakdown_needs_one_tax_code() -> None:
    with pytest.raises(InputRejected, match="several tax codes"):
        mapped(taxes=())
    lines = (LineMatch(line="1", shares=(share("10", "4", "80"),)),)
    record = mapped(
        decided=decision(lines=lines), taxes=(), tax=Decimal("15.2"), total=Decimal("95.20")
    )
    assert record["to_SupplierInvoiceTax"][0]["TaxAmount"] == "15.20"


def test_amounts_have_the_decimals_of_their_currency() -> None:
    lines = (LineMatch(line="1", shares=(share("10", "4", "1000"),)),)
    record = mapped(
        decided=decision(lines=lines),
        currency="JPY",
        taxes=(),
        tax=Decimal(190),
        total=Decimal(1190),
    )
    assert record["InvoiceGrossAmount"] == "1190"


def test_orders_with_different_invoicing_parties_are_refused() -> None:
    orders = {
        "4500001001": purchase_order(),
        "2": purchase_order(id="2", invoicing_party="10100009"),
    }
    with pytest.raises(InputRejected, match="invoicing party"):
        supplier_invoice(
            invoice(),
            decision(orders=("4500001001", "2")),
            orders,
            COMPANY,
            document_id="ab",
            status="parked",
            posting_date=date(2026, 11, 5),
        )


def test_a_sales_order_gets_the_number_in_its_field() -> None:
    assert sales_order_change("AssignmentReference", invoice(number="R" * 20)) == {
        "AssignmentReference": "R" * 18
    }


@pytest.mark.parametrize(
    ("day", "text"),
    [(date(1970, 1, 1), "/Date(0)/"), (date(1969, 12, 31), "/Date(-86400000)/")],
)
def test_dates_are_milliseconds_at_midnight(day: date, text: str) -> None:
    """OD-P43."""
    assert v2_date(day) == text


def test_blanks_around_a_number_do_not_take_the_place_of_its_characters() -> None:
    """MA-P49: cut after the blanks are gone, and never to a number that ends with one."""
    assert mapped(number="  RE-2026-000000000017 ")["SupplierInvoiceIDByInvcgParty"] == (
        "RE-2026-00000000"
    )
    assert mapped(number="RE 2026 0000000 1")["SupplierInvoiceIDByInvcgParty"] == "RE 2026 0000000"
    with pytest.raises(InputRejected, match="number is missing"):
        mapped(number="  ")

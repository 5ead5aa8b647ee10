"""What an order promises besides goods and prices: days, delivery costs, terms, references."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sapmatch.extracting.orders import orders_from_rows
from sapmatch.model.errors import InputRejected
from sapmatch.model.order import Order, OrderItem, PaymentTerms, PlannedCost, ScheduleLine
from sapmatch.model.policy import ItemFields
from sapmatch.model.ports import OrderScope
from tests.builders.index_runs import IndexDesk
from tests.builders.sap_rows import (
    COMPANIES,
    cost_row,
    head_row,
    invoice_row,
    item_row,
    only_item,
    orders_of,
    posting_row,
    receipt_row,
    schedule_row,
)

D = Decimal


def only_order(**more: Any) -> Order:
    (one,), _ = orders_of(PurchaseOrder=[head_row(**more)])
    return one


def test_schedule_lines_say_what_was_promised_for_which_day() -> None:
    rows = [
        schedule_row("2", "2026-10-05", "20"),
        schedule_row("1", "/Date(1788220800000)/", "40"),
        schedule_row("3", "2026-11-02", "0"),
    ]
    assert only_item(PurchaseOrderScheduleLine=rows).schedule == (
        ScheduleLine(delivery_date=date(2026, 9, 1), quantity=D(40)),
        ScheduleLine(delivery_date=date(2026, 10, 5), quantity=D(20)),
    )


def test_a_schedule_line_of_saps_sandbox_is_read(real_data: Path) -> None:
    folder = real_data / "sap-responses" / "sandbox-records"
    names = {
        "PurchaseOrder": "purchase_order_header",
        "PurchaseOrderItem": "purchase_order_item",
        "PurchaseOrderScheduleLine": "purchase_order_schedule_line",
    }
    rows = {
        f"A_{name}": json.loads((folder / f"{file}.json").read_bytes())
        for name, file in names.items()
    }
    companies = {"1710": COMPANIES["1010"]}
    (one,), _ = orders_from_rows(rows, connection="s4", client="100", company_codes=companies)
    assert one.items[0].schedule == (ScheduleLine(delivery_date=date(2016, 9, 22), quantity=D(1)),)


def test_a_planned_delivery_cost_is_for_all_that_is_ordered() -> None:
    """MA-P38"""
    rows = [cost_row("FRB1", "120.00"), cost_row("ZOA1", "30.00")]
    assert only_item(PurOrdPricingElement=rows).planned_costs == (
        PlannedCost(condition="FRB1", amount=D("120.00"), quantity=D(60)),
        PlannedCost(condition="ZOA1", amount=D("30.00"), quantity=D(60)),
    )


@pytest.mark.parametrize(
    "more",
    [
        {"ConditionCategory": ""},
        {"ConditionCategory": "D"},
        {"ConditionInactiveReason": "M"},
        {"ConditionIsForStatistics": True},
        {"TransactionCurrency": "USD"},
    ],
)
def test_prices_taxes_and_what_does_not_count_are_no_delivery_cost(more: dict[str, Any]) -> None:
    assert only_item(PurOrdPricingElement=[cost_row("FRB1", "120.00", **more)]).planned_costs == ()


def test_a_cost_that_is_statistical_and_accrued_counts() -> None:
    row = cost_row("FRB1", "9.00", ConditionIsForStatistics=True, IsRelevantForAccrual=True)
    (cost,) = only_item(PurOrdPricingElement=[row]).planned_costs
    assert cost.amount == D("9.00")


def test_one_type_at_two_places_of_the_pricing_is_one_cost() -> None:
    rows = [cost_row("FRB1", "5.00"), cost_row("FRB1", "7.00", PricingProcedureCounter="2")]
    (cost,) = only_item(PurOrdPricingElement=rows).planned_costs
    assert cost.amount == D("12.00")


def test_conditions_may_come_expanded_inside_their_item_inside_its_order() -> None:
    line = {"ScheduleLine": "1", "ScheduleLineDeliveryDate": "2026-09-01"}
    element = {**cost_row("FRB1", "5.00"), "PurchaseOrder": None}
    del element["PurchaseOrder"], element["PurchaseOrderItem"]
    item = item_row(
        to_ScheduleLine={"results": [{**line, "ScheduleLineOrderQuantity": "60"}]},
        to_PurchaseOrderPricingElement=[element],
    )
    (one,), _ = orders_of(PurchaseOrder=[head_row(to_PurchaseOrderItem={"results": [item]})])
    assert [promised.quantity for promised in one.items[0].schedule] == [D(60)]
    assert [cost.condition for cost in one.items[0].planned_costs] == ["FRB1"]


def test_a_mistake_deep_inside_an_order_is_named_with_its_place() -> None:
    line = {"ScheduleLine": "1", "ScheduleLineDeliveryDate": "soon"}
    inside = {"results": [item_row(to_ScheduleLine=[line])]}
    with pytest.raises(InputRejected) as caught:
        orders_of(PurchaseOrder=[head_row(to_PurchaseOrderItem=inside)])
    assert [problem.field for problem in caught.value.problems] == [
        "A_PurchaseOrder.to_PurchaseOrderItem.to_ScheduleLine[1].ScheduleLineDeliveryDate"
    ]


def test_an_order_tells_its_terms_validity_and_references() -> None:
    one = only_order(
        PaymentTerms="0002",
        CashDiscount1Days="14",
        CashDiscount1Percent="3.000",
        CashDiscount2Days="30",
        CashDiscount2Percent="2.000",
        NetPaymentDays="45",
        ValidityStartDate="/Date(1473638400000)/",
        ValidityEndDate="2016-12-31",
        SupplierQuotationExternalID="AN-77",
    )
    assert one.payment_terms == PaymentTerms(
        code="0002", discounts=((14, D(3)), (30, D(2))), net_days=45
    )
    assert (one.valid_from, one.valid_to) == (date(2016, 9, 12), date(2016, 12, 31))
    assert one.other_references == ("AN-77",)


@pytest.mark.parametrize(
    ("more", "terms"),
    [
        ({}, None),
        ({"PaymentTerms": ""}, None),
        ({"PaymentTerms": "0001"}, PaymentTerms(code="0001")),
        ({"PaymentTerms": "0001", "NetPaymentDays": "0"}, PaymentTerms(code="0001", net_days=0)),
        (
            {"PaymentTerms": "0003", "CashDiscount1Days": "30", "NetPaymentDays": "0"},
            PaymentTerms(code="0003", net_days=30),
        ),
    ],
)
def test_the_last_of_the_three_terms_with_days_is_the_net_one(
    more: dict[str, str], terms: PaymentTerms | None
) -> None:
    """MA-P37"""
    assert only_order(**more).payment_terms == terms


def test_a_sales_order_tells_the_order_of_the_ship_to_party() -> None:
    head = {
        "SalesOrder": "1",
        "SalesOrganization": "S-01",
        "SoldToParty": "17100001",
        "TransactionCurrency": "EUR",
        "PurchaseOrderByShipToParty": "B-99",
    }
    (one,), _ = orders_of(SalesOrder=[head])
    assert one.other_references == ("B-99",)


def test_a_subsequent_debit_and_a_delivery_cost_move_no_goods() -> None:
    """MA-P51"""
    costs = {"SupplierInvoiceItem": "2", "SuplrInvcDeliveryCostCndnType": "FRB1"}
    later = {"SupplierInvoiceItem": "3", "IsSubsequentDebitCredit": "X"}
    item = only_item(
        SupplierInvoice=[invoice_row("51")],
        SuplrInvcItemPurOrdRef=[
            posting_row("51", "440.00", "20"),
            posting_row("51", "35.00", "20", **costs),
            posting_row("51", "11.00", "20", **later),
        ],
    )
    assert (item.invoiced, item.invoiced_amount) == (D(20), D("451.00"))
    assert [(p.condition, p.subsequent, p.quantity) for p in item.postings] == [
        (None, False, D(20)),
        ("FRB1", False, D(0)),
        (None, True, D(0)),
    ]


def test_a_receipt_is_told_in_the_price_unit_where_sap_counted_in_it() -> None:
    """MA-P28"""
    item = item_row(OrderPriceUnit="KG", OrderPriceUnitToOrderUnitNmrtr="12")
    weighed = receipt_row("50", "101", "5", MaterialBaseUnit="KG", QuantityInBaseUnit="61.5")
    counted = receipt_row("51", "101", "5")
    found = only_item(PurchaseOrderItem=[item], MaterialDocumentItem=[weighed, counted])
    assert [receipt.price_quantity for receipt in found.receipts] == [D("61.5"), None]


def test_a_company_tells_in_fields_of_its_own_what_sap_does_not() -> None:
    own = {"YY1_Estimated": "X", "YY1_Contract": "21.50", "YY1_Average": "20.00", "YY1_Stock": ""}
    rows = {"A_PurchaseOrder": [head_row()], "A_PurchaseOrderItem": [item_row(**own)]}
    fields = ItemFields(
        price_estimated="YY1_Estimated",
        contract_price="YY1_Contract",
        moving_average_price="YY1_Average",
        stock="YY1_Stock",
    )
    (one,), _ = orders_from_rows(
        rows, connection="s4", client="100", company_codes=COMPANIES, item_fields=fields
    )
    (item,) = one.items
    assert (item.price_estimated, item.contract_price) == (True, D("21.50"))
    assert (item.moving_average_price, item.stock) == (D("20.00"), None)
    with pytest.raises(InputRejected, match=r"YY1_Gone is not there.*item_fields"):
        orders_from_rows(
            rows,
            connection="s4",
            client="100",
            company_codes=COMPANIES,
            item_fields=ItemFields(stock="YY1_Gone"),
        )


@pytest.mark.parametrize("conditions_first", [True, False])
def test_the_index_hears_conditions_before_and_after_their_items(conditions_first: bool) -> None:
    desk = IndexDesk()
    items = {"PurchaseOrder": [head_row()], "PurchaseOrderItem": [item_row()]}
    runs: list[dict[str, Any]] = [
        items,
        {
            "PurchaseOrderScheduleLine": [schedule_row("1", "2026-09-01", "60")],
            "PurOrdPricingElement": [cost_row("FRB1", "12.00")],
        },
    ]
    for rows in reversed(runs) if conditions_first else runs:
        desk.run(rows)
    item = stored(desk)
    assert [line.quantity for line in item.schedule] == [D(60)]
    assert [cost.amount for cost in item.planned_costs] == [D("12.00")]
    assert desk.run(runs[1]).orders_changed == 0


def test_conditions_that_vanish_or_are_no_longer_listed_are_gone() -> None:
    desk = IndexDesk()
    lines = [schedule_row("1", "2026-09-01", "20"), schedule_row("2", "2026-10-01", "40")]
    desk.run(
        {
            "PurchaseOrder": [head_row()],
            "PurchaseOrderItem": [item_row()],
            "PurchaseOrderScheduleLine": lines,
            "PurOrdPricingElement": [cost_row("FRB1", "12.00")],
        }
    )
    desk.run({"PurchaseOrderItem": [item_row(to_ScheduleLine={"results": lines[1:]})]})
    assert [line.quantity for line in stored(desk).schedule] == [D(40)]
    desk.run({}, vanished={"PurOrdPricingElement": [cost_row("FRB1", "")]})
    assert stored(desk).planned_costs == ()


def stored(desk: IndexDesk) -> OrderItem:
    found = desk.orders.get(OrderScope("s4", "100", "1010"), "4500000012")
    assert found is not None
    item: OrderItem = found.order.items[0]
    return item

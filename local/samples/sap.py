"""What SAP holds at the start, as OData V2 sends it: decimals as texts, days as `/Date(ms)/`."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from local.samples.nouns import Business, Invoice, Item, Order
from local.samples.world import (
    CUSTOMERS,
    DRIVES,
    PURCHASE_ORDERS,
    SALES_ORDERS,
    SERVICED,
    SUPPLIERS,
    bill,
)

Row = dict[str, Any]
_TAX_CODES = {19: "V1", 7: "V2"}
_DELIVERY_DAYS = 14
POSTED = bill("NM-2026-0117", date(2026, 3, 20), DRIVES, SERVICED)


def seed() -> dict[str, list[Row]]:
    """Rows by entity set."""
    received = [order for order in PURCHASE_ORDERS if order.received]
    return {
        "A_PurchaseOrder": [_purchase_order(order) for order in PURCHASE_ORDERS],
        "A_PurchaseOrderItem": _of_items(PURCHASE_ORDERS, _purchase_order_item),
        "A_PurchaseOrderScheduleLine": _of_items(PURCHASE_ORDERS, _schedule_line),
        "A_PurOrdPricingElement": [
            row
            for order in PURCHASE_ORDERS
            for item in order.items
            for row in _pricing_elements(order, item)
        ],
        "A_SalesOrder": [_sales_order(order) for order in SALES_ORDERS],
        "A_SalesOrderItem": _of_items(SALES_ORDERS, _sales_order_item),
        "A_MaterialDocumentHeader": [_receipt(n, order) for n, order in enumerate(received, 1)],
        "A_MaterialDocumentItem": [
            row for n, order in enumerate(received, 1) for row in _receipt_items(n, order)
        ],
        "A_SupplierInvoice": [_posted(POSTED)],
        "A_SuplrInvcItemPurOrdRef": list(_posted_items(POSTED)),
        "A_SupplierInvoiceTax": list(_posted_taxes(POSTED)),
        "A_Supplier": [_partner("Supplier", business) for business in SUPPLIERS],
        "A_Customer": [_partner("Customer", business) for business in CUSTOMERS],
    }


def _of_items(orders: Iterable[Order], row: Any) -> list[Row]:
    return [row(order, item) for order in orders for item in order.items]


def _day(day: date) -> str:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return f"/Date({int(midnight.timestamp()) * 1000})/"


def _moment(day: date) -> str:
    return _day(day).replace(")/", "+0000)/")


def _number(value: Decimal | int) -> str:
    """Quantities come from SAP without trailing zeros."""
    return format(Decimal(value).normalize(), "f")


def _purchase_order(order: Order) -> Row:
    return {
        "PurchaseOrder": order.id,
        "CompanyCode": "1010",
        "PurchaseOrderType": "NB",
        "PurchasingDocumentDeletionCode": "",
        "PurchasingProcessingStatus": "05" if order.released else "03",
        "CreationDate": _day(order.ordered),
        "LastChangeDateTime": _moment(order.ordered),
        "Supplier": order.partner.number,
        "PaymentTerms": "0004",
        "CashDiscount1Days": "0",
        "CashDiscount1Percent": "0.000",
        "CashDiscount2Days": "0",
        "CashDiscount2Percent": "0.000",
        "NetPaymentDays": "30",
        "PurchasingOrganization": "1010",
        "PurchasingGroup": "001",
        "PurchaseOrderDate": _day(order.ordered),
        "DocumentCurrency": "EUR",
        "ExchangeRate": "1.00000",
        "SupplierQuotationExternalID": "",
        "CorrespncExternalReference": "",
        "CorrespncInternalReference": "",
        "InvoicingParty": order.partner.number,
        "ReleaseIsNotCompleted": not order.released,
    }


def _purchase_order_item(order: Order, item: Item) -> Row:
    return {
        "PurchaseOrder": order.id,
        "PurchaseOrderItem": item.id,
        "PurchasingDocumentDeletionCode": "",
        "PurchaseOrderItemText": item.text,
        "Plant": "1010",
        "Material": "",
        "SupplierMaterialNumber": item.material,
        "InternationalArticleNumber": "",
        "OrderQuantity": _number(item.quantity),
        "PurchaseOrderQuantityUnit": item.unit,
        "OrderPriceUnit": item.unit,
        "OrderPriceUnitToOrderUnitNmrtr": "1",
        "OrdPriceUnitToOrderUnitDnmntr": "1",
        "DocumentCurrency": "EUR",
        "NetPriceAmount": str(item.price),
        "NetPriceQuantity": str(item.per),
        "TaxCode": _TAX_CODES[item.tax_rate],
        "IsCompletelyDelivered": item.received == item.quantity,
        "IsFinallyInvoiced": item.finally_invoiced,
        "GoodsReceiptIsExpected": item.receipt_expected,
        "GoodsReceiptIsNonValuated": False,
        "InvoiceIsExpected": True,
        "InvoiceIsGoodsReceiptBased": item.receipt_based,
        "EvaldRcptSettlmtIsAllowed": False,
        "IsReturnsItem": False,
        "PurchasingItemIsFreeOfCharge": False,
        "OverallLimitAmount": "0.00",
    }


def _schedule_line(order: Order, item: Item) -> Row:
    """All of it two weeks after the order, before anything of these samples was invoiced."""
    day = _day(date.fromordinal(order.ordered.toordinal() + _DELIVERY_DAYS))
    return {
        "PurchasingDocument": order.id,
        "PurchasingDocumentItem": item.id,
        "ScheduleLine": "1",
        "DelivDateCategory": "1",
        "ScheduleLineDeliveryDate": day,
        "SchedLineStscDeliveryDate": day,
        "PurchaseOrderQuantityUnit": item.unit,
        "ScheduleLineOrderQuantity": _number(item.quantity),
    }


def _pricing_elements(order: Order, item: Item) -> Iterator[Row]:
    """The price, and the freight where one is planned: statistical and accrued at the receipt."""
    yield {**_condition(order, item, "1", "PPR0"), "ConditionRateValue": str(item.price)} | {
        "ConditionAmount": str(_net(item)),
        "ConditionCategory": "H",
    }
    if item.freight is not None:
        yield {**_condition(order, item, "31", "FRB1"), "ConditionRateValue": str(item.freight)} | {
            "ConditionAmount": str(item.freight),
            "ConditionCategory": "B",
            "ConditionIsForStatistics": True,
            "IsRelevantForAccrual": True,
        }


def _condition(order: Order, item: Item, step: str, condition: str) -> Row:
    return {
        "PurchaseOrder": order.id,
        "PurchaseOrderItem": item.id,
        "PricingDocument": f"1{order.id[-9:]}",
        "PricingDocumentItem": item.id,
        "PricingProcedureStep": step,
        "PricingProcedureCounter": "1",
        "ConditionType": condition,
        "ConditionCurrency": "EUR",
        "TransactionCurrency": "EUR",
    }


def _sales_order(order: Order) -> Row:
    return {
        "SalesOrder": order.id,
        "SalesOrderType": "OR",
        "SalesOrganization": "1010",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": order.partner.number,
        "CreationDate": _day(order.ordered),
        "LastChangeDate": _day(order.ordered),
        "LastChangeDateTime": _moment(order.ordered),
        "PurchaseOrderByCustomer": order.customer_reference,
        "PurchaseOrderByShipToParty": "",
        "SalesOrderDate": _day(order.ordered),
        "TotalNetAmount": str(sum(_net(item) for item in order.items)),
        "TransactionCurrency": "EUR",
        "HeaderBillingBlockReason": "",
        "DeliveryBlockReason": "",
        "CustomerPaymentTerms": "0004",
        "AssignmentReference": "",
        "AccountingDocExternalReference": "",
        "ReferenceSDDocument": "",
        "OverallSDProcessStatus": "A",
    }


def _sales_order_item(order: Order, item: Item) -> Row:
    return {
        "SalesOrder": order.id,
        "SalesOrderItem": item.id,
        "HigherLevelItem": "0",
        "SalesOrderItemCategory": "TAS",
        "SalesOrderItemText": item.text,
        "Material": item.material,
        "MaterialByCustomer": "",
        "RequestedQuantity": _number(item.quantity),
        "RequestedQuantityUnit": item.unit,
        "TransactionCurrency": "EUR",
        "NetAmount": str(_net(item)),
        "SalesDocumentRjcnReason": "",
        "ItemBillingBlockReason": "",
        "OrderRelatedBillingStatus": "",
        "DeliveryStatus": "",
    }


def _net(item: Item) -> Decimal:
    return item.quantity * item.price / item.per


def _receipt(n: int, order: Order) -> Row:
    assert order.received is not None
    return {
        "MaterialDocumentYear": str(order.received.year),
        "MaterialDocument": f"50000000{n:02}",
        "DocumentDate": _day(order.received),
        "PostingDate": _day(order.received),
        "ReferenceDocument": f"LS-{order.id[-4:]}",
        "GoodsMovementCode": "01",
    }


def _receipt_items(n: int, order: Order) -> Iterator[Row]:
    assert order.received is not None
    for item in order.items:
        if item.received is None:
            continue
        yield {
            "MaterialDocumentYear": str(order.received.year),
            "MaterialDocument": f"50000000{n:02}",
            "MaterialDocumentItem": str(int(item.id) // 10),
            "Material": "",
            "Plant": "1010",
            "GoodsMovementType": "101",
            "Supplier": order.partner.number,
            "PurchaseOrder": order.id,
            "PurchaseOrderItem": item.id,
            "SalesOrder": "",
            "SalesOrderItem": "0",
            "Delivery": "",
            "QuantityInBaseUnit": _number(item.received),
            "MaterialBaseUnit": item.unit,
            "QuantityInEntryUnit": _number(item.received),
            "EntryUnit": item.unit,
            "GoodsMovementIsCancelled": False,
            "ReversedMaterialDocumentYear": "0000",
            "ReversedMaterialDocument": "",
            "ReversedMaterialDocumentItem": "0",
            "IsCompletelyDelivered": item.received == item.quantity,
        }


_POSTED_KEY = {"SupplierInvoice": "5105600101", "FiscalYear": "2026"}


def _posted(invoice: Invoice) -> Row:
    return {
        **_POSTED_KEY,
        "CompanyCode": "1010",
        "DocumentDate": _day(invoice.issued),
        "PostingDate": _day(invoice.issued),
        "CreationDate": _day(invoice.issued),
        "SupplierInvoiceIDByInvcgParty": invoice.number,
        "InvoicingParty": invoice.seller.number,
        "DocumentCurrency": "EUR",
        "InvoiceGrossAmount": str(invoice.total),
        "SupplierInvoiceStatus": "5",
        "SupplierInvoiceIsCreditMemo": "",
        "PaymentBlockingReason": "",
        "InvoiceReference": "",
        "InvoiceReferenceFiscalYear": "0000",
        "ReverseDocument": "",
        "ReverseDocumentFiscalYear": "0000",
        "IsReversal": False,
        "IsReversed": False,
    }


def _posted_items(invoice: Invoice) -> Iterator[Row]:
    for line in invoice.lines:
        yield {
            **_POSTED_KEY,
            "SupplierInvoiceItem": line.id,
            "PurchaseOrder": invoice.order,
            "PurchaseOrderItem": line.order_item,
            "TaxCode": _TAX_CODES[line.tax_rate],
            "DocumentCurrency": "EUR",
            "SupplierInvoiceItemAmount": str(line.net),
            "PurchaseOrderQuantityUnit": line.unit,
            "QuantityInPurchaseOrderUnit": _number(line.quantity),
            "PurchaseOrderPriceUnit": line.unit,
            "QtyInPurchaseOrderPriceUnit": _number(line.quantity),
            "IsSubsequentDebitCredit": "",
            "ReferenceDocument": "",
            "ReferenceDocumentFiscalYear": "0000",
            "ReferenceDocumentItem": "0",
        }


def _posted_taxes(invoice: Invoice) -> Iterator[Row]:
    for n, (rate, basis, tax) in enumerate(invoice.taxes, start=1):
        yield {
            **_POSTED_KEY,
            "TaxCode": _TAX_CODES[rate],
            "SupplierInvoiceTaxCounter": str(n),
            "DocumentCurrency": "EUR",
            "TaxAmount": str(tax),
            "TaxBaseAmountInTransCrcy": str(basis),
        }


def _partner(role: str, business: Business) -> Row:
    return {
        role: business.number,
        f"{role}Name": business.name,
        f"{role}FullName": f"{business.name}, {business.city}",
        "VATRegistration": business.vat_id,
        "CreationDate": _day(date(2024, 1, 2)),
        "DeletionIndicator": False,
        "PostingIsBlocked": False,
    }

"""Rows of purchase and sales orders as facts."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from sapmatch.extracting.facts import conditions
from sapmatch.extracting.facts.line import Line
from sapmatch.extracting.fields import Row
from sapmatch.model.facts import Gone, Item, OrderHead, Version
from sapmatch.model.order import OrderItem, PaymentTerms
from sapmatch.model.policy import CompanyCode, ItemFields

_DISCOUNTS = (1, 2)


def readers(
    company_codes: Mapping[str, CompanyCode], item_fields: ItemFields
) -> dict[str, Callable[[Row, Version], Iterator[Line]]]:
    """What reads each entity set."""
    return {
        "A_PurchaseOrder": _purchase_head,
        "A_PurchaseOrderItem": partial(_purchase_item, own=item_fields),
        "A_SalesOrder": partial(_sales_head, company_codes=company_codes),
        "A_SalesOrderItem": _sales_item,
    }


def _purchase_head(row: Row, version: Version) -> Iterator[Line]:
    """A stock transport order has no supplier: nobody sends an invoice for it."""
    supplier = row.text("Supplier")
    fact = OrderHead(
        version=version,
        id=row.needed("PurchaseOrder"),
        company_code=row.needed("CompanyCode") if supplier else row.text("CompanyCode"),
        partner=supplier,
        invoicing_party=row.text("InvoicingParty"),
        name=row.words("AddressName"),
        currency=row.currency("DocumentCurrency") if supplier else row.text("DocumentCurrency"),
        order_date=row.day("PurchaseOrderDate"),
        external_reference=row.words("CorrespncExternalReference"),
        other_references=_references(row, "SupplierQuotationExternalID"),
        payment_terms=_payment_terms(row),
        valid_from=row.day("ValidityStartDate"),
        valid_to=row.day("ValidityEndDate"),
        released=not row.flag("ReleaseIsNotCompleted"),
        deleted=bool(row.text("PurchasingDocumentDeletionCode")),
        items=_listed(row, "to_PurchaseOrderItem", "PurchaseOrderItem"),
    )
    yield Line(kind="purchase_order", number=row.joint("PurchaseOrder"), fact=fact)


def _references(row: Row, field: str) -> tuple[str, ...]:
    reference = row.words(field)
    return (reference,) if reference else ()


def _payment_terms(row: Row) -> PaymentTerms | None:
    """As SAP finds the due date: the last of its three terms that has days is the net one."""
    code = row.text("PaymentTerms")
    days = [row.days(f"CashDiscount{n}Days") for n in _DISCOUNTS]
    percents = [row.quantity(f"CashDiscount{n}Percent") for n in _DISCOUNTS]
    net = row.days("NetPaymentDays") or next((d for d in reversed(days) if d), 0)
    if not (code or net):
        return None
    discounts = tuple((d, p) for d, p in zip(days, percents, strict=True) if p)
    known = row.given("NetPaymentDays") or net
    return PaymentTerms(code=code, discounts=discounts, net_days=net if known else None)


def _purchase_item(row: Row, version: Version, *, own: ItemFields) -> Iterator[Line]:
    _require_order(row)
    item = OrderItem(
        id=row.needed("PurchaseOrderItem"),
        text=row.words("PurchaseOrderItemText"),
        material=row.text("Material") or None,
        partner_material=row.words("SupplierMaterialNumber") or None,
        gtin=row.text("InternationalArticleNumber") or None,
        quantity=row.quantity("OrderQuantity"),
        unit=row.text("PurchaseOrderQuantityUnit"),
        net_price=row.number_of("NetPriceAmount"),
        price_quantity=row.factor("NetPriceQuantity"),
        price_unit=row.text("OrderPriceUnit") or None,
        price_unit_numerator=row.factor("OrderPriceUnitToOrderUnitNmrtr"),
        price_unit_denominator=row.factor("OrdPriceUnitToOrderUnitDnmntr"),
        tax_code=row.text("TaxCode") or None,
        receipt_expected=row.flag("GoodsReceiptIsExpected", missing=True),
        invoice_expected=row.flag("InvoiceIsExpected", missing=True),
        receipt_based=row.flag("InvoiceIsGoodsReceiptBased"),
        evaluated_receipt_settlement=row.flag("EvaldRcptSettlmtIsAllowed"),
        delivery_completed=row.flag("IsCompletelyDelivered"),
        finally_invoiced=row.flag("IsFinallyInvoiced"),
        deleted=bool(row.text("PurchasingDocumentDeletionCode")),
        free_of_charge=row.flag("PurchasingItemIsFreeOfCharge"),
        returns=row.flag("IsReturnsItem"),
        overall_limit=row.number_of("OverallLimitAmount") or None,
        price_estimated=row.own_flag(own.price_estimated),
        contract_price=row.own_number(own.contract_price),
        moving_average_price=row.own_number(own.moving_average_price),
        stock=row.own_number(own.stock),
    )
    fact = Item(
        version=version,
        item=item,
        schedule=conditions.scheduled(row),
        costs=conditions.costs(row),
    )
    yield Line(kind="purchase_order", number=row.joint("PurchaseOrder"), fact=fact)


def _require_order(row: Row) -> None:
    """A limit has neither quantity nor price, and what is free has no price."""
    row.require("PurchaseOrder")
    if row.number_of("OverallLimitAmount"):
        return
    row.require("OrderQuantity", "PurchaseOrderQuantityUnit")
    if not row.flag("PurchasingItemIsFreeOfCharge"):
        row.require("NetPriceAmount")


def _sales_head(
    row: Row, version: Version, *, company_codes: Mapping[str, CompanyCode]
) -> Iterator[Line]:
    company_code = _company_code(row.needed("SalesOrganization"), company_codes)
    fact = OrderHead(
        version=version,
        id=row.needed("SalesOrder"),
        company_code=company_code or "",
        partner=row.needed("SoldToParty") if company_code else row.text("SoldToParty"),
        currency=row.currency("TransactionCurrency") if company_code else "",
        order_date=row.day("SalesOrderDate"),
        external_reference=row.words("PurchaseOrderByCustomer"),
        other_references=_references(row, "PurchaseOrderByShipToParty"),
        items=_listed(row, "to_Item", "SalesOrderItem"),
    )
    yield Line(kind="sales_order", number=row.joint("SalesOrder"), fact=fact)


def _sales_item(row: Row, version: Version) -> Iterator[Line]:
    """The API names no price: net amount for the requested quantity is the price."""
    row.require("SalesOrder", "RequestedQuantity", "RequestedQuantityUnit", "NetAmount")
    item = OrderItem(
        id=row.needed("SalesOrderItem"),
        text=row.words("SalesOrderItemText"),
        material=row.text("Material") or None,
        partner_material=row.words("MaterialByCustomer") or None,
        quantity=row.quantity("RequestedQuantity"),
        unit=row.text("RequestedQuantityUnit"),
        net_price=row.number_of("NetAmount"),
        price_quantity=row.factor("RequestedQuantity"),
        receipt_expected=False,
        deleted=bool(row.text("SalesDocumentRjcnReason")),
    )
    fact = Item(version=version, item=item)
    yield Line(kind="sales_order", number=row.joint("SalesOrder"), fact=fact)


def _listed(row: Row, navigation: str, field: str) -> tuple[str, ...] | None:
    """Items of an order that was read with all of them, None where it was not."""
    if not row.expanded(navigation):
        return None
    numbers = (str(item.get(field) or "").strip() for item in row.nested(navigation))
    return tuple(sorted(number.lstrip("0") for number in numbers))


def _company_code(organization: str, company_codes: Mapping[str, CompanyCode]) -> str | None:
    """The company code that lists the sales organization, else the one of the same name if it
    lists none; None where the settings know neither."""
    listed = [
        c for c, company in company_codes.items() if organization in company.sales_organizations
    ]
    same = company_codes.get(organization)
    return min(listed, default=organization if same and not same.sales_organizations else None)


def _purchase_head_gone(row: Row, version: Version) -> Line:
    fact = Gone(of="head", version=version)
    return Line(kind="purchase_order", number=row.joint("PurchaseOrder"), fact=fact)


def _purchase_item_gone(row: Row, version: Version) -> Line:
    fact = Gone(of=f"item/{row.joint('PurchaseOrderItem')}", version=version)
    return Line(kind="purchase_order", number=row.joint("PurchaseOrder"), fact=fact)


def _sales_head_gone(row: Row, version: Version) -> Line:
    fact = Gone(of="head", version=version)
    return Line(kind="sales_order", number=row.joint("SalesOrder"), fact=fact)


def _sales_item_gone(row: Row, version: Version) -> Line:
    fact = Gone(of=f"item/{row.joint('SalesOrderItem')}", version=version)
    return Line(kind="sales_order", number=row.joint("SalesOrder"), fact=fact)


REMOVALS: dict[str, Callable[[Row, Version], Line]] = {
    "A_PurchaseOrder": _purchase_head_gone,
    "A_PurchaseOrderItem": _purchase_item_gone,
    "A_SalesOrder": _sales_head_gone,
    "A_SalesOrderItem": _sales_item_gone,
}

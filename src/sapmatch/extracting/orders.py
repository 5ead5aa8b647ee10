"""SAP's rows as orders with their ledger, and as invoices that SAP holds already.

Rows come as OData V2 sends them: decimals as strings, `/Date(ms)/` or ISO days, NUMC fields
without leading zeros, `"0"` for no reference. An item, receipt or invoice item of an order that
is not among the rows is left for the run that brings the order.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from sapmatch.extracting.fields import Row, read_rows
from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.intent import Record
from sapmatch.model.order import GoodsReceipt, Order, OrderItem, PostedInvoice, Posting
from sapmatch.model.policy import CompanyCode

Rows = Mapping[str, Iterable[bytes | Record]]
Key = tuple[str, ...]

_SHOWN_PROBLEMS = 10
# Movement types that change what may be invoiced on a purchase order: receipt and its reversal,
# return delivery and its reversal.
_RECEIVED = frozenset({"101", "105", "123", "162"})
_RETURNED = frozenset({"102", "106", "122", "161"})
# SupplierInvoiceStatus (data element RBSTAT)
_DELETED = "2"
_HELD = frozenset({"C", "D"})


def orders_from_rows(
    rows: Rows,
    *,
    connection: str,
    client: str,
    company_codes: Mapping[str, CompanyCode],
) -> tuple[list[Order], list[PostedInvoice]]:
    """All orders with receipts and postings, and the heads of all supplier invoices, by number.

    `rows` by entity set; a missing one means none. Raises InputRejected naming entity set, record
    number and field of every mistake (at most 100 of them).
    """
    problems: list[Problem] = []
    sets = {name: read_rows(name, given, problems) for name, given in rows.items()}
    sets["A_PurchaseOrderItem"] = [
        *sets.get("A_PurchaseOrderItem", []),
        *_expanded(sets.get("A_PurchaseOrder", []), "to_PurchaseOrderItem", "PurchaseOrder"),
    ]
    sets["A_SalesOrderItem"] = [
        *sets.get("A_SalesOrderItem", []),
        *_expanded(sets.get("A_SalesOrder", []), "to_Item", "SalesOrder"),
    ]
    orders = [
        *_purchase_orders(sets, connection, client),
        *_sales_orders(sets, connection, client, company_codes),
    ]
    posted = [_posted(row) for row in sets.get("A_SupplierInvoice", []) if not _is_none(row)]
    _refuse(problems)
    by_number = sorted(posted, key=lambda one: (one.supplier_invoice, one.fiscal_year))
    return sorted(orders, key=lambda order: (order.side, order.id)), by_number


def _refuse(problems: list[Problem]) -> None:
    if not problems:
        return
    shown = "".join(f"\n  {problem.message}" for problem in problems[:_SHOWN_PROBLEMS])
    more = "" if len(problems) <= _SHOWN_PROBLEMS else "\n  ..."
    raise InputRejected(f"{len(problems)} field(s) of SAP's rows are wrong:{shown}{more}", problems)


def _expanded(heads: list[Row], navigation: str, key: str) -> Iterator[Row]:
    """Items inside their head, which knows the order even where they do not repeat it."""
    for head in heads:
        for record in head.nested(navigation):
            whole = {key: head.record.get(key), **record}
            yield Row(f"{head.entity_set}.{navigation}", head.number, whole, head.problems)


def _purchase_orders(
    sets: Mapping[str, list[Row]], connection: str, client: str
) -> Iterator[Order]:
    items = _by_order(sets["A_PurchaseOrderItem"], "PurchaseOrder", "PurchaseOrderItem")
    receipts, postings = _receipts(sets, items), _postings(sets)
    names = {row.joint("Supplier"): row for row in sets.get("A_Supplier", [])}
    heads = {row.joint("PurchaseOrder"): row for row in sets.get("A_PurchaseOrder", [])}
    for number, head in heads.items():
        if not head.text("Supplier"):  # a stock transport order: nobody sends an invoice for it
            continue
        supplier, sender = head.needed("Supplier"), head.text("InvoicingParty")
        name, vat_id = _party(names, supplier)
        other_name, other_vat_id = _party(names, sender) if sender != supplier else (None, None)
        gone = bool(head.text("PurchasingDocumentDeletionCode"))
        yield Order(
            id=head.needed("PurchaseOrder"),
            side="purchase_order",
            connection=connection,
            client=client,
            company_code=head.needed("CompanyCode"),
            partner=supplier,
            invoicing_party=sender or None,
            partner_name=name or head.text("AddressName") or None,
            partner_vat_id=vat_id,
            invoicing_party_name=other_name,
            invoicing_party_vat_id=other_vat_id,
            currency=head.needed("DocumentCurrency"),
            order_date=head.day("PurchaseOrderDate"),
            external_reference=head.text("CorrespncExternalReference") or None,
            released=not head.flag("ReleaseIsNotCompleted"),
            items=tuple(
                _purchase_item(
                    row, gone, receipts.get((number, i), ()), postings.get((number, i), ())
                )
                for i, row in items.get(number, {}).items()
            ),
        )


def _party(names: Mapping[str, Row], number: str) -> tuple[str | None, str | None]:
    """Name and VAT id of a supplier or customer."""
    row = names.get(number.lstrip("0"))
    if row is None:
        return None, None
    name = row.text("SupplierName") or row.text("CustomerName")
    return name or None, row.text("VATRegistration") or None


def _purchase_item(
    row: Row, gone: bool, receipts: Iterable[GoodsReceipt], postings: Iterable[Posting]
) -> OrderItem:
    return OrderItem(
        id=row.text("PurchaseOrderItem"),
        text=row.text("PurchaseOrderItemText"),
        material=row.text("Material") or None,
        partner_material=row.text("SupplierMaterialNumber") or None,
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
        deleted=gone or bool(row.text("PurchasingDocumentDeletionCode")),
        free_of_charge=row.flag("PurchasingItemIsFreeOfCharge"),
        returns=row.flag("IsReturnsItem"),
        overall_limit=row.number_of("OverallLimitAmount") or None,
        receipts=tuple(sorted(receipts, key=lambda r: (r.year, r.material_document, r.item))),
        postings=tuple(sorted(postings, key=lambda p: (p.fiscal_year, p.supplier_invoice, p.item))),
    )


def _sales_orders(
    sets: Mapping[str, list[Row]],
    connection: str,
    client: str,
    company_codes: Mapping[str, CompanyCode],
) -> Iterator[Order]:
    items = _by_order(sets["A_SalesOrderItem"], "SalesOrder", "SalesOrderItem")
    names = {row.joint("Customer"): row for row in sets.get("A_Customer", [])}
    heads = {row.joint("SalesOrder"): row for row in sets.get("A_SalesOrder", [])}
    for number, head in heads.items():
        organization = head.needed("SalesOrganization")
        company_code = _company_code(organization, company_codes)
        if company_code is None:
            continue
        customer = head.needed("SoldToParty")
        name, vat_id = _party(names, customer)
        yield Order(
            id=head.needed("SalesOrder"),
            side="sales_order",
            connection=connection,
            client=client,
            company_code=company_code,
            partner=customer,
            partner_name=name,
            partner_vat_id=vat_id,
            currency=head.needed("TransactionCurrency"),
            order_date=head.day("SalesOrderDate"),
            external_reference=head.text("PurchaseOrderByCustomer") or None,
            items=tuple(_sales_item(row) for row in items.get(number, {}).values()),
        )


def _sales_item(row: Row) -> OrderItem:
    """The API names no price: net amount for the requested quantity is the price."""
    return OrderItem(
        id=row.text("SalesOrderItem"),
        text=row.text("SalesOrderItemText"),
        material=row.text("Material") or None,
        partner_material=row.text("MaterialByCustomer") or None,
        quantity=row.quantity("RequestedQuantity"),
        unit=row.text("RequestedQuantityUnit"),
        net_price=row.number_of("NetAmount"),
        price_quantity=row.factor("RequestedQuantity"),
        receipt_expected=False,
        deleted=bool(row.text("SalesDocumentRjcnReason")),
    )


def _company_code(organization: str, company_codes: Mapping[str, CompanyCode]) -> str | None:
    """The company code that lists the sales organization, else the one of the same name if it
    lists none; None where the settings know neither."""
    listed = [
        c for c, company in company_codes.items() if organization in company.sales_organizations
    ]
    same = company_codes.get(organization)
    return min(listed, default=organization if same and not same.sales_organizations else None)


def _receipts(
    sets: Mapping[str, list[Row]], items: Mapping[str, Mapping[str, Row]]
) -> dict[Key, list[GoodsReceipt]]:
    """Receipts by order item; a cancelled one counts nothing, and neither does its reversal
    (MA-P20)."""
    rows = [row for row in sets.get("A_MaterialDocumentItem", []) if row.text("PurchaseOrder")]
    heads = {_document(row): row for row in sets.get("A_MaterialDocumentHeader", [])}
    cancelled = {_receipt_key(row) for row in rows if row.flag("GoodsMovementIsCancelled")}
    found: dict[Key, list[GoodsReceipt]] = {}
    for row in rows:
        if _receipt_key(row) in cancelled or _reversed_key(row) in cancelled:
            continue
        place = (row.joint("PurchaseOrder"), row.joint("PurchaseOrderItem"))
        ordered = items.get(place[0], {}).get(place[1])
        quantity = _moved(row, ordered.text("PurchaseOrderQuantityUnit")) if ordered else None
        if not quantity:
            continue
        head = heads.get(_document(row), row)
        receipt = GoodsReceipt(
            material_document=row.needed("MaterialDocument"),
            year=row.text("MaterialDocumentYear"),
            item=row.text("MaterialDocumentItem"),
            quantity=quantity,
            posting_date=head.day("PostingDate"),
            delivery_note=head.text("ReferenceDocument") or None,
        )
        found.setdefault(place, []).append(receipt)
    return found


def _moved(row: Row, unit: str) -> Decimal:
    """Quantity in the order's unit, with its sign.

    Zero for a movement that is no receipt, and for a unit that the order does not know: then the
    invoice waits instead of passing.
    """
    movement = row.text("GoodsMovementType")
    if movement not in _RECEIVED | _RETURNED:
        return Decimal(0)
    measured = (("EntryUnit", "QuantityInEntryUnit"), ("MaterialBaseUnit", "QuantityInBaseUnit"))
    fields = [field for name, field in measured if row.text(name) == unit]
    quantity = row.number_of(fields[0]) if fields else Decimal(0)
    out = {"S": False, "H": True}.get(row.text("DebitCreditCode"), movement in _RETURNED)
    return -quantity if out else quantity


def _postings(sets: Mapping[str, list[Row]]) -> dict[Key, list[Posting]]:
    """Invoice items by order item. An invoice and its reversal count nothing, both with positive
    amounts (MA-P21); a credit memo counts negative, planned delivery costs not at all."""
    heads = {_invoice(row): row for row in sets.get("A_SupplierInvoice", [])}
    void = {_invoice(row) for row in heads.values() if _is_void(row) or _is_none(row)}
    void |= {_reverse(row) for row in heads.values() if row.reference("ReverseDocument")}
    found: dict[Key, list[Posting]] = {}
    for row in sets.get("A_SuplrInvcItemPurOrdRef", []):
        place = (row.joint("PurchaseOrder"), row.joint("PurchaseOrderItem"))
        if _invoice(row) in void or not all(place) or row.text("SuplrInvcDeliveryCostCndnType"):
            continue
        found.setdefault(place, []).append(_posting(row, heads.get(_invoice(row))))
    return found


def _posting(row: Row, head: Row | None) -> Posting:
    sign = -1 if head is not None and head.text("SupplierInvoiceIsCreditMemo") else 1
    value_only = bool(row.text("IsSubsequentDebitCredit"))
    receipt = row.reference("ReferenceDocument")
    return Posting(
        supplier_invoice=row.needed("SupplierInvoice"),
        fiscal_year=row.text("FiscalYear"),
        item=row.text("SupplierInvoiceItem"),
        reference=head.text("SupplierInvoiceIDByInvcgParty") if head else "",
        quantity=Decimal(0) if value_only else sign * row.number_of("QuantityInPurchaseOrderUnit"),
        amount=sign * row.number_of("SupplierInvoiceItemAmount"),
        material_document=receipt or None,
        material_document_year=row.reference("ReferenceDocumentFiscalYear") or None,
        material_document_item=row.reference("ReferenceDocumentItem") or None,
    )


def _posted(row: Row) -> PostedInvoice:
    return PostedInvoice(
        supplier_invoice=row.needed("SupplierInvoice"),
        fiscal_year=row.text("FiscalYear"),
        company_code=row.needed("CompanyCode"),
        invoicing_party=row.text("InvoicingParty"),
        reference=row.text("SupplierInvoiceIDByInvcgParty"),
        document_date=row.needed_day("DocumentDate"),
        currency=row.needed("DocumentCurrency"),
        gross=row.number_of("InvoiceGrossAmount"),
        credit_memo=bool(row.text("SupplierInvoiceIsCreditMemo")),
        reversed=_is_void(row),
    )


def _is_void(row: Row) -> bool:
    """Reversed, or a reversal: either names the other one."""
    return (
        row.flag("IsReversed") or row.flag("IsReversal") or bool(row.reference("ReverseDocument"))
    )


def _is_none(row: Row) -> bool:
    """Deleted, or held before date and currency were known."""
    status = row.text("SupplierInvoiceStatus")
    known = row.text("DocumentDate") and row.text("DocumentCurrency")
    return status == _DELETED or (status in _HELD and not known)


def _by_order(rows: Iterable[Row], order: str, item: str) -> dict[str, dict[str, Row]]:
    """Items by order, the last row of each."""
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row.joint(order), {})[row.joint(item) or row.needed(item)] = row
    return {number: dict(sorted(items.items(), key=_place)) for number, items in found.items()}


def _place(item: tuple[str, Row]) -> tuple[int, str]:
    return len(item[0]), item[0]


def _invoice(row: Row) -> Key:
    return row.text("SupplierInvoice"), row.text("FiscalYear")


def _reverse(row: Row) -> Key:
    return row.text("ReverseDocument"), row.text("ReverseDocumentFiscalYear")


def _document(row: Row) -> Key:
    return row.text("MaterialDocumentYear"), row.text("MaterialDocument")


def _receipt_key(row: Row) -> Key:
    return (*_document(row), row.text("MaterialDocumentItem"))


def _reversed_key(row: Row) -> Key:
    return (
        row.text("ReversedMaterialDocumentYear"),
        row.text("ReversedMaterialDocument"),
        row.text("ReversedMaterialDocumentItem"),
    )

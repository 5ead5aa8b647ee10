"""The checks of a supplier invoice (reference/matching.md section 9).

Stricter than SAP on purpose: a parked invoice is checked like a posted one, the order's currency
and company code must be the invoice's, and tax must fit its rate. So nothing passes here that a
clerk would have to repair later.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from local.sap.backend import Backend
from local.sap.errors import BALANCE, DUPLICATE, ours, rejected
from local.sap.rules.history import invoiced, invoiced_of_receipt, reference_key
from local.sap.values import Row

TAX_RATES = {"V0": Decimal(0), "V1": Decimal(19), "V2": Decimal(7)}
STATUSES = {"": "5", "5": "5", "A": "A", "B": "B"}  # as sent -> as stored (data element RBSTAT)
POSTED = "5"
DELETED = "2"
_REQUIRED = (
    "CompanyCode",
    "InvoicingParty",
    "DocumentDate",
    "PostingDate",
    "DocumentCurrency",
    "InvoiceGrossAmount",
)
_ITEM_REQUIRED = (
    "SupplierInvoiceItem",
    "PurchaseOrder",
    "PurchaseOrderItem",
    "TaxCode",
    "SupplierInvoiceItemAmount",
)
_ACCOUNT_REQUIRED = (
    "SupplierInvoiceItem",
    "CompanyCode",
    "GLAccount",
    "DebitCreditCode",
    "TaxCode",
    "SupplierInvoiceItemAmount",
)
_DELIVERY_COSTS = ("B", "F")
_BALANCE_TEXT = "Balance is not equal to zero"


def require(given: Mapping[str, object], names: Sequence[str], where: str) -> None:
    """Refuse the first of the fields that is missing or initial."""
    for name in names:
        if given.get(name) in (None, "", "0"):
            raise ours(1, f"Enter a value for {name} in {where}", target=name)


def check_header(given: Row, header: Row, backend: Backend) -> None:
    """Required fields, known values, a supplier that may be posted to."""
    require(given, _REQUIRED, "A_SupplierInvoice")
    if header["SupplierInvoiceStatus"] not in STATUSES:
        raise ours(2, "This status cannot be created", target="SupplierInvoiceStatus")
    if header["SupplierInvoiceIsCreditMemo"] not in ("", "X"):
        raise ours(3, "Use X or nothing", target="SupplierInvoiceIsCreditMemo")
    if Decimal(header["InvoiceGrossAmount"]) <= 0:
        raise ours(4, "The gross amount must be positive", target="InvoiceGrossAmount")
    supplier = backend.find("A_Supplier", Supplier=header["InvoicingParty"])
    if supplier is None:
        raise ours(
            5, f"Supplier {header['InvoicingParty']} does not exist", target="InvoicingParty"
        )
    if supplier["PostingIsBlocked"] or supplier["DeletionIndicator"]:
        raise ours(6, "The supplier is blocked for posting", target="InvoicingParty")


def check_items(header: Row, items: Sequence[Row], backend: Backend) -> None:
    """Every item against its purchase order item; several items of one add up."""
    if not items:
        raise ours(10, "Enter at least one item", target="to_SuplrInvcItemPurOrdRef")
    numbers = [item.get("SupplierInvoiceItem") for item in items]
    if len(set(numbers)) < len(numbers):
        raise ours(11, "Item numbers must differ", target="SupplierInvoiceItem")
    taken: dict[tuple[str, ...], Decimal] = {}
    for item in items:
        _check_amounts(item)
        order_item = _check_order(header, item, backend)
        _check_quantity(header, item, order_item, taken, backend)


def check_accounts(header: Row, items: Sequence[Row]) -> None:
    """Items on a G/L account, which no order knows: debit, in a credit memo credit."""
    numbers = [item.get("SupplierInvoiceItem") for item in items]
    if len(set(numbers)) < len(numbers):
        raise ours(14, "Numbers of account items must differ", target="SupplierInvoiceItem")
    side = "H" if header["SupplierInvoiceIsCreditMemo"] else "S"
    for item in items:
        require(item, _ACCOUNT_REQUIRED, "A_SupplierInvoiceItemGLAcct")
        if Decimal(item["SupplierInvoiceItemAmount"]) <= 0:
            raise ours(12, "The amount must be positive", target="SupplierInvoiceItemAmount")
        if item["CompanyCode"] != header["CompanyCode"]:
            raise ours(15, "The account is of another company code", target="CompanyCode")
        if item["DebitCreditCode"] != side:
            raise ours(16, f"Debit/credit code must be {side}", target="DebitCreditCode")


def _check_amounts(item: Row) -> None:
    require(item, _ITEM_REQUIRED, "A_SuplrInvcItemPurOrdRef")
    if item.get("QuantityInPurchaseOrderUnit", "0") in ("", "0"):
        # Note 3236661: SAP names the balance, not the quantity that is missing (MA-P67).
        raise rejected(BALANCE, _BALANCE_TEXT, target="QuantityInPurchaseOrderUnit")
    for name in ("SupplierInvoiceItemAmount", "QuantityInPurchaseOrderUnit"):
        if Decimal(item[name]) <= 0:
            raise ours(12, f"{name} must be positive", target=name)


def _check_order(header: Row, item: Row, backend: Backend) -> Row:
    order = backend.find("A_PurchaseOrder", PurchaseOrder=item["PurchaseOrder"])
    order_item = order_item_of(item, backend)
    if order is None or order_item is None:
        named = f"{item['PurchaseOrder']} {item['PurchaseOrderItem']}"
        raise ours(20, f"Purchase order item {named} does not exist", target="PurchaseOrderItem")
    if order["PurchasingDocumentDeletionCode"] or order_item["PurchasingDocumentDeletionCode"]:
        raise ours(21, "The purchase order item is deleted or blocked", target="PurchaseOrderItem")
    if order["ReleaseIsNotCompleted"]:
        raise ours(22, "The purchase order is not released", target="PurchaseOrder")
    if order["CompanyCode"] != header["CompanyCode"]:
        raise ours(23, "The purchase order is of another company code", target="CompanyCode")
    own = item.get("DocumentCurrency") or header["DocumentCurrency"]
    if not own == header["DocumentCurrency"] == order["DocumentCurrency"]:
        raise ours(24, "The currency is not the order's", target="DocumentCurrency")
    if order_item["IsFinallyInvoiced"] and not header["SupplierInvoiceIsCreditMemo"]:
        raise ours(25, "The purchase order item is finally invoiced", target="PurchaseOrderItem")
    return order_item


def order_item_of(item: Row, backend: Backend) -> Row | None:
    """The purchase order item that an invoice item names."""
    return backend.find(
        "A_PurchaseOrderItem",
        PurchaseOrder=item["PurchaseOrder"],
        PurchaseOrderItem=item["PurchaseOrderItem"],
    )


def _check_quantity(
    header: Row,
    item: Row,
    order_item: Row,
    taken: dict[tuple[str, ...], Decimal],
    backend: Backend,
) -> None:
    unit = item.get("PurchaseOrderQuantityUnit")
    if unit and unit != order_item["PurchaseOrderQuantityUnit"]:
        raise ours(30, "The unit is not the order unit", target="PurchaseOrderQuantityUnit")
    if item.get("SuplrInvcDeliveryCostCndnType"):
        _check_delivery_cost(item, backend)
        return
    if item.get("IsSubsequentDebitCredit"):
        if invoiced(backend, order_item) <= 0:
            raise ours(33, "Nothing was invoiced before", target="IsSubsequentDebitCredit")
        return
    quantity = Decimal(item["QuantityInPurchaseOrderUnit"])
    if header["SupplierInvoiceIsCreditMemo"]:
        _take(item, quantity, invoiced(backend, order_item), taken, "invoiced")
    elif order_item["InvoiceIsGoodsReceiptBased"]:
        receipt = _receipt(item, backend)
        # SAP expects one invoice item per goods receipt item, up to what it received (MA-P15).
        free = Decimal(receipt["QuantityInEntryUnit"]) - invoiced_of_receipt(
            backend, order_item, receipt
        )
        _take(item, quantity, free, taken, "received")


def _check_delivery_cost(item: Row, backend: Backend) -> None:
    """Only what the order plans may be invoiced by its condition type."""
    key = backend.store.key_of("A_PurchaseOrderItem", item)
    planned = backend.store.under("A_PurOrdPricingElement", key)
    wanted = item["SuplrInvcDeliveryCostCndnType"]
    if not any(
        element["ConditionType"] == wanted and element["ConditionCategory"] in _DELIVERY_COSTS
        for element in planned
    ):
        text = f"The order item plans no delivery cost {wanted}"
        raise ours(34, text, target="SuplrInvcDeliveryCostCndnType")


def _take(
    item: Row,
    quantity: Decimal,
    free: Decimal,
    taken: dict[tuple[str, ...], Decimal],
    word: str,
) -> None:
    key = (item["PurchaseOrder"], item["PurchaseOrderItem"], *_reference(item))
    taken[key] = taken.get(key, Decimal(0)) + quantity
    if taken[key] > free:
        raise ours(31, f"More than was {word}", target="QuantityInPurchaseOrderUnit")


def _reference(item: Row) -> tuple[str, ...]:
    return reference_key(item) if item.get("ReferenceDocument") else ()


def _receipt(item: Row, backend: Backend) -> Row:
    names = ("ReferenceDocument", "ReferenceDocumentFiscalYear", "ReferenceDocumentItem")
    require(item, names, "an item with invoice verification based on goods receipts")
    receipt = backend.find(
        "A_MaterialDocumentItem",
        MaterialDocument=item["ReferenceDocument"],
        MaterialDocumentYear=item["ReferenceDocumentFiscalYear"],
        MaterialDocumentItem=item["ReferenceDocumentItem"],
    )
    same = receipt is not None and all(
        receipt[name] == item[name] for name in ("PurchaseOrder", "PurchaseOrderItem")
    )
    if receipt is None or not same or receipt["GoodsMovementType"] != "101":
        raise ours(32, "No such goods receipt of the order item", target="ReferenceDocument")
    return receipt


def tax_of(header: Row, items: Sequence[Row], taxes: Sequence[Row]) -> list[Row]:
    """The tax lines: calculated where SAP is asked to, checked against the rates otherwise."""
    bases = _bases(header, items)
    if header["TaxIsCalculatedAutomatically"]:
        if taxes:
            raise ours(40, "Tax is calculated automatically: send no tax lines")
        return [{"TaxCode": code, "TaxAmount": _tax(code, bases[code])} for code in sorted(bases)]
    for tax in taxes:
        _check_tax(tax, bases, items)
    sent = [tax["TaxCode"] for tax in taxes]
    if len(set(sent)) < len(sent):
        raise ours(41, "One tax line per tax code", target="TaxCode")
    missing = [code for code in sorted(bases) if TAX_RATES[code] and code not in sent]
    if missing:
        raise ours(42, f"The tax line of code {missing[0]} is missing", target="TaxCode")
    return list(taxes)


def _bases(header: Row, items: Sequence[Row]) -> dict[str, Decimal]:
    """Amount by tax code; the unplanned delivery cost counts where it has a code."""
    amounts = [(item["TaxCode"], item["SupplierInvoiceItemAmount"]) for item in items]
    if header["UnplannedDeliveryCostTaxCode"]:
        amounts.append((header["UnplannedDeliveryCostTaxCode"], header["UnplannedDeliveryCost"]))
    bases: dict[str, Decimal] = {}
    for code, amount in amounts:
        _check_code(code)
        bases[code] = bases.get(code, Decimal(0)) + Decimal(amount)
    return bases


def _check_code(code: str) -> None:
    if code not in TAX_RATES:
        raise ours(13, f"Tax code {code} is not defined", target="TaxCode")


def _tax(code: str, base: Decimal) -> str:
    return str((base * TAX_RATES[code] / 100).quantize(Decimal("0.01")))


def _check_tax(tax: Row, bases: Mapping[str, Decimal], items: Sequence[Row]) -> None:
    require(tax, ("TaxCode",), "A_SupplierInvoiceTax")
    if "TaxAmount" not in tax:
        raise ours(43, "Enter a value for TaxAmount", target="TaxAmount")
    if tax["TaxCode"] not in bases:
        raise ours(44, "The tax code is in no item", target="TaxCode")
    # Tax may be rounded per line or per document (MA-P35): one cent per item either way.
    lines = sum(item["TaxCode"] == tax["TaxCode"] for item in items)
    expected = Decimal(_tax(tax["TaxCode"], bases[tax["TaxCode"]]))
    if abs(Decimal(tax["TaxAmount"]) - expected) > Decimal("0.01") * max(lines, 1):
        raise ours(45, f"The tax amount does not fit code {tax['TaxCode']}", target="TaxAmount")


def check_balance(header: Row, items: Sequence[Row], taxes: Sequence[Row]) -> None:
    """Gross is the sum of items, tax and unplanned delivery cost, to the last cent (MA-P68)."""
    total = sum((Decimal(item["SupplierInvoiceItemAmount"]) for item in items), Decimal(0))
    total += sum((Decimal(tax["TaxAmount"]) for tax in taxes), Decimal(0))
    total += Decimal(header["UnplannedDeliveryCost"])
    if total != Decimal(header["InvoiceGrossAmount"]):
        raise rejected(BALANCE, _BALANCE_TEXT, target="InvoiceGrossAmount")


def check_duplicate(header: Row, backend: Backend) -> None:
    """SAP's check: six fields equal, parked documents included, credits and reversals not.

    Only invoices with a reference are checked (help.sap.com, "Check for Duplication of Invoice
    Entry"); the switch in the supplier's master data must be on.
    """
    reference = header["SupplierInvoiceIDByInvcgParty"]
    if not backend.duplicate_check or not reference or header["SupplierInvoiceIsCreditMemo"]:
        return
    for other in backend.store.rows("A_SupplierInvoice"):
        same = other["SupplierInvoiceIDByInvcgParty"] == reference
        if same and other is not header and _duplicates(header, other):
            number = f"{other['SupplierInvoice']} {other['FiscalYear']}"
            raise rejected(
                DUPLICATE,
                f"Check if invoice already entered as logistics inv. doc. number {number}",
            )


def _duplicates(header: Row, other: Row) -> bool:
    names = ("CompanyCode", "InvoicingParty", "DocumentDate", "DocumentCurrency")
    return (
        all(header[name] == other[name] for name in names)
        and Decimal(header["InvoiceGrossAmount"]) == Decimal(other["InvoiceGrossAmount"])
        and not (other["SupplierInvoiceIsCreditMemo"] or other["IsReversed"])
        and not other["IsReversal"]
        and other["SupplierInvoiceStatus"] != DELETED
    )

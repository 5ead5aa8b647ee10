"""The samples as electronic invoices: UBL 2.1 and UN/CEFACT CII, both in the form of EN 16931."""

from decimal import Decimal
from typing import Any

from lxml import etree

from local.samples.nouns import Business, Invoice, Line
from local.samples.world import BUYER

_GUIDELINE = "urn:cen.eu:en16931:2017"
_UNITS = {"PC": "C62", "M": "MTR"}  # UN/ECE Recommendation 20
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_UBL_NAMES = {
    None: f"{_UBL}Invoice-2",
    "cac": f"{_UBL}CommonAggregateComponents-2",
    "cbc": f"{_UBL}CommonBasicComponents-2",
}
_CII = "urn:un:unece:uncefact:data:standard:"
_CII_NAMES = {
    "rsm": f"{_CII}CrossIndustryInvoice:100",
    "ram": f"{_CII}ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_CII}UnqualifiedDataType:100",
}
# A node is (name, content, attributes): content is a text, or a list of nodes.
Node = tuple[str, Any, dict[str, str]]


def _node(name: str, content: Any, **attributes: str) -> Node:
    return name, content, attributes


def _document(root: str, names: dict[str | None, str] | dict[str, str], nodes: list[Node]) -> bytes:
    prefix, _, local = root.rpartition(":")
    element = etree.Element(f"{{{names[prefix or None]}}}{local}", nsmap=names)  # type: ignore[index, arg-type]
    _fill(element, nodes)
    etree.indent(element)
    return etree.tostring(element, xml_declaration=True, encoding="UTF-8") + b"\n"


def _fill(parent: etree._Element, nodes: list[Node]) -> None:
    for name, content, attributes in nodes:
        prefix, _, local = name.partition(":")
        child = etree.SubElement(parent, f"{{{parent.nsmap[prefix]}}}{local}", attributes)
        if isinstance(content, list):
            _fill(child, content)
        else:
            child.text = str(content)


def ubl(invoice: Invoice) -> bytes:
    """The invoice in UBL 2.1."""
    order = [_node("cbc:ID", invoice.order)]
    nodes = [
        _node("cbc:CustomizationID", _GUIDELINE),
        _node("cbc:ID", invoice.number),
        _node("cbc:IssueDate", invoice.issued),
        _node("cbc:DueDate", invoice.due),
        _node("cbc:InvoiceTypeCode", "380"),
        _node("cbc:DocumentCurrencyCode", "EUR"),
        _node("cac:OrderReference", order),
        *_ubl_delivery_note(invoice),
        _node("cac:AccountingSupplierParty", [_ubl_party(invoice.seller)]),
        _node("cac:AccountingCustomerParty", [_ubl_party(BUYER)]),
        _node("cac:PaymentMeans", _ubl_payment(invoice.seller)),
        _node("cac:TaxTotal", _ubl_tax(invoice)),
        _node("cac:LegalMonetaryTotal", _ubl_totals(invoice)),
        *(_node("cac:InvoiceLine", _ubl_line(line)) for line in invoice.lines),
    ]
    return _document("Invoice", _UBL_NAMES, nodes)


def _ubl_amount(name: str, amount: Decimal) -> Node:
    return _node(name, amount, currencyID="EUR")


def _ubl_delivery_note(invoice: Invoice) -> list[Node]:
    if not invoice.delivery_note:
        return []
    return [_node("cac:DespatchDocumentReference", [_node("cbc:ID", invoice.delivery_note)])]


def _ubl_party(party: Business) -> Node:
    address = [
        _node("cbc:StreetName", party.street),
        _node("cbc:CityName", party.city),
        _node("cbc:PostalZone", party.postcode),
        _node("cac:Country", [_node("cbc:IdentificationCode", party.country)]),
    ]
    tax = [_node("cbc:CompanyID", party.vat_id), _ubl_scheme()]
    return _node(
        "cac:Party",
        [
            _node("cac:PostalAddress", address),
            _node("cac:PartyTaxScheme", tax),
            _node("cac:PartyLegalEntity", [_node("cbc:RegistrationName", party.name)]),
        ],
    )


def _ubl_payment(seller: Business) -> list[Node]:
    return [
        _node("cbc:PaymentMeansCode", "58"),
        _node("cac:PayeeFinancialAccount", [_node("cbc:ID", seller.iban)]),
    ]


def _ubl_scheme() -> Node:
    return _node("cac:TaxScheme", [_node("cbc:ID", "VAT")])


def _ubl_category(name: str, rate: int) -> Node:
    return _node(name, [_node("cbc:ID", "S"), _node("cbc:Percent", rate), _ubl_scheme()])


def _ubl_tax(invoice: Invoice) -> list[Node]:
    rows = [
        [
            _ubl_amount("cbc:TaxableAmount", basis),
            _ubl_amount("cbc:TaxAmount", tax),
            _ubl_category("cac:TaxCategory", rate),
        ]
        for rate, basis, tax in invoice.taxes
    ]
    return [
        _ubl_amount("cbc:TaxAmount", invoice.tax),
        *(_node("cac:TaxSubtotal", row) for row in rows),
    ]


def _ubl_totals(invoice: Invoice) -> list[Node]:
    return [
        _ubl_amount("cbc:LineExtensionAmount", invoice.net),
        _ubl_amount("cbc:TaxExclusiveAmount", invoice.net),
        _ubl_amount("cbc:TaxInclusiveAmount", invoice.total),
        _ubl_amount("cbc:PayableAmount", invoice.total),
    ]


def _ubl_line(line: Line) -> list[Node]:
    unit = _UNITS[line.unit]
    item = [
        _node("cbc:Name", line.text),
        _node("cac:SellersItemIdentification", [_node("cbc:ID", line.material)]),
        _ubl_category("cac:ClassifiedTaxCategory", line.tax_rate),
    ]
    price = [
        _ubl_amount("cbc:PriceAmount", line.price),
        _node("cbc:BaseQuantity", line.per, unitCode=unit),
    ]
    return [
        _node("cbc:ID", line.id),
        _node("cbc:InvoicedQuantity", line.quantity, unitCode=unit),
        _ubl_amount("cbc:LineExtensionAmount", line.net),
        _node("cac:OrderLineReference", [_node("cbc:LineID", line.order_item)]),
        _node("cac:Item", item),
        _node("cac:Price", price),
    ]


def cii(invoice: Invoice) -> bytes:
    """The invoice in UN/CEFACT Cross Industry Invoice D16B, as inside Factur-X and ZUGFeRD 2."""
    guideline = [_node("ram:ID", _GUIDELINE)]
    parameter = _node("ram:GuidelineSpecifiedDocumentContextParameter", guideline)
    head = [
        _node("ram:ID", invoice.number),
        _node("ram:TypeCode", "380"),
        _node("ram:IssueDateTime", [_cii_date(invoice.issued)]),
    ]
    transaction = [
        *(_node("ram:IncludedSupplyChainTradeLineItem", _cii_line(line)) for line in invoice.lines),
        _node("ram:ApplicableHeaderTradeAgreement", _cii_agreement(invoice)),
        _node("ram:ApplicableHeaderTradeDelivery", _cii_delivery(invoice)),
        _node("ram:ApplicableHeaderTradeSettlement", _cii_settlement(invoice)),
    ]
    return _document(
        "rsm:CrossIndustryInvoice",
        _CII_NAMES,
        [
            _node("rsm:ExchangedDocumentContext", [parameter]),
            _node("rsm:ExchangedDocument", head),
            _node("rsm:SupplyChainTradeTransaction", transaction),
        ],
    )


def _cii_date(day: Any) -> Node:
    return _node("udt:DateTimeString", f"{day:%Y%m%d}", format="102")


def _cii_reference(name: str, value: str) -> list[Node]:
    return [_node(name, [_node("ram:IssuerAssignedID", value)])] if value else []


def _cii_agreement(invoice: Invoice) -> list[Node]:
    return [
        _node("ram:SellerTradeParty", _cii_party(invoice.seller)),
        _node("ram:BuyerTradeParty", _cii_party(BUYER)),
        *_cii_reference("ram:SellerOrderReferencedDocument", invoice.sales_order),
        *_cii_reference("ram:BuyerOrderReferencedDocument", invoice.order),
    ]


def _cii_delivery(invoice: Invoice) -> list[Node]:
    return _cii_reference("ram:DespatchAdviceReferencedDocument", invoice.delivery_note)


def _cii_party(party: Business) -> list[Node]:
    address = [
        _node("ram:PostcodeCode", party.postcode),
        _node("ram:LineOne", party.street),
        _node("ram:CityName", party.city),
        _node("ram:CountryID", party.country),
    ]
    return [
        _node("ram:Name", party.name),
        _node("ram:PostalTradeAddress", address),
        _node("ram:SpecifiedTaxRegistration", [_node("ram:ID", party.vat_id, schemeID="VA")]),
    ]


def _cii_settlement(invoice: Invoice) -> list[Node]:
    account = _node("ram:PayeePartyCreditorFinancialAccount", [_iban(invoice.seller)])
    means = [_node("ram:TypeCode", "58"), account]
    due = _node("ram:DueDateDateTime", [_cii_date(invoice.due)])
    totals = [
        _node("ram:LineTotalAmount", invoice.net),
        _node("ram:TaxBasisTotalAmount", invoice.net),
        _node("ram:TaxTotalAmount", invoice.tax, currencyID="EUR"),
        _node("ram:GrandTotalAmount", invoice.total),
        _node("ram:DuePayableAmount", invoice.total),
    ]
    return [
        _node("ram:InvoiceCurrencyCode", "EUR"),
        _node("ram:SpecifiedTradeSettlementPaymentMeans", means),
        *(_cii_tax(*row) for row in invoice.taxes),
        _node("ram:SpecifiedTradePaymentTerms", [due]),
        _node("ram:SpecifiedTradeSettlementHeaderMonetarySummation", totals),
    ]


def _iban(seller: Business) -> Node:
    return _node("ram:IBANID", seller.iban)


def _cii_tax(rate: int, basis: Decimal, tax: Decimal) -> Node:
    row = [
        _node("ram:CalculatedAmount", tax),
        _node("ram:TypeCode", "VAT"),
        _node("ram:BasisAmount", basis),
        _node("ram:CategoryCode", "S"),
        _node("ram:RateApplicablePercent", rate),
    ]
    return _node("ram:ApplicableTradeTax", row)


def _cii_line(line: Line) -> list[Node]:
    unit = _UNITS[line.unit]
    product = [_node("ram:SellerAssignedID", line.material), _node("ram:Name", line.text)]
    price = [
        _node("ram:ChargeAmount", line.price),
        _node("ram:BasisQuantity", line.per, unitCode=unit),
    ]
    order = [_node("ram:LineID", line.order_item)]
    agreement = [
        _node("ram:BuyerOrderReferencedDocument", order),
        _node("ram:NetPriceProductTradePrice", price),
    ]
    tax = [
        _node("ram:TypeCode", "VAT"),
        _node("ram:CategoryCode", "S"),
        _node("ram:RateApplicablePercent", line.tax_rate),
    ]
    summation = "ram:SpecifiedTradeSettlementLineMonetarySummation"
    settlement = [
        _node("ram:ApplicableTradeTax", tax),
        _node(summation, [_node("ram:LineTotalAmount", line.net)]),
    ]
    billed = [_node("ram:BilledQuantity", line.quantity, unitCode=unit)]
    return [
        _node("ram:AssociatedDocumentLineDocument", [_node("ram:LineID", line.id)]),
        _node("ram:SpecifiedTradeProduct", product),
        _node("ram:SpecifiedLineTradeAgreement", agreement),
        _node("ram:SpecifiedLineTradeDelivery", billed),
        _node("ram:SpecifiedLineTradeSettlement", settlement),
    ]

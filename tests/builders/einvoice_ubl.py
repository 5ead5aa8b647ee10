"""An invoice written as UBL 2.1, as EN 16931-3-2 binds it."""

from sapmatch.model.invoice import Address, AllowanceCharge, Invoice, InvoiceLine, Party, Period
from tests.builders.einvoices import TYPES
from tests.builders.xml_text import NOTHING, Fragment, document, element, money

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


def ubl(invoice: Invoice) -> bytes:
    """The invoice, or the credit note, in UBL."""
    credit = invoice.type == "credit-note"
    root = "CreditNote" if credit else "Invoice"
    unpaid = element("TaxTotal", money("TaxAmount", invoice.tax_accounted, invoice.tax_currency))
    body = [
        element("CustomizationID", invoice.profile),
        element("ID", invoice.number),
        element("IssueDate", invoice.issue_date),
        NOTHING if credit else element("DueDate", invoice.due_date),
        element(f"{root}TypeCode", TYPES[invoice.type]),
        *(element("Note", note) for note in invoice.notes),
        element("TaxPointDate", invoice.tax_point),
        element("DocumentCurrencyCode", invoice.currency),
        element("TaxCurrencyCode", invoice.tax_currency),
        element("AccountingCost", invoice.accounting_reference),
        element("BuyerReference", invoice.buyer_reference),
        _period(invoice.period),
        *_references(invoice, credit=credit),
        element("AccountingSupplierParty", _party("Party", invoice.seller)),
        element("AccountingCustomerParty", _party("Party", invoice.buyer)),
        _party("PayeeParty", invoice.payee) if invoice.payee else NOTHING,
        _delivery(invoice),
        *_payment(invoice, credit=credit),
        *(_item(item) for item in invoice.allowances_charges),
        unpaid if invoice.tax_accounted is not None else NOTHING,
        _taxes(invoice),
        _totals(invoice),
        *(_line(line, credit=credit) for line in invoice.lines),
    ]
    return document(root, {"xmlns": f"{_UBL}{root}-2"}, body)


def _references(invoice: Invoice, *, credit: bool) -> list[Fragment]:
    of_lines = [line.order_reference for line in invoice.lines if line.order_reference]
    head = [order for order in invoice.order_references if order not in of_lines]
    order = head[0] if head else "#MULTI#"
    project = invoice.project_reference
    return [
        element(
            "OrderReference",
            element("ID", order),
            element("SalesOrderID", invoice.sales_order_reference),
        ),
        *(
            element(
                "BillingReference",
                element(
                    "InvoiceDocumentReference",
                    element("ID", earlier.number),
                    element("IssueDate", earlier.issue_date),
                ),
            )
            for earlier in invoice.preceding_invoices
        ),
        element("DespatchDocumentReference", element("ID", invoice.delivery_note)),
        element("ReceiptDocumentReference", element("ID", invoice.receiving_advice)),
        element("ContractDocumentReference", element("ID", invoice.contract_reference)),
        element("AdditionalDocumentReference", element("ID", "Anlage 1")),
        _additional("130", invoice.invoiced_object),
        _additional("50", project)
        if credit
        else element("ProjectReference", element("ID", project)),
    ]


def _additional(type: str, number: str | None) -> Fragment:
    if number is None:
        return NOTHING
    parts = (element("ID", number), element("DocumentTypeCode", type))
    return element("AdditionalDocumentReference", *parts)


def _party(name: str, party: Party) -> Fragment:
    legal = element("RegistrationName", party.name) + element("CompanyID", party.registration_id)
    return element(
        name,
        element("EndpointID", party.electronic_address),
        *(element("PartyIdentification", element("ID", number)) for number in party.identifiers),
        element("PartyIdentification", element("ID", "DE98ZZZ09999999999", schemeID="SEPA")),
        element("PartyName", element("Name", party.trading_name)),
        _address("PostalAddress", party.address, party.country),
        _scheme(party.tax_id, "FC"),
        _scheme(party.vat_id, "VAT"),
        element("PartyLegalEntity", legal),
    )


def _scheme(number: str | None, scheme: str) -> Fragment:
    if number is None:
        return NOTHING
    tax = element("TaxScheme", element("ID", scheme))
    return element("PartyTaxScheme", element("CompanyID", number), tax)


def _address(name: str, address: Address | None, country: str | None) -> Fragment:
    street, second, third = (*(address.lines if address else ()), None, None, None)[:3]
    return element(
        name,
        element("StreetName", street),
        element("AdditionalStreetName", second),
        element("CityName", address and address.city),
        element("PostalZone", address and address.postal_code),
        element("CountrySubentity", address and address.region),
        element("AddressLine", element("Line", third)),
        element("Country", element("IdentificationCode", country)),
    )


def _delivery(invoice: Invoice) -> Fragment:
    place = invoice.delivered_to or Party()
    location = [element("ID", number) for number in place.identifiers]
    address = _address("Address", place.address, place.country)
    return element(
        "Delivery",
        element("ActualDeliveryDate", invoice.delivery_date),
        element("DeliveryLocation", *location, address),
        element("DeliveryParty", element("PartyName", element("Name", place.name))),
    )


def _payment(invoice: Invoice, *, credit: bool) -> list[Fragment]:
    paid = invoice.payment
    accounts = [
        element(
            "PayeeFinancialAccount",
            element("ID", account.iban),
            element("Name", account.name),
            element("FinancialInstitutionBranch", element("ID", account.bic)),
        )
        for account in paid.accounts
    ]
    debited = element("PayerFinancialAccount", element("ID", paid.debited_account))
    head = [
        element("PaymentMeansCode", paid.means),
        element("PaymentDueDate", invoice.due_date) if credit else NOTHING,
        element("PaymentID", paid.reference),
    ]
    mandate = element("PaymentMandate", element("ID", paid.mandate), debited)
    means = [element("PaymentMeans", *head, account, mandate) for account in accounts or [NOTHING]]
    return [*means, element("PaymentTerms", element("Note", paid.terms))]


def _item(item: AllowanceCharge) -> Fragment:
    return element(
        "AllowanceCharge",
        element("ChargeIndicator", "true" if item.is_charge else "false"),
        element("AllowanceChargeReasonCode", item.reason_code),
        element("AllowanceChargeReason", item.reason),
        element("MultiplierFactorNumeric", item.percent),
        money("Amount", item.amount),
        money("BaseAmount", item.base),
        element("TaxCategory", element("ID", item.tax_category), element("Percent", item.tax_rate)),
    )


def _taxes(invoice: Invoice) -> Fragment:
    rows = [
        element(
            "TaxSubtotal",
            money("TaxableAmount", row.basis),
            money("TaxAmount", row.amount),
            element(
                "TaxCategory",
                element("ID", row.category),
                element("Percent", row.rate),
                element("TaxExemptionReasonCode", row.exemption),
            ),
        )
        for row in invoice.taxes
    ]
    return element("TaxTotal", money("TaxAmount", invoice.tax), *rows)


def _totals(invoice: Invoice) -> Fragment:
    return element(
        "LegalMonetaryTotal",
        money("LineExtensionAmount", invoice.line_total),
        money("TaxExclusiveAmount", invoice.net),
        money("TaxInclusiveAmount", invoice.total),
        money("AllowanceTotalAmount", invoice.allowance_total),
        money("ChargeTotalAmount", invoice.charge_total),
        money("PrepaidAmount", invoice.prepaid),
        money("PayableRoundingAmount", invoice.rounding),
        money("PayableAmount", invoice.payable),
    )


def _line(line: InvoiceLine, *, credit: bool) -> Fragment:
    order = element("OrderReference", element("ID", line.order_reference))
    note = element("DocumentReference", element("ID", line.delivery_note))
    unit = {"unitCode": line.unit or ""}
    category = element("ID", line.tax_category) + element("Percent", line.tax_rate)
    return element(
        "CreditNoteLine" if credit else "InvoiceLine",
        element("ID", line.id),
        element("Note", line.note),
        element("CreditedQuantity" if credit else "InvoicedQuantity", line.quantity, **unit),
        money("LineExtensionAmount", line.net),
        element("AccountingCost", line.accounting_reference),
        _period(line.period),
        element("OrderLineReference", element("LineID", line.order_item), order),
        element("DespatchLineReference", note),
        *(_item(item) for item in line.allowances_charges),
        element(
            "Item",
            element("Name", line.description),
            element("BuyersItemIdentification", element("ID", line.buyer_item_id)),
            element("SellersItemIdentification", element("ID", line.seller_item_id)),
            element("StandardItemIdentification", element("ID", line.standard_item_id)),
            element("ClassifiedTaxCategory", category),
        ),
        _price(line, unit),
    )


def _price(line: InvoiceLine, unit: dict[str, str]) -> Fragment:
    reduction = money("Amount", line.price_discount) + money("BaseAmount", line.gross_price)
    indicator = element("ChargeIndicator", "false") if reduction else NOTHING
    return element(
        "Price",
        money("PriceAmount", line.unit_price),
        element("BaseQuantity", line.price_base_quantity, **unit),
        element("AllowanceCharge", indicator, reduction),
    )


def _period(period: Period | None) -> Fragment:
    if period is None:
        return NOTHING
    return element(
        "InvoicePeriod", element("StartDate", period.start), element("EndDate", period.end)
    )

"""An invoice written as UN/CEFACT CII D16B, as EN 16931-3-3 binds it."""

from datetime import date

from sapmatch.model.invoice import Address, AllowanceCharge, Invoice, InvoiceLine, Party, Period
from tests.builders.einvoices import TYPES
from tests.builders.xml_text import NOTHING, Fragment, document, element, money

_CII = "urn:un:unece:uncefact:data:standard:"


def cii(invoice: Invoice) -> bytes:
    """The invoice in CII."""
    context = element("GuidelineSpecifiedDocumentContextParameter", element("ID", invoice.profile))
    head = element(
        "ExchangedDocument",
        element("ID", invoice.number),
        element("TypeCode", TYPES[invoice.type]),
        _day("IssueDateTime", invoice.issue_date),
        *(element("IncludedNote", element("Content", note)) for note in invoice.notes),
    )
    trade = element(
        "SupplyChainTradeTransaction",
        *(_line(line) for line in invoice.lines),
        _agreement(invoice),
        _delivery(invoice),
        _settlement(invoice),
    )
    names = {"xmlns": f"{_CII}CrossIndustryInvoice:100"}
    body = [element("ExchangedDocumentContext", context), head, trade]
    return document("CrossIndustryInvoice", names, body)


def _agreement(invoice: Invoice) -> Fragment:
    of_lines = [line.order_reference for line in invoice.lines if line.order_reference]
    head = [order for order in invoice.order_references if order not in of_lines]
    metered = _reference("AdditionalReferencedDocument", invoice.invoiced_object)
    typed = metered.replace("</Add", "<TypeCode>130</TypeCode></Add")
    return element(
        "ApplicableHeaderTradeAgreement",
        element("BuyerReference", invoice.buyer_reference),
        _party("SellerTradeParty", invoice.seller),
        _party("BuyerTradeParty", invoice.buyer),
        _reference("SellerOrderReferencedDocument", invoice.sales_order_reference),
        _reference("BuyerOrderReferencedDocument", head[0] if head else None),
        _reference("ContractReferencedDocument", invoice.contract_reference),
        Fragment(typed),
        element("SpecifiedProcuringProject", element("ID", invoice.project_reference)),
    )


def _delivery(invoice: Invoice) -> Fragment:
    happened = _day("OccurrenceDateTime", invoice.delivery_date)
    return element(
        "ApplicableHeaderTradeDelivery",
        _party("ShipToTradeParty", invoice.delivered_to),
        element("ActualDeliverySupplyChainEvent", happened),
        _reference("DespatchAdviceReferencedDocument", invoice.delivery_note),
        _reference("ReceivingAdviceReferencedDocument", invoice.receiving_advice),
    )


def _party(name: str, party: Party | None) -> Fragment:
    if party is None:
        return NOTHING
    legal = element("ID", party.registration_id) + element(
        "TradingBusinessName", party.trading_name
    )
    address = party.address or Address()
    first, second, third = (*address.lines, None, None, None)[:3]
    return element(
        name,
        *(element("ID", number) for number in party.identifiers),
        element("Name", party.name),
        element("SpecifiedLegalOrganization", legal),
        element(
            "PostalTradeAddress",
            element("PostcodeCode", address.postal_code),
            element("LineOne", first),
            element("LineTwo", second),
            element("LineThree", third),
            element("CityName", address.city),
            element("CountryID", party.country),
            element("CountrySubDivisionName", address.region),
        ),
        element(
            "URIUniversalCommunication", element("URIID", party.electronic_address, schemeID="EM")
        ),
        element("SpecifiedTaxRegistration", element("ID", party.vat_id, schemeID="VA")),
        element("SpecifiedTaxRegistration", element("ID", party.tax_id, schemeID="FC")),
    )


def _settlement(invoice: Invoice) -> Fragment:
    paid = invoice.payment
    account = element("ID", invoice.accounting_reference)
    return element(
        "ApplicableHeaderTradeSettlement",
        element("PaymentReference", paid.reference),
        element("TaxCurrencyCode", invoice.tax_currency),
        element("InvoiceCurrencyCode", invoice.currency),
        _party("PayeeTradeParty", invoice.payee),
        *_means(invoice),
        *_taxes(invoice),
        _period(invoice.period),
        *(_item("SpecifiedTradeAllowanceCharge", item) for item in invoice.allowances_charges),
        element(
            "SpecifiedTradePaymentTerms",
            element("Description", paid.terms),
            _day("DueDateDateTime", invoice.due_date),
            element("DirectDebitMandateID", paid.mandate),
        ),
        _totals(invoice),
        *(
            element(
                "InvoiceReferencedDocument",
                element("IssuerAssignedID", earlier.number),
                _day("FormattedIssueDateTime", earlier.issue_date),
            )
            for earlier in invoice.preceding_invoices
        ),
        element("ReceivableSpecifiedTradeAccountingAccount", account),
    )


def _means(invoice: Invoice) -> list[Fragment]:
    paid = invoice.payment
    debited = element("PayerPartyDebtorFinancialAccount", element("IBANID", paid.debited_account))
    accounts = [
        element(
            "PayeePartyCreditorFinancialAccount",
            element("IBANID", account.iban),
            element("AccountName", account.name),
        )
        + element("PayeeSpecifiedCreditorFinancialInstitution", element("BICID", account.bic))
        for account in paid.accounts
    ]
    return [
        element(
            "SpecifiedTradeSettlementPaymentMeans",
            element("TypeCode", paid.means),
            debited,
            account,
        )
        for account in accounts or [NOTHING]
    ]


def _taxes(invoice: Invoice) -> list[Fragment]:
    return [
        element(
            "ApplicableTradeTax",
            element("CalculatedAmount", row.amount),
            element("TypeCode", "VAT"),
            element("BasisAmount", row.basis),
            element("CategoryCode", row.category),
            element("ExemptionReasonCode", row.exemption),
            _day("TaxPointDate", invoice.tax_point, "DateString"),
            element("RateApplicablePercent", row.rate),
        )
        for row in invoice.taxes
    ]


def _totals(invoice: Invoice) -> Fragment:
    return element(
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        element("LineTotalAmount", invoice.line_total),
        element("ChargeTotalAmount", invoice.charge_total),
        element("AllowanceTotalAmount", invoice.allowance_total),
        element("TaxBasisTotalAmount", invoice.net),
        money("TaxTotalAmount", invoice.tax_accounted, invoice.tax_currency),
        money("TaxTotalAmount", invoice.tax),
        element("RoundingAmount", invoice.rounding),
        element("GrandTotalAmount", invoice.total),
        element("TotalPrepaidAmount", invoice.prepaid),
        element("DuePayableAmount", invoice.payable),
    )


def _item(name: str, item: AllowanceCharge) -> Fragment:
    tax = element("CategoryCode", item.tax_category) + element(
        "RateApplicablePercent", item.tax_rate
    )
    return element(
        name,
        element("ChargeIndicator", element("Indicator", "true" if item.is_charge else "false")),
        element("CalculationPercent", item.percent),
        element("BasisAmount", item.base),
        element("ActualAmount", item.amount),
        element("ReasonCode", item.reason_code),
        element("Reason", item.reason),
        element("CategoryTradeTax", tax),
    )


def _line(line: InvoiceLine) -> Fragment:
    tax = element("CategoryCode", line.tax_category) + element(
        "RateApplicablePercent", line.tax_rate
    )
    order = element("IssuerAssignedID", line.order_reference) + element("LineID", line.order_item)
    unit = {"unitCode": line.unit or ""}
    return element(
        "IncludedSupplyChainTradeLineItem",
        element(
            "AssociatedDocumentLineDocument",
            element("LineID", line.id),
            element("IncludedNote", element("Content", line.note)),
        ),
        element(
            "SpecifiedTradeProduct",
            element("GlobalID", line.standard_item_id),
            element("SellerAssignedID", line.seller_item_id),
            element("BuyerAssignedID", line.buyer_item_id),
            element("Name", line.description),
        ),
        element(
            "SpecifiedLineTradeAgreement",
            element("BuyerOrderReferencedDocument", order),
            _gross_price(line),
            element(
                "NetPriceProductTradePrice",
                element("ChargeAmount", line.unit_price),
                element("BasisQuantity", line.price_base_quantity, **unit),
            ),
        ),
        element(
            "SpecifiedLineTradeDelivery",
            element("BilledQuantity", line.quantity, **unit),
            _reference("DespatchAdviceReferencedDocument", line.delivery_note),
        ),
        element(
            "SpecifiedLineTradeSettlement",
            element("ApplicableTradeTax", tax),
            _period(line.period),
            *(_item("SpecifiedTradeAllowanceCharge", i) for i in line.allowances_charges),
            element(
                "SpecifiedTradeSettlementLineMonetarySummation",
                element("LineTotalAmount", line.net),
            ),
            element(
                "ReceivableSpecifiedTradeAccountingAccount",
                element("ID", line.accounting_reference),
            ),
        ),
    )


def _gross_price(line: InvoiceLine) -> Fragment:
    if line.price_discount is None:
        return NOTHING
    discount = AllowanceCharge(is_charge=False, amount=line.price_discount)
    return element(
        "GrossPriceProductTradePrice",
        element("ChargeAmount", line.gross_price),
        _item("AppliedTradeAllowanceCharge", discount),
    )


def _period(period: Period | None) -> Fragment:
    if period is None:
        return NOTHING
    start, end = _day("StartDateTime", period.start), _day("EndDateTime", period.end)
    return element("BillingSpecifiedPeriod", start, end)


def _day(name: str, day: date | None, format: str = "DateTimeString") -> Fragment:
    return element(name, element(format, day and f"{day:%Y%m%d}", format="102"))


def _reference(name: str, number: str | None) -> Fragment:
    return element(name, element("IssuerAssignedID", number))

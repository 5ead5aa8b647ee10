"""Where things stand in a Cross Industry Invoice.

D16B (Factur-X, ZUGFeRD 2, XRechnung) and ZUGFeRD 1.0, which has the same tree under older names:
a path names both, the new one first.
"""

CONTEXT = "ExchangedDocumentContext|SpecifiedExchangedDocumentContext"
DOCUMENT = "ExchangedDocument|HeaderExchangedDocument"
TRADE = "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction"
AGREEMENT = f"{TRADE}/ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement"
DELIVERY = f"{TRADE}/ApplicableHeaderTradeDelivery|ApplicableSupplyChainTradeDelivery"
SETTLEMENT = f"{TRADE}/ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement"
SUMS = (
    f"{SETTLEMENT}/SpecifiedTradeSettlementHeaderMonetarySummation"
    "|SpecifiedTradeSettlementMonetarySummation"
)
LINE = f"{TRADE}/IncludedSupplyChainTradeLineItem"
LINE_AGREEMENT = "SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement"
LINE_DELIVERY = "SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery"
LINE_SETTLEMENT = "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement"
LINE_SUMS = (
    "SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
)
DESPATCH_ADVICE = "DespatchAdviceReferencedDocument|DeliveryNoteReferencedDocument"
REFERENCE = "IssuerAssignedID|ID"
DAY = "DateTimeString|DateString|DateTime"
RATE = "RateApplicablePercent|ApplicablePercent"

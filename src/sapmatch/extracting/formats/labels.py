"""Names of columns for people: the settings' own, SAP's labels, and SAP's German abbreviations."""

from collections.abc import Mapping
from typing import Final

from sapmatch.extracting.formats.parts import Part
from sapmatch.model.shape import Field

# Fields of the ABAP dictionary as services of a company's own show them, mostly without a label:
# documents of sales, purchasing, stock and accounting, and the masters behind them.
ABBREVIATIONS: Final[Mapping[str, str]] = {
    "AEDAT": "Changed on",
    "AUART": "Sales document type",
    "AUGBL": "Clearing document",
    "AUGDT": "Clearing date",
    "BEDAT": "Purchase order date",
    "BELNR": "Document number",
    "BLART": "Document type",
    "BLDAT": "Document date",
    "BSART": "Purchasing document type",
    "BSTKD": "Customer reference",
    "BSTNK": "Customer order number",
    "BUDAT": "Posting date",
    "BUKRS": "Company code",
    "BUZEI": "Line item",
    "BWART": "Movement type",
    "CHARG": "Batch",
    "CPUDT": "Entry date",
    "DMBTR": "Amount in local currency",
    "EBELN": "Purchase order",
    "EBELP": "Purchase order item",
    "EKGRP": "Purchasing group",
    "EKORG": "Purchasing organization",
    "ERDAT": "Created on",
    "ERNAM": "Created by",
    "FKART": "Billing type",
    "FKDAT": "Billing date",
    "GJAHR": "Fiscal year",
    "HKONT": "G/L account",
    "HWAER": "Local currency",
    "IDNRK": "Component",
    "KOSTL": "Cost center",
    "KUNAG": "Sold-to party",
    "KUNNR": "Customer",
    "KUNWE": "Ship-to party",
    "KURSF": "Exchange rate",
    "LAND1": "Country",
    "LFDAT": "Delivery date",
    "LGORT": "Storage location",
    "LIFNR": "Supplier",
    "LOEKZ": "Deletion indicator",
    "MAKTX": "Material description",
    "MANDT": "Client",
    "MATKL": "Material group",
    "MATNR": "Material",
    "MBLNR": "Material document",
    "MEINS": "Base unit of measure",
    "MENGE": "Quantity",
    "MJAHR": "Material document year",
    "MWSKZ": "Tax code",
    "NAME1": "Name",
    "NETPR": "Net price",
    "NETWR": "Net value",
    "ORT01": "City",
    "PEINH": "Price unit",
    "POSNR": "Item",
    "PRCTR": "Profit center",
    "PSTLZ": "Postal code",
    "SHKZG": "Debit or credit",
    "SPART": "Division",
    "STCEG": "VAT registration number",
    "VBELN": "Sales document",
    "VBELP": "Sales document item",
    "VKORG": "Sales organization",
    "VTWEG": "Distribution channel",
    "WAERS": "Currency",
    "WERKS": "Plant",
    "WRBTR": "Amount in document currency",
    "XBLNR": "Reference document",
    "ZFBDT": "Baseline date for payment",
    "ZLSPR": "Payment block",
    "ZTERM": "Payment terms",
}


def label_of(field: Part | Field, labels: bool | Mapping[str, str]) -> str:
    """What a column is called beside its field's name; empty where it keeps that."""
    if not labels:
        return ""
    own = {} if labels is True else labels
    return own.get(field.name) or field.label or ABBREVIATIONS.get(field.name.upper(), "")

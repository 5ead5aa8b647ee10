"""SAP's standard objects, ready to be read: the entity sets behind each name.

`field` is set only where it tells every row that is new or changed: LastChangeDateTime, or the day
of creation of documents that do not change. SAP leaves LastChangeDate empty on a record that was
never changed, so no run would find new ones by it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from sapmatch.model.flow import EntitySet, Extraction, Mode

# ConditionCategory (KNTYP) of what an order plans beside its prices: delivery costs, freight.
DELIVERY_COSTS = ("B", "F")
_ROOT = "/sap/opu/odata/sap/"
_PURCHASE_ORDERS = f"{_ROOT}API_PURCHASEORDER_PROCESS_SRV"
_SALES_ORDERS = f"{_ROOT}API_SALES_ORDER_SRV"
_MATERIAL_DOCUMENTS = f"{_ROOT}API_MATERIAL_DOCUMENT_SRV"
_SUPPLIER_INVOICES = f"{_ROOT}API_SUPPLIERINVOICE_PROCESS_SRV"
_PARTNERS = f"{_ROOT}API_BUSINESS_PARTNER"
_PRODUCTS = f"{_ROOT}API_PRODUCT_SRV"
_BILLING = f"{_ROOT}API_BILLING_DOCUMENT_SRV"
_POSTINGS = f"{_ROOT}API_OPLACCTGDOCITEMCUBE_SRV"

PRESETS: Mapping[str, tuple[EntitySet, ...]] = MappingProxyType(
    {
        "purchase_orders": (
            EntitySet(service=_PURCHASE_ORDERS, name="A_PurchaseOrder", field="LastChangeDateTime"),
            EntitySet(service=_PURCHASE_ORDERS, name="A_PurchaseOrderItem"),
        ),
        "purchase_order_conditions": (
            EntitySet(service=_PURCHASE_ORDERS, name="A_PurchaseOrderScheduleLine"),
            EntitySet(
                service=_PURCHASE_ORDERS,
                name="A_PurOrdPricingElement",
                filter=" or ".join(f"ConditionCategory eq '{each}'" for each in DELIVERY_COSTS),
            ),
        ),
        "sales_orders": (
            EntitySet(service=_SALES_ORDERS, name="A_SalesOrder", field="LastChangeDateTime"),
            EntitySet(service=_SALES_ORDERS, name="A_SalesOrderItem"),
        ),
        "goods_movements": (
            EntitySet(
                service=_MATERIAL_DOCUMENTS, name="A_MaterialDocumentHeader", field="CreationDate"
            ),
            EntitySet(service=_MATERIAL_DOCUMENTS, name="A_MaterialDocumentItem"),
        ),
        "supplier_invoices": (
            EntitySet(service=_SUPPLIER_INVOICES, name="A_SupplierInvoice"),
            EntitySet(service=_SUPPLIER_INVOICES, name="A_SuplrInvcItemPurOrdRef"),
        ),
        "business_partners": (
            EntitySet(service=_PARTNERS, name="A_BusinessPartner"),
            EntitySet(service=_PARTNERS, name="A_Supplier"),
            EntitySet(service=_PARTNERS, name="A_Customer"),
            EntitySet(service=_PARTNERS, name="A_BusinessPartnerTaxNumber"),
            EntitySet(service=_PARTNERS, name="A_BusinessPartnerBank"),
        ),
        "products": (
            EntitySet(service=_PRODUCTS, name="A_Product", field="LastChangeDateTime"),
            EntitySet(service=_PRODUCTS, name="A_ProductDescription"),
            EntitySet(service=_PRODUCTS, name="A_ProductPlant"),
        ),
        "billing_documents": (
            EntitySet(service=_BILLING, name="A_BillingDocument", field="LastChangeDateTime"),
            EntitySet(service=_BILLING, name="A_BillingDocumentItem"),
        ),
        "gl_postings": (EntitySet(service=_POSTINGS, name="A_OperationalAcctgDocItemCube"),),
    }
)


def entity_sets_of(extraction: Extraction) -> tuple[EntitySet, ...]:
    """All that an extraction reads, each set with its mode: presets first, in the order given.

    Sets of presets without a time of change are read in full in mode timestamp. Names that are no
    preset are left out: the settings refuse them.
    """
    known = [entity_set for name in extraction.presets for entity_set in PRESETS.get(name, ())]
    return (
        *(replace(each, mode=_mode_of(each, extraction)) for each in known),
        *(replace(each, mode=each.mode or extraction.mode) for each in extraction.entity_sets),
    )


def _mode_of(preset: EntitySet, extraction: Extraction) -> Mode:
    untimed = extraction.mode == "timestamp" and preset.field is None
    return "full" if untimed else extraction.mode

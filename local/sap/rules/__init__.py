"""What SAP does with a document beyond its fields: one module per kind of document."""

from collections.abc import Callable, Mapping

from local.sap.backend import Backend, Outcome
from local.sap.payload import Payload
from local.sap.rules import facts, masters, material_document, orders, requisition, supplier_invoice
from local.sap.values import Row

CREATE: Mapping[str, Callable[[Payload, Backend], Outcome]] = {
    "A_SupplierInvoice": supplier_invoice.create,
    "A_MaterialDocumentHeader": material_document.create,
    "A_PurchaseRequisitionHeader": requisition.create,
    **masters.CREATE,
    **orders.CREATE,
}
DELETE: Mapping[str, Callable[[Row, Backend], Outcome]] = {
    "A_SupplierInvoice": supplier_invoice.delete,
}
UPDATE: Mapping[str, Callable[[Row, Row, Backend], Row]] = {**orders.UPDATE, **masters.UPDATE}
FUNCTIONS: Mapping[tuple[str, str], Callable[[Row, Backend], Outcome]] = {
    ("API_SUPPLIERINVOICE_PROCESS_SRV", "Post"): supplier_invoice.post,
    ("API_SUPPLIERINVOICE_PROCESS_SRV", "Release"): supplier_invoice.release,
    ("API_SUPPLIERINVOICE_PROCESS_SRV", "Cancel"): supplier_invoice.cancel,
    ("API_MATERIAL_DOCUMENT_SRV", "Cancel"): material_document.cancel,
    ("API_PURCHASEORDER_PROCESS_SRV", "GetPDF"): facts.purchase_order_pdf,
    ("ZSAPMATCH_ODP_SRV", "GetItemsOfSupplier"): facts.items_of_supplier,
}


def change(name: str, row: Row, given: Row, backend: Backend) -> None:
    """Change the fields of a row, and those that follow from them; Refusal where a rule says no."""
    row.update(UPDATE[name](row, given, backend) if name in UPDATE else given)

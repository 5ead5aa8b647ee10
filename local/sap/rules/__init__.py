"""What SAP does with a document beyond its fields: one module per kind of document."""

from collections.abc import Callable, Mapping

from local.sap.backend import Backend, Outcome
from local.sap.payload import Payload
from local.sap.rules import facts, material_document, orders, supplier_invoice
from local.sap.values import Row

CREATE: Mapping[str, Callable[[Payload, Backend], Outcome]] = {
    "A_SupplierInvoice": supplier_invoice.create,
    "A_MaterialDocumentHeader": material_document.create,
    **orders.CREATE,
}
DELETE: Mapping[str, Callable[[Row, Backend], Outcome]] = {
    "A_SupplierInvoice": supplier_invoice.delete,
}
FUNCTIONS: Mapping[str, Callable[[Row, Backend], Outcome]] = {
    "Post": supplier_invoice.post,
    "Release": supplier_invoice.release,
    "Cancel": supplier_invoice.cancel,
    "GetPDF": facts.purchase_order_pdf,
    "GetItemsOfSupplier": facts.items_of_supplier,
}

"""Documents that SAP's own services sent (OD-P105, OD-P106)."""

from pathlib import Path

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.sap.odata.edmx import parse_metadata
from sapmatch.sap.odata.metadata import Metadata

# name: version, entity types, entity sets, functions, as the table of the data folder counts them
SERVICES = {
    "API_SALES_ORDER_SRV": ("V2", 11, 11, 2),
    "API_PRODUCT_SRV": ("V2", 32, 32, 0),
    "API_SUPPLIERINVOICE_PROCESS_SRV": ("V2", 12, 12, 3),
    "PURCHASEORDER_0001.v4": ("V4", 13, 13, 0),
    "API_PURCHASEORDER_PROCESS_SRV": ("V2", 8, 8, 2),
    "API_BUSINESS_PARTNER": ("V2", 43, 43, 0),
    "API_CUSTOMER_MATERIAL_SRV": ("V2", 1, 1, 0),
    "GWSAMPLE_BASIC": ("V2", 16, 16, 5),
    "SEPMRA_PROD_MAN": ("V2", 25, 25, 17),
    "MM_PUR_POITEMS_MONI_SRV": ("V2", 38, 38, 1),
    "FAC_GRIR_RECONCILIATION_SRV": ("V2", 45, 45, 0),
    "MM_SUPPLIER_INVOICE_UPLOAD_SRV": ("V2", 5, 5, 2),
    "API_TEST_SRV.v2": ("V2", 12, 14, 15),
    "API_TEST_SRV.v4": ("V4", 15, 15, 22),
    "API_MULTIPLE_SCHEMAS_SRV.v2": ("V2", 1, 1, 0),
    "pyodata-tests-metadata": ("V2", 14, 14, 6),
    "ZGW100_XX_S2_SRV": ("V2", 3, 5, 0),
    "ZGW100-like.v4": ("V4", 1, 1, 0),
    "C_GLACCOUNTHIERARCHYNODE_SRV": ("V2", 4, 4, 0),
    "bad-metadata": ("V2", 1, 1, 0),
    "gpl-3.0/API_MATERIAL_DOCUMENT_SRV": ("V2", 3, 3, 2),
    "gpl-3.0/API_OUTBOUND_DELIVERY_SRV_V2": ("V2", 12, 12, 15),
}


def read(real_data: Path, name: str) -> Metadata:
    return parse_metadata((real_data / "edmx" / f"{name}.edmx").read_bytes())


def test_every_document_of_the_folder_is_in_the_table(real_data: Path) -> None:
    folder = real_data / "edmx"
    found = {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.edmx")}
    assert found == SERVICES.keys()


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_read_whole(real_data: Path, name: str) -> None:
    version, types, sets, functions = SERVICES[name]
    found = read(real_data, name)
    assert (found.version, len(found.entity_sets)) == (version, sets)
    assert len(found.types) >= types
    assert len(found.operations) == functions
    for entity_set in found.entity_sets:
        kind = found.type_of(entity_set)
        assert kind.properties
        assert kind.properties.keys() >= set(kind.keys)


def test_only_the_documents_made_to_be_odd_have_problems(real_data: Path) -> None:
    """OD-P105."""
    odd = {name for name in SERVICES if read(real_data, name).problems}
    assert odd == {"API_TEST_SRV.v2", "API_TEST_SRV.v4"}


def test_the_purchase_order_of_v2_is_as_sap_documents_it(real_data: Path) -> None:
    """OD-P62."""
    found = read(real_data, "API_PURCHASEORDER_PROCESS_SRV")
    order, item = (found.type_of(f"A_PurchaseOrder{part}") for part in ("", "Item"))
    assert order.keys == ("PurchaseOrder",)
    assert order.properties["PurchaseOrderDate"].date_only
    assert item.properties["NetPriceAmount"].unit == "DocumentCurrency"
    assert item.properties["OrderQuantity"].unit == "PurchaseOrderQuantityUnit"
    assert order.navigations["to_PurchaseOrderItem"].many
    bound = found.entity_set("A_PurchaseOrder").bindings["to_PurchaseOrderItem"]
    assert bound == "A_PurchaseOrderItem"


def test_the_supplier_invoice_names_what_may_be_done(real_data: Path) -> None:
    """OD-P62."""
    found = read(real_data, "API_SUPPLIERINVOICE_PROCESS_SRV")
    invoices = found.entity_set("A_SupplierInvoice")
    assert (invoices.creatable, invoices.updatable, invoices.deletable) == (True, False, True)
    assert found.overloads("Cancel")[0].method == "POST"
    parameters = {each.name: each.max_length for each in found.overloads("Post")[0].parameters}
    assert parameters == {"SupplierInvoice": 10, "FiscalYear": 4}


def test_the_purchase_order_of_v4_has_labels_units_and_limits_by_annotation(
    real_data: Path,
) -> None:
    """OD-P62."""
    found = read(real_data, "PURCHASEORDER_0001.v4")
    line = found.type_of("PurchaseOrderScheduleLine").properties
    assert line["ScheduleLineOrderQuantity"].label == "Scheduled Quantity"
    assert line["ScheduleLineOrderQuantity"].unit == "PurchaseOrderQuantityUnit"
    assert not line["PurchaseOrderQuantityUnit"].creatable
    address = found.entity_set("PurchaseOrderSupplierAddress")
    assert (address.creatable, address.updatable, address.deletable) == (False, True, False)
    assert found.entity_set("PurchaseOrder").bindings["_PurchaseOrderItem"] == "PurchaseOrderItem"


def test_fields_that_sap_will_not_sort_are_known(real_data: Path) -> None:
    """OD-P62."""
    found = read(real_data, "API_PRODUCT_SRV").type_of("A_ProductBasicText")
    assert not found.properties["LongText"].sortable


def test_the_odd_test_service_of_v4_says_what_it_lacks(real_data: Path) -> None:
    """OD-P105."""
    found = read(real_data, "API_TEST_SRV.v4")
    assert any("TestActionImportNoActionDefined" in problem for problem in found.problems)
    multi = found.type_of("A_TestEntityMultiLink")
    assert list(multi.properties)[:2] == ["KeyProperty", "StringProperty"]
    assert multi.keys == ("KeyProperty",)


def test_a_document_that_ends_too_early_is_refused_with_the_place(real_data: Path) -> None:
    whole = (real_data / "edmx" / "bad-metadata.edmx").read_bytes()
    for end in range(100, len(whole) - 1, 500):
        with pytest.raises(InputRejected, match=r"line \d+, column \d+"):
            parse_metadata(whole[:end])


def test_a_service_that_allows_nothing_is_read_as_such(real_data: Path) -> None:
    """The file's publisher calls it bad; it is sound, and forbids every use of its only set."""
    found = read(real_data, "bad-metadata")
    only = found.entity_set("NEWTYPSet")
    allowed = (only.creatable, only.updatable, only.deletable, only.pageable, only.addressable)
    assert not any(allowed)
    assert not any(field.filterable for field in found.type_of("NEWTYPSet").properties.values())

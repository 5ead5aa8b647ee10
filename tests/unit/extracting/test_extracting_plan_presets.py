"""SAP's standard objects: their services, sets and times of change are those of SAP's documents."""

import json
from pathlib import Path

import pytest

from sapmatch.model.flow import EntitySet, Extraction
from sapmatch.model.presets import PRESETS, entity_sets_of
from sapmatch.sap.odata.edmx import parse_metadata
from sapmatch.sap.odata.shapes import shape

SETS = [each for preset in PRESETS.values() for each in preset]
EDMX = {
    "API_PURCHASEORDER_PROCESS_SRV": "API_PURCHASEORDER_PROCESS_SRV",
    "API_SALES_ORDER_SRV": "API_SALES_ORDER_SRV",
    "API_MATERIAL_DOCUMENT_SRV": "gpl-3.0/API_MATERIAL_DOCUMENT_SRV",
    "API_SUPPLIERINVOICE_PROCESS_SRV": "API_SUPPLIERINVOICE_PROCESS_SRV",
    "API_BUSINESS_PARTNER": "API_BUSINESS_PARTNER",
    "API_PRODUCT_SRV": "API_PRODUCT_SRV",
}
OPENAPI = "API_BILLING_DOCUMENT_SRV"
UNCHECKED = (
    "API_OPLACCTGDOCITEMCUBE_SRV"  # no document of it is at hand; docs/extraction.md says so
)


def service_of(each: EntitySet) -> str:
    return each.service.removeprefix("/sap/opu/odata/sap/")


def test_every_preset_is_checked_against_a_document_of_sap_or_known_not_to_be() -> None:
    assert {service_of(each) for each in SETS} == EDMX.keys() | {OPENAPI, UNCHECKED}


@pytest.mark.parametrize(
    "entity_set", [each for each in SETS if service_of(each) in EDMX], ids=lambda each: each.name
)
def test_a_preset_fits_the_metadata(real_data: Path, entity_set: EntitySet) -> None:
    path = real_data / "edmx" / f"{EDMX[service_of(entity_set)]}.edmx"
    metadata = parse_metadata(path.read_bytes())
    found = shape(metadata, entity_set.name)
    assert metadata.namespace == service_of(entity_set)
    assert found.keys
    assert found.countable
    if entity_set.field:
        field = found.field(entity_set.field)
        assert field is not None
        assert field.filterable
        assert field.kind in ("date", "datetime", "moment")


def test_billing_documents_fit_their_description(real_data: Path) -> None:
    path = real_data / "edmx/openapi/OP_API_BILLING_DOCUMENT_SRV_0001.json"
    described = json.loads(path.read_bytes())
    assert described["servers"][0]["url"].endswith("/sap/opu/odata/sap/API_BILLING_DOCUMENT_SRV")
    for entity_set in PRESETS["billing_documents"]:
        assert f"/{entity_set.name}" in described["paths"]
        if entity_set.field:
            schema = described["components"]["schemas"][f"{OPENAPI}.{entity_set.name}Type"]
            assert entity_set.field in schema["properties"]


def test_no_set_is_in_two_presets_so_that_all_may_be_read_together() -> None:
    names = [each.name for each in SETS]
    assert len(names) == len(set(names))


def test_presets_come_before_other_sets_and_take_the_mode_of_the_extraction() -> None:
    own = (
        EntitySet(service="/s", name="Z_Thing"),
        EntitySet(service="/s", name="Z_Other", mode="full"),
    )
    settings = Extraction(connection="s4", presets=("products",), entity_sets=own, mode="delta")
    assert [(each.name, each.mode) for each in entity_sets_of(settings)] == [
        ("A_Product", "delta"),
        ("A_ProductDescription", "delta"),
        ("A_ProductPlant", "delta"),
        ("Z_Thing", "delta"),
        ("Z_Other", "full"),
    ]


def test_sets_of_presets_without_a_time_of_change_are_read_in_full_beside_the_others() -> None:
    settings = Extraction(connection="s4", presets=("sales_orders",), mode="timestamp")
    assert [(each.name, each.mode, each.field) for each in entity_sets_of(settings)] == [
        ("A_SalesOrder", "timestamp", "LastChangeDateTime"),
        ("A_SalesOrderItem", "full", None),
    ]

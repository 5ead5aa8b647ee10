"""The $metadata of the embedded SAP's V4 services."""

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from local.sap import metadata
from local.sap.v4.model import load_services
from tests.contract.local_sap.local_sap_v4_world import ORDERS, SALES, V4Api

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
OURS = Path(__file__).resolve().parents[3] / "local" / "sap" / "v4" / "edmx"


def _types(path: Path) -> dict[str, dict[str, Mapping[str, str]]]:
    """Attributes of properties and navigations by entity type and name."""
    found: dict[str, dict[str, Mapping[str, str]]] = {}
    for kind in ElementTree.parse(path).getroot().iter(f"{EDM}EntityType"):
        parts = [*kind.findall(f"{EDM}Property"), *kind.findall(f"{EDM}NavigationProperty")]
        found[kind.get("Name", "")] = {part.get("Name", ""): part.attrib for part in parts}
    return found


def _noted(path: Path, term: str) -> set[str]:
    """The targets that carry an annotation."""
    return {
        notes.get("Target", "")
        for notes in ElementTree.parse(path).getroot().iter(f"{EDM}Annotations")
        for note in notes.findall(f"{EDM}Annotation")
        if note.get("Term", "").endswith(f".{term}")
    }


def test_metadata_is_served_as_it_lies_in_the_folder(v4: V4Api) -> None:
    for root, name in ((ORDERS, "PURCHASEORDER_0001"), (SALES, "SALESORDER_0001")):
        answer = v4.get(f"{root}/$metadata", Accept="application/xml")
        assert answer.content == (OURS / f"{name}.edmx").read_bytes()


def test_our_purchase_order_promises_nothing_that_saps_does_not(real_data: Path) -> None:
    """Same names, types and lengths as SAP's own EDMX, and never laxer."""
    file = OURS / "PURCHASEORDER_0001.edmx"
    saps_file = real_data / "edmx" / "PURCHASEORDER_0001.v4.edmx"
    saps = _types(saps_file)
    for kind, properties in _types(file).items():
        for name, attributes in properties.items():
            assert dict(attributes) == dict(saps[kind][name]), (kind, name)


def test_our_purchase_order_is_open_at_most_where_saps_is(real_data: Path) -> None:
    file = OURS / "PURCHASEORDER_0001.edmx"
    saps_file = real_data / "edmx" / "PURCHASEORDER_0001.v4.edmx"
    fields = {f"SAP__self.{kind}/{name}" for kind, names in _types(file).items() for name in names}
    computed = _noted(saps_file, "Computed") & fields
    assert computed
    assert computed <= _noted(file, "Computed")
    closed = _noted(saps_file, "InsertRestrictions")
    assert "SAP__self.Container/PurchaseOrderItem" in closed & _noted(file, "InsertRestrictions")
    assert "SAP__self.Container/PurchaseOrder" not in closed


def test_every_v4_field_has_a_v2_field_behind_it() -> None:
    """One store: nothing is held twice, and two fields are called otherwise."""
    services = load_services(metadata.load_services())
    renamed = {
        (name, prop.name): prop.source.name
        for service in services.values()
        for name, entity_set in service.sets.items()
        for prop in entity_set.properties.values()
        if prop.name != prop.source.name
    }
    assert renamed == {
        ("PurchaseOrder", "PurchaseOrderDeletionCode"): "PurchasingDocumentDeletionCode",
        ("SalesOrderItem", "Product"): "Material",
    }


def test_dates_are_days_and_points_in_time_have_seven_digits() -> None:
    for name in ("PURCHASEORDER_0001", "SALESORDER_0001"):
        for properties in _types(OURS / f"{name}.edmx").values():
            for prop, attributes in properties.items():
                if prop.endswith("DateTime"):
                    assert attributes["Type"] == "Edm.DateTimeOffset"
                    assert attributes["Precision"] == "7"
                elif prop.endswith("Date"):
                    assert attributes["Type"] == "Edm.Date"

"""Every recorded answer of a real system, served as it is and read by the whole client."""

from pathlib import Path

import pytest

from sapmatch.model.errors import SapRejected
from sapmatch.sap.odata.metadata import Version
from tests.builders.sap_server import SERVICE, Reply, SapServer, client_of

PATHS: dict[Version, str] = {"V2": SERVICE, "V4": "/sap/opu/odata4/sap/api_test/0001"}
JSON = "application/json"
XML = "application/atom+xml"
PAGES: dict[str, tuple[Version, str, int]] = {
    "entities/C_GLAccountHierarchyNode.json": ("V2", JSON, 10),
    "entities/v2-AllDataTypes.atom.xml": ("V2", XML, 3),
    "entities/v2-AllDataTypes.json": ("V2", JSON, 3),
    "entities/v2_inlinecount.json": ("V2", JSON, 2),
    "entities/v2_ticket_collection.json": ("V2", JSON, 2),
    "entities/v4-AllDataTypes.json": ("V4", JSON, 2),
    "entities/v4_etag_collection.json": ("V4", JSON, 2),
    "v4-demo/SOLineItemList.excerpt.json": ("V4", JSON, 2),
}
ENTITIES: dict[str, tuple[Version, str]] = {
    "entities/catalogservice.atom_entry.xml": ("V2", XML),
    "v4-demo/POST-SalesOrderList_NEW1.json": ("V4", JSON),
}
ERRORS: dict[str, tuple[Version, str]] = {
    "errors/gateway_error_with_details.xml": ("V2", "application/xml"),
    "errors/gateway_inner_error.xml": ("V2", "application/xml"),
    "v4-demo/POST-SalesOrderList.Error.json": ("V4", JSON),
}
# Read elsewhere: batches with the operations they answer, records without an envelope as orders,
# and the list of entity sets.
ELSEWHERE = ("batch/", "sandbox-records/", "entities/catalogservice.atom_service.xml", "README.md")


def test_every_recorded_answer_has_a_test(real_data: Path) -> None:
    folder = real_data / "sap-responses"
    found = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    left = {name for name in found if not name.startswith(ELSEWHERE)}
    assert left == {*PAGES, *ENTITIES, *ERRORS}


def served(real_data: Path, name: str, kind: str, status: int = 200) -> SapServer:
    body = (real_data / "sap-responses" / name).read_bytes()
    return SapServer(lambda _: Reply(status, body, type=kind))


@pytest.mark.parametrize("name", PAGES)
def test_a_recorded_page_is_read(real_data: Path, name: str) -> None:
    version, kind, count = PAGES[name]
    with (
        served(real_data, name, kind) as server,
        client_of(server, aliases=("https://services.odata.org",)) as client,
    ):
        page = next(client.pages(PATHS[version], "Orders"))
    assert len(page.rows) == count


@pytest.mark.parametrize("name", ENTITIES)
def test_a_recorded_entity_is_read(real_data: Path, name: str) -> None:
    version, kind = ENTITIES[name]
    with served(real_data, name, kind) as server, client_of(server) as client:
        found = client.get(PATHS[version], "Orders", {"ID": "1"})
    assert found
    assert len(found.row) > 2


@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_is_a_refusal_with_its_code(real_data: Path, name: str) -> None:
    """OD-P85."""
    version, kind = ERRORS[name]
    with (
        served(real_data, name, kind, 400) as server,
        client_of(server) as client,
        pytest.raises(SapRejected) as caught,
    ):
        next(client.pages(PATHS[version], "Orders"))
    assert "/" in caught.value.code
    assert caught.value.text

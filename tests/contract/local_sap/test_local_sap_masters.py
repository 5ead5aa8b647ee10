"""Business partners and products in the embedded SAP."""

from typing import Any

import pytest

from local.sap.server import Server
from tests.contract.local_sap.local_sap_world import Api, code

PARTNERS = "API_BUSINESS_PARTNER/A_BusinessPartner"
PRODUCTS = "API_PRODUCT_SRV/A_Product"
FIRM = {
    "BusinessPartnerCategory": "2",
    "OrganizationBPName1": "Muster & Söhne",
    "OrganizationBPName2": "GmbH",
    "SearchTerm1": "MUSTER",
}
PUMP = {"Product": "EP/400", "ProductType": "HAWA", "BaseUnit": "PC", "GrossWeight": "12.5"}


def _partner(api: Api, **more: str) -> dict[str, Any]:
    answer = api.send("POST", PARTNERS, FIRM | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["d"]
    return made


def test_a_partner_gets_a_number_and_a_name(stand_in: Server, api: Api) -> None:
    made = _partner(api)
    assert (made["BusinessPartner"], made["BusinessPartnerName"]) == (
        "1000000",
        "Muster & Söhne GmbH",
    )
    assert _partner(api)["BusinessPartner"] == "1000001"
    assert len(stand_in.log.created()) == 2


def test_a_partner_with_a_number_of_its_own_is_created_once(api: Api) -> None:
    """OD-P79: a key of the caller's choice is the natural protection."""
    assert _partner(api, BusinessPartner="17100001")["BusinessPartner"] == "17100001"
    again = api.send("POST", PARTNERS, FIRM | {"BusinessPartner": "17100001"})
    assert (again.status_code, code(again)) == (400, "ZLOCAL_SAP/085")


@pytest.mark.parametrize("field", ["SearchTerm1", "BusinessPartnerIDByExtSystem"])
def test_a_partner_is_found_by_what_another_system_calls_it(api: Api, field: str) -> None:
    _partner(api)
    made = _partner(api, **{field: "CRM-7"})
    (found,) = api.rows(f"{PARTNERS}?$filter={field} eq 'CRM-7'")
    assert found["BusinessPartner"] == made["BusinessPartner"]


def test_the_name_follows_a_change_of_its_parts(stand_in: Server, api: Api) -> None:
    uri = _partner(api)["__metadata"]["uri"]
    assert api.send("PATCH", uri, {"OrganizationBPName1": "Neu"}).status_code == 204
    assert api.entity(uri)["BusinessPartnerFullName"] == "Neu GmbH"
    assert stand_in.log.changed() == ["A_BusinessPartner('1000000')"]


def test_a_person_is_named_by_first_and_last_name(api: Api) -> None:
    person = {"BusinessPartnerCategory": "1", "FirstName": "Ada", "LastName": "Roth"}
    made = api.send("POST", PARTNERS, person).json()["d"]
    assert made["BusinessPartnerFullName"] == "Ada Roth"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"BusinessPartnerCategory": ""}, "ZLOCAL_SAP/001"),
        ({"BusinessPartnerCategory": "4"}, "ZLOCAL_SAP/400"),
        ({"OrganizationBPName1": ""}, "ZLOCAL_SAP/001"),
        ({"BusinessPartnerName": "X"}, "/IWCOR/CX_DS_EP_PROPERTY_ERROR"),
    ],
)
def test_a_partner_that_lacks_something_is_refused(
    stand_in: Server, api: Api, body: dict[str, str], expected: str
) -> None:
    answer = api.send("POST", PARTNERS, FIRM | body)
    assert (answer.status_code, code(answer)) == (400, expected)
    assert stand_in.log.created() == []


def test_what_a_partner_is_cannot_be_changed(api: Api) -> None:
    uri = _partner(api)["__metadata"]["uri"]
    refused = api.send("PATCH", uri, {"BusinessPartnerCategory": "1"})
    assert code(refused) == "ZLOCAL_SAP/086"
    assert code(api.send("PATCH", uri, {"OrganizationBPName1": ""})) == "ZLOCAL_SAP/001"
    assert api.send("DELETE", uri).status_code == 405


def test_a_product_is_created_under_its_number_and_changed(api: Api) -> None:
    made = api.send("POST", PRODUCTS, PUMP)
    assert made.status_code == 201, made.text
    uri = made.json()["d"]["__metadata"]["uri"]
    assert uri.endswith("A_Product('EP%2F400')")
    assert api.send("PATCH", uri, {"ProductOldID": "P-1", "NetWeight": "11"}).status_code == 204
    assert api.entity(uri)["ProductOldID"] == "P-1"
    assert code(api.send("PATCH", uri, {"BaseUnit": "KG"})) == "ZLOCAL_SAP/088"
    assert code(api.send("POST", PRODUCTS, PUMP)) == "ZLOCAL_SAP/087"
    assert api.send("DELETE", uri).status_code == 405
    assert api.send("PATCH", f"{PRODUCTS}('EP-1')", {"NetWeight": "1"}).status_code == 404

"""RequestID and RepeatabilityCreation at the embedded SAP."""

import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from local.sap.server import Server
from tests.contract.local_sap.local_sap_world import INVOICES, SALES, Api, code, invoice

SET = f"{INVOICES}/A_SupplierInvoice"


def _moment(ago: timedelta = timedelta()) -> str:
    return format_datetime(datetime.now(UTC) - ago, usegmt=True)


def _post(
    api: Api, request_id: str, creation: str | None = None, reference: str = "RE-1"
) -> requests.Response:
    headers = {"RequestID": request_id, "RepeatabilityCreation": creation or _moment()}
    return api.send("POST", SET, invoice(reference), **headers)


@pytest.fixture(autouse=True)
def idempotent(stand_in: Server) -> None:
    stand_in.switch(idempotent_services=[INVOICES])


@pytest.fixture
def request_id() -> str:
    return uuid.uuid4().hex.upper()


def test_the_same_id_gives_the_first_answer_again(
    stand_in: Server, api: Api, request_id: str
) -> None:
    """OD-P75, OD-P76: also after an answer that was lost, and in any notation of the GUID."""
    stand_in.fault("drop-answer")
    with pytest.raises(requests.ConnectionError):
        _post(api, request_id)
    again = _post(api, request_id)
    assert (again.status_code, again.headers["RepeatabilityResult"]) == (201, "accepted")
    assert again.json()["d"]["SupplierInvoice"] == "5105600101"
    third = _post(api, str(uuid.UUID(request_id)))
    assert third.json() == again.json()
    assert third.headers["location"] == again.headers["location"]
    assert len(stand_in.log.created()) == 1
    assert len(api.rows(SET)) == 1


def test_another_id_is_another_request(api: Api) -> None:
    first, second = (_post(api, uuid.uuid4().hex, reference=f"RE-{n}") for n in (1, 2))
    assert first.json()["d"]["SupplierInvoice"] != second.json()["d"]["SupplierInvoice"]


def test_an_answer_that_sap_no_longer_keeps_is_outdated(
    stand_in: Server, api: Api, request_id: str
) -> None:
    """OD-P77, OD-P78: the call was executed, and SAP can only say so."""
    _post(api, request_id)
    body = {"what": "request-answers"}
    requests.post(f"{api.url}/_control/forget", json=body, timeout=20).raise_for_status()
    answer = _post(api, request_id)
    assert (answer.status_code, code(answer)) == (400, "/IWBEP/CM_COS/005")
    assert len(stand_in.log.created()) == 1


def test_a_request_from_long_ago_is_outdated(stand_in: Server, api: Api, request_id: str) -> None:
    """OD-P78: SAP cannot know any more whether it executed it."""
    answer = _post(api, request_id, _moment(timedelta(hours=13)))
    assert code(answer) == "/IWBEP/CM_COS/005"
    assert stand_in.log.created() == []
    assert _post(api, request_id, _moment(timedelta(hours=11))).status_code == 201


def test_a_refused_request_may_come_again(api: Api, request_id: str) -> None:
    headers = {"RequestID": request_id, "RepeatabilityCreation": _moment()}
    wrong = api.send("POST", SET, invoice(InvoiceGrossAmount="1.00"), **headers)
    assert (wrong.status_code, "RepeatabilityResult" in wrong.headers) == (400, False)
    assert _post(api, request_id).status_code == 201


def test_an_id_belongs_to_one_request(api: Api, request_id: str) -> None:
    _post(api, request_id)
    headers = {"RequestID": request_id, "RepeatabilityCreation": _moment()}
    query = "Release?SupplierInvoice='5105600101'&FiscalYear='2026'&DiscountDaysHaveToBeShifted"
    answer = api.send("POST", f"{INVOICES}/{query}=false", **headers)
    assert (answer.status_code, code(answer)) == (400, "ZLOCAL_SAP/097")


@pytest.mark.parametrize(
    "headers",
    [
        {"RequestID": uuid.uuid4().hex},
        {"RepeatabilityCreation": "Sat, 21 Nov 2026 08:00:00 GMT"},
        {"RequestID": "1", "RepeatabilityCreation": "Sat, 21 Nov 2026 08:00:00 GMT"},
        {"RequestID": uuid.uuid4().hex, "RepeatabilityCreation": "2026-11-21"},
        {"RequestID": uuid.uuid4().hex, "RepeatabilityCreation": "Sat, 21 Nov 2026 08:00:00"},
    ],
)
def test_headers_that_are_not_complete_are_refused(
    stand_in: Server, api: Api, headers: dict[str, Any]
) -> None:
    answer = api.send("POST", SET, invoice(), **headers)
    assert (answer.status_code, code(answer)) == (400, "ZLOCAL_SAP/096")
    assert stand_in.log.created() == []


def test_other_services_ignore_the_headers(api: Api, request_id: str) -> None:
    """OD-P76: no result header says that nothing is promised."""
    headers = {"RequestID": request_id, "RepeatabilityCreation": "nonsense"}
    body = {
        "SalesOrderType": "OR",
        "SalesOrganization": "1010",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": "C1",
        "to_Item": [{"Material": "EP", "RequestedQuantity": "1"}],
    }
    made = [api.send("POST", f"{SALES}/A_SalesOrder", body, **headers) for _ in range(2)]
    assert [each.json()["d"]["SalesOrder"] for each in made] == ["13", "14"]
    assert "RepeatabilityResult" not in made[0].headers

"""A client of the embedded SAP's V4 services that does only what it is told."""

from collections.abc import Mapping
from typing import Any

import requests

from tests.contract.local_sap.local_sap_world import USERS

ROOT = "/sap/opu/odata4/sap"
ORDERS = f"{ROOT}/api_purchaseorder_2/srvd_a2x/sap/purchaseorder/0001"
SALES = f"{ROOT}/api_salesorder/srvd_a2x/sap/salesorder/0001"
ORDERS_NAMESPACE = "com.sap.gateway.srvd_a2x.api_purchaseorder_2.v0001"
SALES_NAMESPACE = "com.sap.gateway.srvd_a2x.api_salesorder.v0001"
ORDER = f"{ORDERS}/PurchaseOrder('4500000001')"
SALES_ORDER = f"{SALES}/SalesOrder('1')"


class V4Api:
    """A session with user and client; paths begin at the host."""

    def __init__(self, url: str, user: str = "ROBOT") -> None:
        self.url = url
        self.session = requests.Session()
        self.session.auth = (user, USERS[user])
        self.session.headers["sap-client"] = "100"
        self.session.headers["Accept"] = "application/json"

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.session.get(self.url + path, headers=_names(headers), timeout=20)

    def json(self, path: str, **headers: str) -> dict[str, Any]:
        answer = self.get(path, **headers)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def rows(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json(path)["value"]
        return found

    def etag(self, path: str) -> str:
        return self.get(path).headers["etag"]

    def token(self) -> str:
        answer = self.session.head(
            f"{self.url}{ORDERS}/", headers={"X-CSRF-Token": "Fetch"}, timeout=20
        )
        return answer.headers["x-csrf-token"]

    def send(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> requests.Response:
        """A modifying request with a fresh token of this session."""
        given = {"X-CSRF-Token": self.token()} | _names(headers)
        return self.session.request(method, self.url + path, json=body, headers=given, timeout=20)

    def switch(self, **switches: object) -> requests.Response:
        return self.session.post(f"{self.url}/_control/v4", json=switches, timeout=20)


def _names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def error(answer: requests.Response) -> tuple[int, str]:
    """Status and SAP's code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]

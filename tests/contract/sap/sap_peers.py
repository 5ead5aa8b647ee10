"""The servers that the whole client is run against, each with seven orders in pages of three."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.sap import v4
from local.sap.server import Server, serve
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection
from sapmatch.model.intent import Record
from sapmatch.model.query import Query
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from sapmatch.sap.odata.service import Service
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import PASSWORD
from tests.contract.sap import sap_other_servers as others

PAGE = 3
ORDERS = others.ORDERS
LOCAL_V2 = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
LOCAL_V4 = "/sap/opu/odata4/sap/api_purchaseorder_2/srvd_a2x/sap/purchaseorder/0001"
_MODEL = Path(v4.__file__).parent / "edmx/PURCHASEORDER_0001.edmx"
_FIRST_DAY = 1_790_812_800_000  # 2026-10-01
_DAY = 86_400_000


@dataclass(frozen=True)
class Names:
    """What the fields that the tests speak of are called on one server."""

    orders: str
    items: str
    below: str
    number: str
    text: str
    partner: str
    day: str
    day_type: type
    quantity: str


SALES_V2 = Names(
    "A_SalesOrder", "A_SalesOrderItem", "to_Item", "SalesOrder", "PurchaseOrderByCustomer",
    "SoldToParty", "SalesOrderDate", date, "RequestedQuantity",
)  # fmt: skip
MOCK_V2 = replace(SALES_V2, day_type=datetime)  # its $metadata calls no Edm.DateTime a day
PURCHASES_V4 = Names(
    "PurchaseOrder", "PurchaseOrderItem", "_PurchaseOrderItem", "PurchaseOrder",
    "CorrespncExternalReference", "Supplier", "PurchaseOrderDate", date, "OrderQuantity",
)  # fmt: skip
MOCK_V4 = replace(MOCK_V2, orders="SalesOrder", items="SalesOrderItem")


@dataclass(frozen=True)
class Peer:
    """One service of one server. `new` makes an order from its text and quantities of items."""

    client: ODataClient
    service: Service
    names: Names
    new: Callable[[str, Sequence[str]], Record]

    def key(self, row: Mapping[str, Any]) -> dict[str, str]:
        return {self.names.number: row[self.names.number]}

    def first(self) -> dict[str, str]:
        """The key of some order."""
        return self.key(self.service.find(self.names.orders, Query())[0].row)


def client_at(url: str, **settings: Any) -> ODataClient:
    """A client on a clock of its own."""
    connection = Connection(url=url, client="100", auth=Basic(secret="env:T"), **settings)
    credentials = {"user": others.USER, "password": PASSWORD}
    return connect("s4", connection, Given(credentials), clock=MemoryClock())


@contextmanager
def local_sap() -> Iterator[tuple[Server, ODataClient]]:
    """The embedded SAP with seven sales and seven purchase orders of two items each."""
    users = {others.USER: PASSWORD}
    with serve(_seed(), users=users, page_size=PAGE) as server, client_at(server.url) as client:
        yield server, client


@contextmanager
def opened(name: str) -> Iterator[Peer]:
    """The server of this name, fresh."""
    with ExitStack() as stack:
        yield _OPENERS[name](stack)


def _local_v2(stack: ExitStack) -> Peer:
    _, client = stack.enter_context(local_sap())
    return Peer(client, client.service(LOCAL_V2), SALES_V2, _sales("C1", "EP-1", {
        "SalesOrderType": "OR", "SalesOrganization": "1010", "DistributionChannel": "10",
        "OrganizationDivision": "00",
    }, SALES_V2))  # fmt: skip


def _local_v4(stack: ExitStack) -> Peer:
    _, client = stack.enter_context(local_sap())
    return Peer(client, client.service(LOCAL_V4), PURCHASES_V4, _purchase)


def _mock(stack: ExitStack, path: str, names: Names) -> Peer:
    server = stack.enter_context(others.mock_sap(PAGE))
    client = stack.enter_context(client_at(server.url))
    service = client.service(path)
    like = service.find(names.orders, Query(expand=(names.below,), top=1))[0].row
    below = like[names.below]
    items = below["results"] if isinstance(below, dict) else below
    copied = ("SalesOrderType", "SalesOrganization", "DistributionChannel", "OrganizationDivision")
    given = {name: like[name] for name in copied}
    new = _sales(like["SoldToParty"], items[0]["Material"], given, names)
    return Peer(client, service, names, new)


@contextmanager
def opened_odatapy(**settings: Any) -> Iterator[Peer]:
    """odatapy's server, with settings of the connection."""
    with ExitStack() as stack:
        yield _odatapy(stack, **settings)


def _odatapy(stack: ExitStack, **settings: Any) -> Peer:
    url = stack.enter_context(others.odatapy(_MODEL.read_bytes(), LOCAL_V4, PAGE))
    client = stack.enter_context(client_at(url, **settings))
    service = client.service(LOCAL_V4)
    numbers = (f"45000000{number:02}" for number in range(1, 100))

    def numbered(text: str, quantities: Sequence[str]) -> Record:
        """SAP gives the numbers; this server wants them, and knows no defaults."""
        number = next(numbers)
        record = _purchase(text, quantities)
        items = [
            {"PurchaseOrder": number, "PurchaseOrderItem": str(10 * place), **item}
            for place, item in enumerate(record["_PurchaseOrderItem"], start=1)
        ]
        return {**record, "PurchaseOrder": number, "_PurchaseOrderItem": items}

    for number in range(1, ORDERS + 1):
        record = numbered(f"REF-{number}", ("1.5", "2"))
        more = {"Supplier": f"S{1 + number % 2}", "PurchaseOrderDate": f"2026-10-0{number}"}
        service.create("PurchaseOrder", {**record, **more})
    return Peer(client, service, PURCHASES_V4, numbered)


_OPENERS: dict[str, Callable[[ExitStack], Peer]] = {
    "local/sap V2": _local_v2,
    "local/sap V4": _local_v4,
    "mock-sap V2": lambda stack: _mock(stack, others.MOCK_V2, MOCK_V2),
    "mock-sap V4": lambda stack: _mock(stack, others.MOCK_V4, MOCK_V4),
    "odatapy V4": _odatapy,
}
ALL = tuple(_OPENERS)


def _sales(
    partner: str, product: str, given: Record, names: Names
) -> Callable[[str, Sequence[str]], Record]:
    def new(text: str, quantities: Sequence[str]) -> Record:
        items = [{"Material": product, "RequestedQuantity": Decimal(q)} for q in quantities]
        return {**given, "SoldToParty": partner, names.text: text, names.below: items}

    return new


def _purchase(text: str, quantities: Sequence[str]) -> Record:
    return {
        "PurchaseOrderType": "NB",
        "CompanyCode": "1010",
        "PurchasingOrganization": "1010",
        "PurchasingGroup": "001",
        "Supplier": "S1",
        "CorrespncExternalReference": text,
        "_PurchaseOrderItem": [
            {"PurchaseOrderItemText": "Ölfilter", "OrderQuantity": Decimal(q)} for q in quantities
        ],
    }


def _seed() -> dict[str, list[dict[str, object]]]:
    numbers = range(1, ORDERS + 1)
    pairs = [(number, item) for number in numbers for item in ("10", "20")]
    return {
        "A_Supplier": [{"Supplier": "S1"}, {"Supplier": "S2"}],
        "A_SalesOrder": [_sales_order(number) for number in numbers],
        "A_SalesOrderItem": [
            {
                "SalesOrder": str(number),
                "SalesOrderItem": item,
                "Material": "EP-1",
                "RequestedQuantity": "1.500",
            }
            for number, item in pairs
        ],
        "A_PurchaseOrder": [_purchase_order(number) for number in numbers],
        "A_PurchaseOrderItem": [
            {
                "PurchaseOrder": f"450000000{number}",
                "PurchaseOrderItem": item,
                "OrderQuantity": "1.500",
                "NetPriceAmount": "10.00",
            }
            for number, item in pairs
        ],
    }


def _sales_order(number: int) -> dict[str, object]:
    return {
        "SalesOrder": str(number),
        "SoldToParty": f"C{1 + number % 2}",
        "PurchaseOrderByCustomer": f"REF-{number}",
        "SalesOrderDate": f"/Date({_FIRST_DAY + number * _DAY})/",
        "LastChangeDateTime": f"/Date({_FIRST_DAY}+0000)/",
    }


def _purchase_order(number: int) -> dict[str, object]:
    return {
        "PurchaseOrder": f"450000000{number}",
        "CompanyCode": "1010",
        "Supplier": f"S{1 + number % 2}",
        "CorrespncExternalReference": f"REF-{number}",
        "PurchaseOrderDate": f"/Date({_FIRST_DAY + number * _DAY})/",
        "LastChangeDateTime": f"/Date({_FIRST_DAY}+0000)/",
        "ReleaseIsNotCompleted": True,
    }

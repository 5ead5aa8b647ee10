"""OData servers that others wrote, as SAP services on this machine: mock-sap and odatapy.

Never proof of how SAP behaves; proof that we do not only understand ourselves.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIRequestHandler, make_server

import requests
from mocksap import Config
from mocksap import make_server as make_mock_sap
from odatapy.edm.xml_io import XmlEdmProvider
from odatapy.server import OData
from odatapy.server.adapters import ODataWSGIApp
from odatapy.server.inmemory import InMemoryDataStore, InMemoryProcessor
from odatapy.server.processor import CustomETagSupport

from tests.builders.sap_server import PASSWORD, Received, Reply, SapServer

MOCK_V2 = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
MOCK_V4 = "/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/api_salesorder/0001"
USER = "TESTER"
ORDERS = 7
_PAGED = (f"{MOCK_V2}/A_SalesOrder", f"{MOCK_V4}/SalesOrder")
_HOP_BY_HOP = {"content-length", "connection", "transfer-encoding", "content-encoding", "date"}


class Shim:
    """Passes requests on to mock-sap, and gives sales orders page by page as SAP would."""

    def __init__(self, url: str, page_size: int) -> None:
        self._url = url
        self._page_size = page_size

    def __call__(self, request: Received) -> Reply:
        free = not any(option in request.query for option in ("$top=", "deltatoken="))
        paged = request.method == "GET" and request.path in _PAGED and free
        target, _, skip = request.target.partition("&$skiptoken=")
        extra = {"$top": self._page_size + 1, "$skip": skip or 0}
        answer = self._ask(request, target + ("&" + urlencode(extra) if paged else ""))
        kept = [(n, t) for n, t in answer.headers.items() if n.lower() not in _HOP_BY_HOP]
        body = answer.content
        if paged and answer.ok:
            body = json.dumps(self._page(answer.json(), target, int(skip or 0)), indent=2).encode()
        return Reply(answer.status_code, body, kept)

    def _ask(self, request: Received, target: str) -> requests.Response:
        headers = {n: t for n, t in request.headers.items() if n != "test-peer"}
        return requests.request(
            request.method, self._url + target, headers=headers, data=request.body, timeout=10
        )

    def _page(self, answer: dict[str, Any], target: str, skip: int) -> dict[str, Any]:
        page, rows = (answer["d"], "results") if "d" in answer else (answer, "value")
        if len(page[rows]) > self._page_size:
            del page[rows][self._page_size :]
            page.pop("__delta" if "d" in answer else "@odata.deltaLink", None)
            link = f"{target}&$skiptoken={skip + self._page_size}"
            page["__next" if "d" in answer else "@odata.nextLink"] = link
        return answer


@contextmanager
def mock_sap(page_size: int) -> Iterator[SapServer]:
    """mock-sap with ORDERS sales orders, ETags asked for, behind the shim."""
    config = Config(
        port=0, db_path=":memory:", quiet=True, require_if_match=True,
        basic_auth=f"{USER}:{PASSWORD}",
    )  # fmt: skip
    mock = make_mock_sap(config)
    mock.RequestHandlerClass.disable_nagle_algorithm = True
    url = f"http://127.0.0.1:{mock.server_port}"
    seed = {"seed": 7, "orders": ORDERS}
    with _serving(mock), SapServer(Shim(url, page_size)) as shim:
        reset = requests.post(f"{url}/_mock/reset", json=seed, auth=(USER, PASSWORD), timeout=10)
        reset.raise_for_status()
        yield shim


class _ETags(CustomETagSupport):
    def has_etag(self, entity_set_or_singleton: object) -> bool:
        return True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _received_quantity(target: Any, part: object) -> object:
    return target.entity.get_value("OrderQuantity")


@contextmanager
def odatapy(model: bytes, path: str, page_size: int) -> Iterator[str]:
    """odatapy's server of a model (CSDL XML) in memory, with ETags and one function; its URL."""
    odata = OData.new_instance()
    metadata = odata.create_service_metadata(XmlEdmProvider(model), "4.0")
    handler = odata.create_handler(metadata)
    processor = InMemoryProcessor(InMemoryDataStore(), page_size=page_size)
    processor.register_function("GetReceivedQuantity", _received_quantity)
    handler.register(processor)
    handler.register(_ETags())
    server = make_server("127.0.0.1", 0, ODataWSGIApp(handler, path), handler_class=_Silent)
    with _serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


@contextmanager
def _serving(server: Any) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

"""`sapmatch extract --delta` against the embedded SAP: an ODP service (V2), and V4."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.sap.server import Server
from sapmatch.cli import main
from tests.contract.local_sap.local_sap_world import ORDERS, ROOT, Api

ODP = ("FactsOfPurchaseOrders", "--service", f"{ROOT}/ZSAPMATCH_ODP_SRV")
V4_ROOT = "/sap/opu/odata4/sap/api_purchaseorder_2/srvd_a2x/sap/purchaseorder/0001"
V4 = ("PurchaseOrderItem", "--service", V4_ROOT)
SETS = {"V2": ODP, "V4": V4}


def delta(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The summary of a call that goes well."""
    code = main(["extract", "s4", *arguments, "--delta", "--to", "out", "--json"])
    shown = capsys.readouterr()
    assert code == 0, shown.err
    summary: dict[str, Any] = json.loads(shown.out)
    return summary


def held(name: str) -> dict[tuple[str, str], str]:
    """Texts of the order items in the file, by their keys."""
    lines = Path("out", f"{name}.ndjson").read_bytes().splitlines()
    rows = [json.loads(line) for line in lines]
    assert all("@removed" not in row for row in rows)
    found = {(r["PurchaseOrder"], r["PurchaseOrderItem"]): r["NetPriceAmount"] for r in rows}
    assert len(found) == len(rows)
    return {key: str(price) for key, price in found.items()}


def item(number: str) -> str:
    return f"{ORDERS}/A_PurchaseOrderItem(PurchaseOrder='4500000001',PurchaseOrderItem='{number}')"


@pytest.mark.parametrize("version", SETS)
def test_the_file_is_in_step_with_sap_after_every_call(
    stand_in: Server, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    """OD-P30, OD-P38: changed, deleted and new rows; each call reads only what changed."""
    given = SETS[version]
    first = delta(capsys, *given)
    assert (first["rows"], first["delta"]) == (6, "stored")
    api = Api(stand_in.url)
    with api.session:
        assert api.send("PATCH", item("10"), {"NetPriceAmount": "11.00"}).ok
        assert api.send("DELETE", item("40")).status_code == 204
        second = delta(capsys, *given)
        assert (second["rows"], second["changed"], second["deleted"]) == (5, 1, 1)
        prices = held(given[0])
        assert ("4500000001", "40") not in prices
        assert float(prices["4500000001", "10"]) == 11

        new = {"PurchaseOrderItemText": "Neu", "OrderQuantity": "3"}
        to = f"{ORDERS}/A_PurchaseOrder('4500000003')/to_PurchaseOrderItem"
        assert api.send("POST", to, new).ok
        third = delta(capsys, *given, "--format", "csv")
        assert (third["rows"], third["changed"], third["deleted"]) == (6, 1, 0)
    assert delta(capsys, *given)["changed"] == 0
    assert any(order == "4500000003" for order, _ in held(given[0]))


@pytest.mark.parametrize("version", SETS)
def test_a_forgotten_position_is_refused_until_a_reload_is_asked_for(
    stand_in: Server, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    """RE-21."""
    given = SETS[version]
    delta(capsys, *given)
    before = held(given[0])
    stand_in.forget("delta-tokens")
    for _ in range(2):
        assert main(["extract", "s4", *given, "--delta", "--to", "out"]) == 2
        assert "--reload" in capsys.readouterr().err
    assert held(given[0]) == before
    assert delta(capsys, *given, "--reload")["changed"] == 6
    assert delta(capsys, *given)["changed"] == 0

"""What odatapy says of its own, beside what test_sap_whole_client.py asks of every server.

odatapy 5.3.0 serves a model in memory over WSGI. It was asked for all of the list, and its server
does not offer: a logon and CSRF tokens, numbers for new documents (the client gives them), items
that go with their order, actions (a service has to bring them itself) and delta tokens that it
forgets (an unknown one counts as the very beginning). Each is held by a test below.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal

import msgspec
import pytest

from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import SapRejected
from sapmatch.model.query import ODataValue, Query
from tests.contract.sap.sap_peers import LOCAL_V4, ORDERS, Peer, opened, opened_odatapy

ITEMS = "PurchaseOrderItem"


@pytest.fixture
def peer() -> Iterator[Peer]:
    with opened("odatapy V4") as found:
        yield found


def items_of(peer: Peer, key: Mapping[str, ODataValue]) -> list[Decimal]:
    return [row["OrderQuantity"] for row in peer.service.rows(ITEMS, Query(equals=key))]


@pytest.mark.parametrize("decimals", ["number", "string"])
def test_amounts_are_exact_as_numbers_and_as_strings(
    decimals: Literal["number", "string"],
) -> None:
    """OD-P40: it takes strings only where IEEE754Compatible says so."""
    services = {LOCAL_V4: ServiceOptions(decimals=decimals)}
    with opened_odatapy(services=services) as peer:
        key = peer.service.create("PurchaseOrder", peer.new("EXACT", ("9999999999.125", "0.1"))).key
        assert items_of(peer, key) == [Decimal("9999999999.125"), Decimal("0.1")]


def test_a_function_of_an_item_is_called(peer: Peer) -> None:
    key = {**peer.first(), ITEMS: "10"}
    assert peer.service.call("GetReceivedQuantity", entity_set=ITEMS, key=key) == Decimal("1.5")


def test_it_has_no_actions(peer: Peer) -> None:
    with pytest.raises(SapRejected, match="501"):
        peer.service.call("Release", entity_set="PurchaseOrder", key=peer.first())


def test_it_numbers_nothing(peer: Peer) -> None:
    with pytest.raises(SapRejected, match="PurchaseOrder"):
        peer.service.create("PurchaseOrder", {"Supplier": "S1"})
    assert peer.service.count("PurchaseOrder") == ORDERS


def test_items_stay_behind_their_order(peer: Peer) -> None:
    key = peer.first()
    peer.service.delete("PurchaseOrder", key)
    assert len(items_of(peer, key)) == 2


def test_an_unknown_delta_token_is_the_very_beginning(peer: Peer) -> None:
    """So nothing can be proved here about positions that are lost."""
    since = peer.service.position_after("PurchaseOrder", "NOPE")
    pages = list(peer.service.changes("PurchaseOrder", since=since))
    found = [msgspec.json.decode(raw)["PurchaseOrder"] for page in pages for raw in page.rows]
    assert len(found) == ORDERS

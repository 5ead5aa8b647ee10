"""What a caller easily gets wrong ends in an error that says so, and nothing is sent."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Repeatability
from sapmatch.model.query import Expand, Query, field
from sapmatch.sap.odata.batch import Changeset, Read
from sapmatch.sap.odata.service import Service
from tests.builders.edmx import ORDER, v4_document
from tests.builders.sap_server import SERVICE, Reply, SapServer, client_of, in_turn

NAIVE = Repeatability(request_id="1", first_sent=datetime(2026, 11, 21))  # noqa: DTZ001
LIKE_A_KEY: Any = "1000045"
LIKE_A_POSITION: Any = "abc"
A_READ: Any = Read("Orders", {"ID": "1"})
A_TEXT: Any = "Orders"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda s: s.get("Orders", LIKE_A_KEY), "given by its fields"),
        (lambda s: s.delete("Orders", LIKE_A_KEY, etag=None), "given by its fields"),
        (lambda s: s.batch([Changeset((A_READ,))]), "Read: .* holds writes only"),
        (lambda s: s.batch([A_TEXT]), "str: a batch holds"),
        (lambda s: s.create("Orders", {}, repeatability=NAIVE), "first_sent: has no zone"),
        (lambda s: list(s.changes("Orders", since=LIKE_A_POSITION)), "since is a DeltaPosition"),
    ],
)
def test_a_mistaken_argument_is_named(call: Callable[[Service], object], said: str) -> None:
    with (
        SapServer(in_turn()) as server,
        client_of(server, csrf="never", repeatable_requests=True) as client,
        pytest.raises(InputRejected, match=said),
    ):
        call(client.service(SERVICE))
    assert server.requests == []


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"select": "Supplier"}, "^select: give a tuple"),
        ({"expand": "to_Item"}, "^expand: give a tuple"),
        ({"order_by": "Supplier"}, "^order_by: give a tuple"),
        ({"where": False}, "^where: is no condition"),
        ({"page_size": 0}, "^page_size: must be at least 1"),
        ({"top": -1}, "^top: must be at least 0"),
        ({"skip": -1}, "^skip: must be at least 0"),
    ],
)
def test_a_query_of_mistaken_parts_is_refused(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(InputRejected, match=said):
        Query(**parts)


def test_and_or_and_not_of_python_drop_no_condition() -> None:
    one, two = field("A").eq(1), field("B").eq(2)
    for mistaken in (lambda: one and two, lambda: one or two, lambda: not one):
        with pytest.raises(TypeError, match=r"& \| ~"):
            mistaken()
    assert Query(where=one & two, expand=(Expand(path="C", where=~one),)).where == one & two


def test_a_bound_operation_says_on_what_it_is_called() -> None:
    action = (
        '<Action Name="Release" IsBound="true"><Parameter Name="it" Type="SELF.Order"/></Action>'
    )
    document = v4_document(ORDER.format(more="") + action)
    with (
        SapServer(lambda _: Reply(body=document, type="application/xml")) as server,
        client_of(server) as client,
        pytest.raises(InputRejected, match="Release: is called on Orders: give entity_set and key"),
    ):
        client.service("/sap/opu/odata4/sap/x/0001").call("Release")
    assert server.written() == []

"""What stands around the rows of an answer: links, counts, notes of SAP on itself."""

from typing import Any

import pytest

from sapmatch.model.ports import Page
from sapmatch.model.query import Query
from sapmatch.sap.odata.client import ODataClient
from sapmatch.sap.odata.metadata import Version
from tests.builders import edmx
from tests.builders.sap_server import SERVICE, Reply, SapServer, client_of, data, in_turn, rows
from tests.builders.sap_typed import PATHS, SERVICE_V4, orders, read

ITEMS = """<EntityType Name="Order"><Key><PropertyRef Name="ID"/></Key>
  <Property Name="ID" Type="Edm.String" Nullable="false"/>
  <NavigationProperty Name="to_Item" Relationship="NS.R" FromRole="A" ToRole="B"/></EntityType>
 <EntityType Name="Item"><Key><PropertyRef Name="No"/></Key>
  <Property Name="No" Type="Edm.String" Nullable="false"/>
  <Property Name="Price" Type="Edm.Decimal"/></EntityType>
 <Association Name="R"><End Type="NS.Order" Role="A" Multiplicity="1"/>
  <End Type="NS.Item" Role="B" Multiplicity="*"/></Association>"""
WITH_ITEMS = edmx.v2(
    ITEMS, '<EntitySet Name="Orders" EntityType="NS.Order"/><EntitySet Name="Items" '
    'EntityType="NS.Item"/><AssociationSet Name="RS" Association="NS.R"><End EntitySet="Orders" '
    'Role="A"/><End EntitySet="Items" Role="B"/></AssociationSet>',
)  # fmt: skip


def first_page(client: ODataClient, version: Version, query: Query) -> Page:
    return next(client.service(PATHS[version]).pages("Orders", query))


def test_v4_rows_and_links_are_found_and_followed_where_they_lead() -> None:
    """OD-P20, OD-P21: the link is relative to the request."""
    link = "Orders?$skiptoken=2"
    replies = [data({"value": [{"ID": "1"}], "@odata.nextLink": link}), data({"value": []})]
    with SapServer(in_turn(*replies)) as server, client_of(server) as client:
        pages = list(client.service(SERVICE_V4).pages("Orders"))
    assert [len(page.rows) for page in pages] == [1, 0]
    assert server.requests[1].target == f"{SERVICE_V4}/{link}"


def test_what_sap_says_to_the_page_size_is_kept() -> None:
    """OD-P25."""
    reply = data({"d": {"results": []}}, Preference_Applied="odata.maxpagesize=500")
    with SapServer(in_turn(reply)) as server, client_of(server) as client:
        page = first_page(client, "V2", Query(page_size=1000))
    assert server.requests[0].headers["prefer"] == "odata.maxpagesize=1000"
    assert page.preferences == "odata.maxpagesize=500"


@pytest.mark.parametrize(
    ("version", "body", "count"),
    [
        ("V2", {"d": {"results": [], "__count": "12"}}, 12),
        ("V2", {"d": {"results": [], "__count": 12}}, 12),
        ("V2", {"d": {"results": []}}, None),
        ("V2", {"d": []}, None),
        ("V4", {"value": [], "@odata.count": 12}, 12),
        ("V4", {"value": [], "@odata.count": "12"}, 12),
        ("V4", {"value": []}, None),
    ],
)
def test_a_count_beside_the_rows_is_a_number_or_missing(
    version: Version, body: dict[str, Any], count: int | None
) -> None:
    """OD-P27."""
    option = "$inlinecount=allpages" if version == "V2" else "$count=true"
    with SapServer(in_turn(data(body))) as server, client_of(server) as client:
        assert first_page(client, version, Query(inline_count=True)).count == count
    assert server.requests[0].query.endswith(option)


@pytest.mark.parametrize("version", ["V2", "V4"])
def test_a_count_alone_is_plain_text(version: Version) -> None:
    """OD-P27."""
    with (
        SapServer(in_turn(Reply(body=b"12", type="text/plain"))) as server,
        client_of(server) as client,
    ):
        assert client.service(PATHS[version]).count("Orders") == 12
    assert server.requests[0].path.endswith("/Orders/$count")


def test_v2_rows_lose_what_sap_says_about_them() -> None:
    """OD-P29."""
    sent = {
        "__metadata": {"uri": "https://x/Orders('1')", "etag": 'W/"1"', "type": "NS.Order"},
        "ID": "1",
        "to_Item": {"__deferred": {"uri": "https://x/Orders('1')/to_Item"}},
    }
    assert read(WITH_ITEMS, sent) == [{"ID": "1"}]


def test_v4_rows_lose_their_annotations() -> None:
    """OD-P29."""
    sent = {"@odata.etag": 'W/"1"', "ID": "1", "to_Item@odata.navigationLink": "Orders('1')/x"}
    assert read(orders("V4"), sent) == [{"ID": "1"}]


def test_the_etag_and_the_address_of_a_row_stay_at_hand() -> None:
    """OD-P29."""
    notes = {"uri": "https://x/Orders('1')", "etag": 'W/"1"'}
    with (
        SapServer(in_turn(rows({"__metadata": notes, "ID": "1"}))) as server,
        client_of(server) as client,
    ):
        (found,) = client.service(SERVICE).find("Orders", Query())
    assert found.etag == 'W/"1"'
    assert found.row["__metadata"] == notes

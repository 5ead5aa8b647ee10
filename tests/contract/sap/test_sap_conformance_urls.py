"""Keys, filters and addresses as they arrive at the server, byte for byte."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from sapmatch.matching.keys import order_keys
from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import OrderKey
from sapmatch.model.query import Condition, Query, field
from sapmatch.sap.odata.batch import Read
from sapmatch.sap.odata.metadata import Metadata, Version
from tests.builders import edmx
from tests.builders.batch_answers import BATCH, enclosed, http, part
from tests.builders.sap_rows import head_row, orders_of
from tests.builders.sap_server import (
    SERVICE,
    Received,
    Reply,
    SapServer,
    client_of,
    data,
    in_turn,
    rows,
    with_token,
)
from tests.builders.sap_typed import PATHS, SERVICE_V4, created, orders, read

BOTH: list[Version] = ["V2", "V4"]
A, B, C = field("A"), field("B"), field("C")
GUID = UUID("00163e06-1234-1ed5-8000-0123456789ab")


def got(version: Version, key: dict[str, Any], **options: Any) -> Received:
    """The request for one entity."""
    path, row = PATHS[version], {"ID": "1"}
    reply = data({"d": row} if version == "V2" else row)
    settings = {path: ServiceOptions(**options)}
    with SapServer(in_turn(reply)) as server, client_of(server, services=settings) as client:
        client.service(path).get("Orders", key)
    return server.requests[0]


def asked(version: Version, where: Condition, metadata: Metadata | None = None) -> Received:
    """The request for all entities that fit."""
    path = PATHS[version]
    reply = rows() if version == "V2" else data({"value": []})
    with SapServer(in_turn(reply)) as server, client_of(server) as client:
        client.service(path, metadata=metadata).find("Orders", Query(where=where))
    return server.requests[0]


def condition(version: Version, where: Condition, metadata: Metadata | None = None) -> str:
    return asked(version, where, metadata).query.partition("$filter=")[2]


@pytest.mark.parametrize("version", BOTH)
def test_a_quote_in_a_key_is_doubled_and_no_end_of_it(version: Version) -> None:
    """OD-P55."""
    assert got(version, {"ID": "O'Brien"}).path.endswith("/Orders('O''Brien')")
    assert got(version, {"ID": "1') or ('"}).path.endswith("/Orders('1''%29%20or%20%28''')")


@pytest.mark.parametrize("version", BOTH)
def test_a_slash_in_a_key_is_encoded_unless_the_service_wants_it_plain(version: Version) -> None:
    """OD-P56."""
    key = {"ID": "/BAZ/FOO"}
    assert got(version, key).path.endswith("/Orders('%2FBAZ%2FFOO')")
    assert got(version, key, slash_in_keys="plain").path.endswith("/Orders('/BAZ/FOO')")


@pytest.mark.parametrize("version", BOTH)
def test_every_part_of_a_composite_key_is_named_and_a_single_one_is_not(version: Version) -> None:
    """OD-P57."""
    both = {"SalesOrder": "1", "Item": "000010"}
    assert got(version, both).path.endswith("/Orders(SalesOrder='1',Item='000010')")
    assert got(version, {"SalesOrder": "1"}).path.endswith("/Orders('1')")


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize(
    ("where", "text"),
    [
        (A.one_of(["1", "2"]) & B.eq("x"), "(A eq '1' or A eq '2') and B eq 'x'"),
        (B.eq("x") & (A.eq("1") | A.eq("2")), "B eq 'x' and (A eq '1' or A eq '2')"),
        ((A.eq("1") & B.eq("2")) | C.eq("3"), "(A eq '1' and B eq '2') or C eq '3'"),
        (~(A.eq("1") | A.eq("2")), "not (A eq '1' or A eq '2')"),
        (A.within("1", "5") & B.eq("x"), "A ge '1' and A le '5' and B eq 'x'"),
    ],
)
def test_alternatives_inside_a_conjunction_are_bracketed(
    version: Version, where: Condition, text: str
) -> None:
    """OD-P58."""
    assert condition(version, where) == text


def test_the_users_own_filter_is_bracketed_beside_ours() -> None:
    """OD-P58: `or` in it does not reach beyond it."""
    query = Query(equals={"A": "1"}, filter="B eq '2' or C eq '3'")
    with SapServer(in_turn(rows())) as server, client_of(server) as client:
        client.service(SERVICE).find("Orders", query)
    assert server.requests[0].query.endswith("$filter=A eq '1' and (B eq '2' or C eq '3')")


@pytest.mark.parametrize("version", BOTH)
def test_spaces_and_umlauts_are_encoded_once(version: Version) -> None:
    """OD-P59: no plus for a space, no percent sign of a percent sign."""
    target = asked(version, A.eq("Müller & Söhne 100% +")).target
    text = "A%20eq%20'M%C3%BCller%20%26%20S%C3%B6hne%20100%25%20%2B'"
    assert target.endswith(f"$filter={text}")


@pytest.mark.parametrize("version", BOTH)
def test_the_lines_of_a_batch_are_encoded_the_same_way(version: Version) -> None:
    """OD-P59."""
    path = PATHS[version]
    empty: Any = {"d": {"results": []}} if version == "V2" else {"value": []}
    reply = Reply(
        200, enclosed([part(http(200, empty))]), type=f"multipart/mixed; boundary={BATCH}"
    )
    query = Query(where=A.eq("Müller & Söhne"))
    with SapServer(with_token(in_turn(reply))) as server, client_of(server) as client:
        client.service(path).batch([Read(entity_set="Orders", query=query)])
    line = b"GET Orders?$filter=A%20eq%20'M%C3%BCller%20%26%20S%C3%B6hne' HTTP/1.1\r\n"
    assert line in server.written()[0].body


@pytest.mark.parametrize(
    ("value", "old", "new"),
    [
        (GUID, f"guid'{GUID}'", str(GUID)),
        (Decimal("10.50"), "10.50M", "10.50"),
        (5_000_000_000, "5000000000L", "5000000000"),
        (date(2026, 5, 1), "datetime'2026-05-01T00:00:00'", "2026-05-01"),
        (
            datetime(2026, 5, 1, 10, tzinfo=UTC),
            "datetimeoffset'2026-05-01T10:00:00Z'",
            "2026-05-01T10:00:00Z",
        ),
        (True, "true", "true"),
        ("1", "'1'", "'1'"),
    ],
)
def test_literals_carry_the_marks_of_v2_and_none_in_v4(value: Any, old: str, new: str) -> None:
    """OD-P60."""
    assert condition("V2", A.eq(value)) == f"A eq {old}"
    assert condition("V4", A.eq(value)) == f"A eq {new}"


def test_metadata_decides_how_a_text_is_written() -> None:
    """OD-P60: a GUID or a number that comes as text, from a file for example."""
    types = {"A": "Edm.Guid", "B": "Edm.Decimal"}
    where = A.eq(str(GUID)) & B.gt("1.5")
    assert condition("V2", where, orders("V2", **types)) == f"A eq guid'{GUID}' and B gt 1.5M"
    assert condition("V4", where, orders("V4", **types)) == f"A eq {GUID} and B gt 1.5"


@pytest.mark.parametrize("version", BOTH)
def test_leading_zeros_stay_on_their_way_there_and_back(version: Version) -> None:
    """OD-P61."""
    number = "0000004711"
    (row,) = read(orders(version), {"ID": number})
    assert row == {"ID": number}
    assert got(version, row).path.endswith(f"/Orders('{number}')")
    assert condition(version, field("ID").eq(number)) == f"ID eq '{number}'"
    assert created(orders(version), row).body == b'{"ID":"0000004711"}'


def test_orders_are_compared_without_the_zeros_that_their_rows_keep() -> None:
    """OD-P61."""
    found = edmx.v2(edmx.ORDER.format(more=""), edmx.ORDERS)
    for number in ("0000004711", "4711"):
        sent = head_row(PurchaseOrder=number, ID="1")
        (order,), _ = orders_of(PurchaseOrder=read(found, sent))
        assert order.id == number
        assert OrderKey("K1", "4711") in order_keys(order)


def service_of(fields: str = "", **annotations: str) -> Metadata:
    marks = " ".join(f'sap:{name.replace("_", "-")}="{text}"' for name, text in annotations.items())
    return edmx.v2(
        edmx.ORDER.format(more=fields), f'<EntitySet Name="Orders" EntityType="NS.Order" {marks}/>'
    )


CLOSED = '<Property Name="A" Type="Edm.String" sap:filterable="false"/>'
REQUIRED = '<Property Name="A" Type="Edm.String" sap:required-in-filter="true"/>'


@pytest.mark.parametrize(
    ("metadata", "query", "named"),
    [
        (service_of(CLOSED), Query(where=A.eq("1")), "A"),
        (service_of(REQUIRED), Query(), "A"),
        (service_of(pageable="false"), Query(skip=1), "skip"),
        (service_of(topable="false"), Query(top=1), "top"),
        (service_of(requires_filter="true"), Query(), "Orders"),
        (service_of(), Query(where=B.eq("1")), "B"),
    ],
    ids=["not filterable", "required in filter", "no skip", "no top", "a filter", "unknown"],
)
def test_a_query_that_metadata_rules_out_is_not_sent(
    metadata: Metadata, query: Query, named: str
) -> None:
    """OD-P62."""
    with SapServer(in_turn()) as server, client_of(server) as client:
        with pytest.raises(InputRejected, match=named):
            list(client.service(SERVICE, metadata=metadata).pages("Orders", query))
        assert server.requests == []


def test_a_write_that_metadata_rules_out_is_not_sent_and_no_token_fetched() -> None:
    """OD-P62."""
    closed = service_of(creatable="false", updatable="false", deletable="false")
    with SapServer(in_turn()) as server, client_of(server) as client:
        service = client.service(SERVICE, metadata=closed)
        with pytest.raises(InputRejected, match="Orders"):
            service.create("Orders", {"ID": "1"})
        with pytest.raises(InputRejected, match="Orders"):
            service.update("Orders", {"ID": "1"}, {"ID": "2"})
        with pytest.raises(InputRejected, match="Orders"):
            service.delete("Orders", {"ID": "1"})
        assert server.requests == []


def test_a_v4_service_is_held_to_its_capabilities() -> None:
    """OD-P62."""
    rule = """<Annotations Target="SELF.Container/Orders">
     <Annotation Term="Cap.InsertRestrictions"><Record>
      <PropertyValue Property="Insertable" Bool="false"/></Record></Annotation></Annotations>"""
    with SapServer(in_turn()) as server, client_of(server) as client:
        service = client.service(SERVICE_V4, metadata=edmx.v4(annotations=rule))
        with pytest.raises(InputRejected, match="Orders"):
            service.create("Orders", {"ID": "1"})
        assert server.requests == []

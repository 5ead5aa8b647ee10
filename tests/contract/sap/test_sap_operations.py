"""Function imports of V2, functions and actions of V4, on a service, a set and a record."""

import json
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest

from sapmatch.model.errors import (
    InputRejected,
    OutcomeUnknown,
    PreconditionFailed,
    RecordLocked,
    SapRejected,
    SapUnavailable,
)
from sapmatch.sap.odata.metadata import Metadata
from sapmatch.sap.odata.service import Service
from tests.builders import edmx
from tests.builders.sap_server import (
    Reply,
    SapServer,
    client_of,
    data,
    in_turn,
    refusal,
    with_token,
)
from tests.builders.sap_typed import PATHS

_V2_CONTAINER = (
    edmx.ORDERS
    + """
<FunctionImport Name="Release" m:HttpMethod="POST" ReturnType="NS.Order" EntitySet="Orders"
  sap:action-for="NS.Order"><Parameter Name="ID" Type="Edm.String" Mode="In" Nullable="false"/>
  <Parameter Name="Amount" Type="Edm.Decimal" Mode="In" Nullable="true"/></FunctionImport>
<FunctionImport Name="Open" m:HttpMethod="GET" ReturnType="Collection(NS.Order)"
  EntitySet="Orders"><Parameter Name="Since" Type="Edm.DateTime" Mode="In"/></FunctionImport>
<FunctionImport Name="Rate" m:HttpMethod="GET" ReturnType="Edm.Decimal"/>
<FunctionImport Name="Names" m:HttpMethod="GET" ReturnType="Collection(Edm.String)"/>
<FunctionImport Name="Sum" m:HttpMethod="GET" ReturnType="Edm.Decimal">
  <Parameter Name="Of" Type="Collection(Edm.String)" Mode="In"/></FunctionImport>
"""
)
_V4_TYPES = (
    edmx.ORDER.format(more="")
    + """
<Action Name="Release" IsBound="true"><Parameter Name="_it" Type="SELF.Order"/>
 <Parameter Name="Amount" Type="Edm.Decimal" Precision="15" Scale="2"/>
 <ReturnType Type="SELF.Order"/></Action>
<Action Name="ReleaseAll" IsBound="true"><Parameter Name="_it" Type="Collection(SELF.Order)"/>
</Action>
<Function Name="Open" IsBound="true"><Parameter Name="_it" Type="Collection(SELF.Order)"/>
 <Parameter Name="Since" Type="Edm.Date" Nullable="false"/>
 <ReturnType Type="Collection(SELF.Order)"/></Function>
<Function Name="Rate"><ReturnType Type="Edm.Decimal"/></Function>
<Function Name="Rate"><Parameter Name="Of" Type="Edm.String" Nullable="false"/>
 <Parameter Name="On" Type="Edm.Date"/><ReturnType Type="Edm.Decimal"/></Function>
<Function Name="Sum"><Parameter Name="Of" Type="Collection(Edm.String)" Nullable="false"/>
 <Parameter Name="Lines" Type="Collection(Edm.Int32)"/>
 <Parameter Name="From" Type="Edm.Decimal"/><Parameter Name="Where" Type="SELF.Place"/>
 <ReturnType Type="Edm.Decimal"/></Function>
<ComplexType Name="Place"><Property Name="City" Type="Edm.String"/>
 <Property Name="Day" Type="Edm.Date"/></ComplexType>
<Function Name="Late" IsBound="true"><Parameter Name="_it" Type="SELF.Order"/>
 <Parameter Name="Days" Type="Edm.Int32"/><ReturnType Type="Edm.Boolean"/></Function>
<Function Name="Late" IsBound="true"><Parameter Name="_it" Type="SELF.Order"/>
 <Parameter Name="Since" Type="Edm.Date"/><ReturnType Type="Edm.Boolean"/></Function>
<Action Name="Reset"/>
"""
)
_V4_CONTAINER = """<EntitySet Name="Orders" EntityType="SELF.Order"/>
<FunctionImport Name="Rate" Function="SELF.Rate"/>
<FunctionImport Name="Sum" Function="SELF.Sum"/><ActionImport Name="Reset" Action="SELF.Reset"/>
"""
V2 = edmx.v2(container=_V2_CONTAINER)
V4 = edmx.v4(_V4_TYPES, _V4_CONTAINER)
NS = "com.example.orders"
DONE = {"ID": "1", "Status": "released"}


def service_of(server: SapServer, metadata: Metadata, **settings: Any) -> Service:
    client = client_of(server, **settings)
    return client.service(PATHS[metadata.version], metadata=metadata)


def local(server: SapServer, metadata: Metadata) -> list[str]:
    return [each.path.removeprefix(PATHS[metadata.version]) for each in server.requests]


def test_a_v2_action_takes_its_key_among_the_parameters_and_the_etag() -> None:
    """OD-P69, OD-P60."""
    replies = (
        data({"d": {"__metadata": {"etag": 'W/"1"'}, "ID": "1"}}),
        data({"d": {"Release": DONE}}),
    )
    with SapServer(with_token(in_turn(*replies))) as server:
        service = service_of(server, V2)
        service.get("Orders", {"ID": "1"})
        found = service.call(
            "Release", {"Amount": Decimal("1.50")}, entity_set="Orders", key={"ID": "1"}
        )
    assert found == DONE
    (request,) = server.written()
    assert (request.method, request.path) == ("POST", f"{PATHS['V2']}/Release")
    assert request.query.endswith("&ID='1'&Amount=1.50M")
    assert (request.headers["if-match"], request.body) == ('W/"1"', b"")


def test_a_v4_action_on_a_record_sends_its_body_and_etag() -> None:
    """OD-P69, OD-P41."""
    replies = (data({"@odata.etag": 'W/"1"', "ID": "1"}), data(DONE))
    with SapServer(with_token(in_turn(*replies))) as server:
        found = service_of(server, V4).call(
            "Release", {"Amount": Decimal("1.50")}, entity_set="Orders", key={"ID": "1"}
        )
    assert found == DONE
    (request,) = server.written()
    assert request.path == f"{PATHS['V4']}/Orders('1')/{NS}.Release"
    assert (request.headers["if-match"], request.body) == ('W/"1"', b'{"Amount":1.50}')


@pytest.mark.parametrize("metadata", [V2, V4], ids=["V2", "V4"])
def test_after_an_action_the_record_is_read_before_it_is_changed(metadata: Metadata) -> None:
    """OD-P68: an ETag beside the answer may be one of something else."""
    tag = {"@odata.etag": '"1"', "ID": "1"}
    row = tag if metadata.version == "V4" else {"d": {"__metadata": {"etag": '"1"'}, "ID": "1"}}
    replies = (data(row), Reply(204, headers=[("ETag", '"foreign"')]), data(row), Reply(204))
    with SapServer(in_turn(*replies)) as server:
        service = service_of(server, metadata, csrf="never")
        service.call("Release", entity_set="Orders", key={"ID": "1"})
        service.delete("Orders", {"ID": "1"})
    assert server.methods() == ["GET", "POST", "GET", "DELETE"]
    assert server.requests[-1].headers["if-match"] == '"1"'


def test_functions_are_read_and_repeated_and_their_literals_are_those_of_the_version() -> None:
    """OD-P60."""
    busy = Reply(503)
    with SapServer(
        in_turn(busy, data({"d": {"results": [DONE]}}), data({"value": [DONE]}))
    ) as server:
        since = {"Since": date(2026, 11, 1)}
        assert service_of(server, V2).call("Open", since) == [DONE]
        assert service_of(server, V4).call("Open", since, entity_set="Orders") == [DONE]
    assert server.methods() == ["GET"] * 3
    assert server.requests[1].query.endswith("&Since=datetime'2026-11-01T00:00:00'")
    assert server.requests[2].path == f"{PATHS['V4']}/Orders/{NS}.Open(Since=2026-11-01)"


@pytest.mark.parametrize("metadata", [V2, V4], ids=["V2", "V4"])
def test_what_a_function_returns_is_read_to_its_last_page(metadata: Metadata) -> None:
    """OD-P24: the first page alone would pass for all."""
    v2 = [
        data({"d": {"results": [{"ID": "1"}], "__next": "Open?$skiptoken=2"}}),
        data({"d": {"results": [{"ID": "2"}]}}),
    ]
    v4 = [
        data({"value": [{"ID": "1"}], "@odata.nextLink": "Open?$skiptoken=2"}),
        data({"value": [{"ID": "2"}]}),
    ]
    with SapServer(in_turn(*(v2 if metadata.version == "V2" else v4))) as server:
        on = None if metadata.version == "V2" else "Orders"
        found = service_of(server, metadata).call(
            "Open", {"Since": date(2026, 11, 1)}, entity_set=on
        )
    assert found == [{"ID": "1"}, {"ID": "2"}]


@pytest.mark.parametrize(
    ("metadata", "name", "body", "value"),
    [
        (V2, "Rate", {"d": {"Rate": "1.0850"}}, "1.0850"),
        (V2, "Names", {"d": {"results": ["A", "B"]}}, ["A", "B"]),
        (V2, "Names", {"d": {"Names": {"results": ["A"]}}}, ["A"]),
        (V4, "Rate", {"@odata.context": "$metadata#Edm.Decimal", "value": "1.0850"}, "1.0850"),
    ],
)
def test_a_function_may_return_values(
    metadata: Metadata, name: str, body: dict[str, Any], value: object
) -> None:
    with SapServer(in_turn(data(body))) as server:
        assert service_of(server, metadata).call(name) == value


def test_an_action_without_an_answer_returns_nothing() -> None:
    with SapServer(in_turn(Reply(204), Reply(204))) as server:
        service = service_of(server, V4, csrf="never")
        assert service.call("Reset") is None
        assert service.call("ReleaseAll", entity_set="Orders") is None
    assert local(server, V4) == ["/Reset", f"/Orders/{NS}.ReleaseAll"]
    assert [request.body for request in server.requests] == [b"{}", b"{}"]
    assert all("if-match" not in request.headers for request in server.requests)


@pytest.mark.parametrize(
    ("metadata", "name", "arguments", "said"),
    [
        (V2, "Releas", {}, "there is Release"),
        (V2, "Release", {}, "ID is missing"),
        (V2, "Release", {"parameters": {"ID": "1", "Text": "x"}}, "Text is no parameter"),
        (V4, "Open", {"entity_set": "Orders"}, "Since is missing"),
        (V4, "Release", {}, "is called on Orders: give entity_set and key"),
        (V4, "Release", {"entity_set": "Orders"}, "one record: give its key"),
        (V4, "ReleaseAll", {"entity_set": "Orders", "key": {"ID": "1"}}, "give no key"),
        (V4, "Rate", {"entity_set": "Orders"}, "is no function or action"),
        (V4, "Rate", {"parameters": {"In": "EUR"}}, r"there are \(\) and \(Of, On\)"),
        (V4, "Rate", {"parameters": {"Of": None, "On": None}}, "Of is missing"),
        (V4, "Late", {"entity_set": "Orders", "key": {"ID": "1"}}, "all parameters of one"),
        (V4, "Sum", {"parameters": {"Of": "A"}}, "Of takes a list"),
        (V4, "Sum", {"parameters": {"Of": ["A"], "From": [1]}}, "From takes one value"),
        (V4, "Sum", {"parameters": {"Of": ["A"], "From": {"A": 1}}}, "From takes one value"),
        (
            V4,
            "Sum",
            {"parameters": {"Of": ["A"], "Lines": [1, "x"]}},
            r"Lines\[1\] is no Edm.Int32",
        ),
        (V2, "Sum", {"parameters": {"Of": ["A"]}}, "Of is a list, which OData V2 cannot send"),
        (V2, "Release", {"parameters": {"ID": ["1"]}}, "ID takes one value"),
        (V2, "Open", {"parameters": {"Since": "soon"}}, "Since: is no Edm.DateTime"),
    ],
)
def test_a_call_that_metadata_rules_out_is_not_sent(
    metadata: Metadata, name: str, arguments: dict[str, Any], said: str
) -> None:
    """OD-P62."""
    with SapServer(in_turn()) as server, pytest.raises(InputRejected, match=said):
        service_of(server, metadata).call(name, **arguments)
    assert server.requests == []


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refusal(428), PreconditionFailed),
        (refusal(412), PreconditionFailed),
        (refusal(423), RecordLocked),
        (refusal(400, "M8/186"), SapRejected),
        (Reply(drop=True), OutcomeUnknown),
        (Reply(504), OutcomeUnknown),
        (Reply(200, b'{"ID"'), OutcomeUnknown),
    ],
)
@pytest.mark.parametrize("metadata", [V2, V4], ids=["V2", "V4"])
def test_an_action_is_sent_once_and_its_trouble_is_that_of_a_write(
    metadata: Metadata, reply: Reply, error: type[Exception]
) -> None:
    """OD-P65, OD-P75, OD-P87."""
    with SapServer(in_turn(reply)) as server, pytest.raises(error):
        service_of(server, metadata, csrf="never").call(
            "Release", entity_set="Orders", key={"ID": "1"}, etag='"1"'
        )
    assert len(server.requests) == 1


def test_a_function_with_an_unreadable_answer_may_be_asked_again() -> None:
    script = in_turn(Reply(200, b'{"d"'))
    with SapServer(script) as server, pytest.raises(SapUnavailable, match="try again"):
        service_of(server, V2).call("Rate")


def test_an_overload_is_chosen_by_the_names_of_its_parameters() -> None:
    """OData V4 Part 3, 12.2.1: overloads differ in the names of their parameters."""
    day = date(2026, 11, 1)
    with SapServer(in_turn(*[data({"value": 1})] * 5)) as server:
        service = service_of(server, V4)
        service.call("Rate")
        service.call("Rate", {"On": day, "Of": "EUR"})
        service.call("Rate", {"Of": "EUR"})
        on_one: dict[str, Any] = {"entity_set": "Orders", "key": {"ID": "1"}}
        service.call("Late", {"Since": day}, **on_one)
        service.call("Late", {"Days": 5}, **on_one)
    assert local(server, V4) == [
        "/Rate()",
        "/Rate(On=2026-11-01,Of='EUR')",
        "/Rate(Of='EUR')",
        f"/Orders('1')/{NS}.Late(Since=2026-11-01)",
        f"/Orders('1')/{NS}.Late(Days=5)",
    ]


def test_lists_and_objects_for_a_function_stand_behind_aliases() -> None:
    """OData V4.01 Part 2, 5.1.1.13: the path names them, the query holds them as JSON."""
    given = {
        "Of": ["A'\"&=1", "ü"],
        "Lines": (1, 2),
        "From": Decimal("1.50"),
        "Where": {"City": "Ulm", "Day": date(2026, 11, 1)},
    }
    with SapServer(in_turn(data({"value": 1}))) as server:
        assert service_of(server, V4).call("Sum", given) == 1
    (request,) = server.requests
    assert request.path == f"{PATHS['V4']}/Sum(Of=@Of,Lines=@Lines,From=1.50,Where=@Where)"
    query = request.target.partition("?")[2]
    sent = {name: json.loads(text) for name, text in parse_qsl(query) if "@" in name}
    assert sent == {
        "@Of": ["A'\"&=1", "ü"],
        "@Lines": [1, 2],
        "@Where": {"City": "Ulm", "Day": "2026-11-01"},
    }
    assert "&@Lines=%5B1,2%5D" in query


def test_parameters_are_encoded_and_cannot_change_the_call() -> None:
    """OD-P55, OD-P59."""
    with SapServer(in_turn(data({"d": {"Release": None}}))) as server:
        service_of(server, V2, csrf="never").call("Release", {"ID": "O'x&Amount=9M/ü"})
    query = server.requests[0].target.partition("?")[2]
    assert query.endswith("&ID='O''x%26Amount%3D9M/%C3%BC'")
    assert json.dumps(server.requests[0].path) == f'"{PATHS["V2"]}/Release"'

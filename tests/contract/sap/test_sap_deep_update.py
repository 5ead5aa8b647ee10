"""A record changed together with its items, and amounts read back after they were written."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected, OutcomeUnknown, PreconditionFailed, SapRejected
from sapmatch.model.intent import Record, Written
from sapmatch.sap.odata.metadata import Metadata
from sapmatch.sap.odata.writing import ANY, KNOWN
from tests.builders import edmx
from tests.builders.sap_server import (
    Received,
    Reply,
    SapServer,
    Script,
    client_of,
    data,
    in_turn,
    refusal,
)
from tests.builders.sap_typed import PATHS, orders

ORDER = edmx.ORDER.format(
    more="""<Property Name="Note" Type="Edm.String"/>
 <NavigationProperty Name="to_Item" Relationship="NS.Has" FromRole="One" ToRole="Many"/>
 <NavigationProperty Name="to_Partner" Relationship="NS.By" FromRole="One" ToRole="Other"/>"""
)
TYPES = (
    ORDER
    + """<EntityType Name="Item"><Key><PropertyRef Name="ID"/><PropertyRef Name="Item"/></Key>
 <Property Name="ID" Type="Edm.String" Nullable="false"/>
 <Property Name="Item" Type="Edm.String" Nullable="false"/>
 <Property Name="Price" Type="Edm.Decimal" Precision="15" Scale="2"/></EntityType>
<EntityType Name="Partner"><Key><PropertyRef Name="Number"/></Key>
 <Property Name="Number" Type="Edm.String" Nullable="false"/>
 <Property Name="City" Type="Edm.String"/></EntityType>
<Association Name="Has"><End Role="One" Type="NS.Order" Multiplicity="1"/>
 <End Role="Many" Type="NS.Item" Multiplicity="*"/></Association>
<Association Name="By"><End Role="One" Type="NS.Order" Multiplicity="*"/>
 <End Role="Other" Type="NS.Partner" Multiplicity="1"/></Association>"""
)
CONTAINER = (
    edmx.ORDERS
    + """<EntitySet Name="Items" EntityType="NS.Item"/>
<EntitySet Name="OldItems" EntityType="NS.Item"/>
<EntitySet Name="Partners" EntityType="NS.Partner"/>
<AssociationSet Name="HasSet" Association="NS.Has"><End Role="One" EntitySet="Orders"/>
 <End Role="Many" EntitySet="Items"/></AssociationSet>"""
)
V2 = edmx.v2(TYPES, CONTAINER)
DOCUMENT = edmx.v2_document(TYPES, CONTAINER)
ROOT = PATHS["V2"]
KEY = {"ID": "1"}
TWO = [{"Item": "10", "Price": Decimal("1.50")}, {"Item": "20", "Price": Decimal("2.00")}]


def tagged(etag: str, **fields: Any) -> Record:
    return {"__metadata": {"etag": etag}, **fields}


class Orders:
    """An order whose ETag is that of its items too, as SAP's documents have it."""

    def __init__(self, refused: dict[str, Reply] | None = None) -> None:
        self.number = 1
        self.refused = refused or {}

    def __call__(self, request: Received) -> Reply:
        if request.path.endswith("$metadata"):
            return Reply(body=DOCUMENT, type="application/xml")
        if request.method == "GET":
            return data({"d": self._row(request.path)})
        below = request.path.removeprefix(f"{ROOT}/")
        if below in self.refused:
            return self.refused[below]
        if request.headers.get("if-match") not in (f'"{self.number}"', "*", None):
            return refusal(412)
        self.number += 1
        return Reply(204)

    def _row(self, path: str) -> Record:
        etag = f'"{self.number}"'
        items = [tagged(etag, ID="1", Item=number, Price="1.00") for number in ("10", "20", "30")]
        if "/Items(" in path:
            return items[0]
        partner = tagged(etag, Number="7", City="A")
        return tagged(etag, ID="1", to_Item={"results": items}, to_Partner=partner)


def update(
    server: SapServer,
    changes: Record,
    *,
    metadata: Metadata | None = V2,
    etag: Any = KNOWN,
    **options: Any,
) -> Written:
    with client_of(server, csrf="never") as client:
        service = client.service(ROOT, metadata=metadata)
        return service.update("Orders", KEY, changes, etag=etag, **options)


def writes(server: SapServer) -> list[tuple[str, Any]]:
    prefix = f"{ROOT}/"
    return [(one.path.removeprefix(prefix), json.loads(one.body)) for one in server.written()]


def failing(script: Script, changes: Record, **options: Any) -> tuple[Exception, int]:
    """The error, and how many writes came before it."""
    with SapServer(script) as server, pytest.raises(Exception) as caught:  # noqa: PT011
        update(server, changes, **options)
    return caught.value, len(server.written())


@pytest.mark.parametrize("metadata", [V2, None])
@pytest.mark.parametrize("wrapped", [False, True])
def test_items_are_changed_one_by_one_behind_their_header(
    metadata: Metadata | None, wrapped: bool
) -> None:
    """OD-P80: each by the ETag that it has then, which the write before may have moved."""
    changes = {"Note": "x", "to_Item": {"results": TWO} if wrapped else TWO}
    with SapServer(Orders()) as server:
        written = update(server, changes, metadata=metadata)
    assert writes(server) == [
        ("Orders('1')", {"Note": "x"}),
        ("Items(ID='1',Item='10')", {"Price": "1.50"}),
        ("Items(ID='1',Item='20')", {"Price": "2.00"}),
    ]
    assert [one.headers["if-match"] for one in server.written()] == ['"1"', '"2"', '"3"']
    assert (written.key, written.etag, written.http_status) == (KEY, None, 204)


def test_items_alone_leave_the_header_untouched_and_its_etag_still_guards() -> None:
    """OD-P80, OD-P67."""
    with SapServer(Orders()) as server:
        update(server, {"to_Item": TWO}, etag='"1"')
    assert [path for path, _ in writes(server)] == [
        "Items(ID='1',Item='10')",
        "Items(ID='1',Item='20')",
    ]
    error, sent = failing(Orders(), {"to_Item": TWO}, etag='"0"')
    assert (type(error), sent) == (PreconditionFailed, 0)


def test_an_etag_that_was_read_before_guards_the_whole() -> None:
    """OD-P67: what somebody changed since then is not overwritten."""
    world = Orders()
    with SapServer(world) as server, client_of(server, csrf="never") as client:
        service = client.service(ROOT, metadata=V2)
        service.get("Orders", KEY)
        world.number = 5
        with pytest.raises(PreconditionFailed, match="nothing was written"):
            service.update("Orders", KEY, {"Note": "x", "to_Item": TWO})
    assert server.written() == []


@pytest.mark.parametrize(("etag", "sent"), [(None, None), (ANY, "*")])
def test_what_the_caller_says_of_etags_holds_for_the_items_too(
    etag: str | None, sent: str | None
) -> None:
    """OD-P67."""
    with SapServer(Orders()) as server:
        update(server, {"Note": "x", "to_Item": TWO}, etag=etag)
    assert [one.headers.get("if-match") for one in server.written()] == [sent] * 3


def test_one_record_behind_a_navigation_needs_no_key() -> None:
    """OD-P80: the only entity set of its type is where it is."""
    with SapServer(Orders()) as server:
        update(server, {"to_Partner": {"City": "B"}})
    assert writes(server) == [("Partners('7')", {"City": "B"})]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"to_Item": [{"Item": "40", "Price": "1"}]}, r"to_Item\[0\]: 0 records"),
        ({"to_Item": [TWO[0], {"Item": "40", "Price": "1"}]}, r"to_Item\[1\]: 0 records"),
        ({"to_Item": [{"ID": "1", "Price": "1"}]}, "3 records"),
        ({"to_Item": [{"ID": "2", "Item": "10", "Price": "1"}]}, "0 records"),
        ({"to_Item": [{"Price": "1"}]}, "is without key"),
        ({"to_Item": [{"Item": "10"}]}, "is without changes"),
        ({"to_Item": [TWO[0], TWO[0]]}, "same record as"),
        ({"to_Item": []}, "holds no record"),
        ({"to_Item": ["10"]}, "a list of objects"),
        ({"to_Item": {"Item": "10", "Price": "1"}}, "a list of objects"),
        ({"to_Partner": [{"City": "B"}]}, "one object"),
        ({"Note": "x", "to_Item": [{"Item": "10", "Prise": "1"}]}, "there is Price"),
        ({"Not": "x", "to_Item": [{"Item": "10", "Price": "a"}]}, "Not: is no field"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    changes: Record, said: str
) -> None:
    """OD-P80, OD-P62: new items are created, not smuggled into an update."""
    with SapServer(Orders()) as server, pytest.raises(InputRejected, match=said):
        update(server, {"Note": "x", **changes})
    assert server.written() == []


def test_the_mistakes_of_all_parts_are_named_by_their_paths() -> None:
    """OD-P62."""
    changes = {"Not": "x", "to_Item": [TWO[0], {"Item": "20", "Price": "a"}]}
    with SapServer(Orders()) as server, pytest.raises(InputRejected) as caught:
        update(server, changes)
    assert [each.field for each in caught.value.problems] == ["Not", "to_Item[1].Price"]
    assert server.requests == []


def test_a_first_write_that_is_refused_is_a_plain_refusal() -> None:
    """OD-P80: nothing was written, and the error says no more than that."""
    refused = {"Orders('1')": refusal(400, "V1/555")}
    error, sent = failing(Orders(refused), {"Note": "x", "to_Item": TWO})
    assert (type(error), sent) == (SapRejected, 1)


@pytest.mark.parametrize(
    ("reply", "state"),
    [(refusal(400, "V1/555"), "failed"), (refusal(412), "failed"), (Reply(504), "not known")],
)
def test_a_partial_failure_says_which_parts_were_written(reply: Reply, state: str) -> None:
    """OD-P80: it can be neither repeated as a whole nor taken for nothing."""
    items = [*TWO, {"Item": "30", "Price": "3"}]
    refused = {"Items(ID='1',Item='20')": reply}
    error, sent = failing(Orders(refused), {"Note": "x", "to_Item": items})
    assert (type(error), sent) == (OutcomeUnknown, 3)
    parts = f"written: the record itself, to_Item[0]; {state}: to_Item[1]; not tried: to_Item[2]"
    assert parts in str(error)
    assert "2.00" not in str(error)


def test_a_first_write_without_an_answer_names_what_was_not_tried() -> None:
    """OD-P80, OD-P75."""
    error, _ = failing(Orders({"Orders('1')": Reply(504)}), {"Note": "x", "to_Item": TWO})
    assert type(error) is OutcomeUnknown
    assert "not known: the record itself; not tried: to_Item[0], to_Item[1]" in str(error)


def test_a_record_that_is_not_there_has_no_items() -> None:
    def script(request: Received) -> Reply:
        if "$top=0" in request.query:
            return data({"d": {"results": []}})
        return refusal(404, "/IWBEP/CM_MGW_RT/020")

    error, sent = failing(script, {"to_Item": TWO})
    assert (type(error), sent) == (InputRejected, 0)


_V4_TYPES = """<EntityType Name="Order"><Key><PropertyRef Name="ID"/></Key>
 <Property Name="ID" Type="Edm.String" Nullable="false"/>
 <Property Name="Address" Type="SELF.Address"/>
 <NavigationProperty Name="to_Item" Type="Collection(SELF.Item)"/></EntityType>
<EntityType Name="Item"><Key><PropertyRef Name="Item"/></Key>
 <Property Name="Item" Type="Edm.String" Nullable="false"/></EntityType>
<ComplexType Name="Address"><Property Name="City" Type="Edm.String"/></ComplexType>"""
_DEEP = """<Annotations Target="SELF.Container/Orders"><Annotation Term="Cap.UpdateRestrictions">
 <Record><PropertyValue Property="DeepUpdateSupport"><Record>
 <PropertyValue Property="Supported" Bool="{}"/></Record></PropertyValue></Record></Annotation>
 </Annotations>"""


def update_v4(server: SapServer, annotations: str, changes: Record) -> None:
    metadata = edmx.v4(_V4_TYPES, annotations=annotations)
    with client_of(server, csrf="never") as client:
        service = client.service(PATHS["V4"], metadata=metadata)
        service.update("Orders", KEY, changes, etag='"1"')


@pytest.mark.parametrize("annotations", ["", _DEEP.format("false")])
def test_v4_updates_of_nested_records_are_refused_where_nobody_documents_them(
    annotations: str,
) -> None:
    """OD-P80."""
    with SapServer(in_turn()) as server, pytest.raises(InputRejected, match="each on its own"):
        update_v4(server, annotations, {"to_Item": [{"Item": "10"}]})
    assert server.requests == []


@pytest.mark.parametrize(
    ("annotations", "changes"),
    [(_DEEP.format("true"), {"to_Item": [{"Item": "10"}]}), ("", {"Address": {"City": "B"}})],
)
def test_v4_takes_what_is_documented_and_complex_values_as_they_are(
    annotations: str, changes: Record
) -> None:
    """OD-P80."""
    with SapServer(in_turn(Reply(204))) as server:
        update_v4(server, annotations, changes)
    assert json.loads(server.requests[0].body) == changes


AMOUNTS = orders("V2", Amount="Edm.Decimal", Day="Edm.DateTime", Text="Edm.String")
SENT = {"Amount": Decimal("10.00"), "Day": date(2026, 11, 1), "Text": "x"}
HELD = {"Amount": "10", "Day": "/Date(1793491200000)/", "Text": "x"}


def verifying(*replies: Reply, verify: tuple[str, ...] = ("Amount", "Day")) -> SapServer:
    with SapServer(in_turn(Reply(204), *replies)) as server:
        update(server, SENT, metadata=AMOUNTS, etag='"1"', verify=verify)
    return server


def test_amounts_are_read_back_and_compared_as_what_they_are() -> None:
    """OD-P70: SAP looks at the ETag and then writes, without a lock in between."""
    assert verifying(data({"d": HELD})).methods() == ["PATCH", "GET"]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (data({"d": HELD | {"Amount": "10.01"}}), "something else in Amount:"),
        (data({"d": HELD | {"Amount": None}}), "something else in Amount:"),
        (data({"d": HELD | {"Amount": "9", "Day": None}}), "Amount, Day"),
        (refusal(403), "could not be verified"),
        (refusal(500), "could not be verified"),
    ],
)
def test_what_sap_does_not_hold_after_its_success_is_an_unknown_outcome(
    reply: Reply, said: str
) -> None:
    """OD-P70: a failed look is no failed write either."""
    with pytest.raises(OutcomeUnknown, match=said):
        verifying(reply)


def test_only_the_named_fields_are_verified_and_only_changed_ones_can_be() -> None:
    """OD-P70."""
    verifying(data({"d": HELD | {"Day": None}}), verify=("Amount",))
    with SapServer(in_turn()) as server, pytest.raises(InputRejected, match="Tax"):
        update(server, SENT, metadata=AMOUNTS, verify=("Tax",))
    assert server.requests == []

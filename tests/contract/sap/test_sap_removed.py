"""Which rows were deleted: keys as rows hold them, from fields and from addresses (OD-P38)."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.sap.odata.metadata import Metadata, Version
from tests.builders import edmx
from tests.builders.sap_server import Reply, SapServer, client_of, data, in_turn, refusal, rows
from tests.builders.sap_typed import PATHS

ODP = {"ODQ_CHANGEMODE": "D", "ODQ_ENTITYCNTR": "-1"}


def keyed(version: Version, **types: str) -> Metadata:
    """Orders whose keys are these fields."""
    refs = "".join(f'<PropertyRef Name="{name}"/>' for name in types)
    fields = "".join(f'<Property Name="{name}" Type="{kind}"/>' for name, kind in types.items())
    order = f'<EntityType Name="Order"><Key>{refs}</Key>{fields}</EntityType>'
    return edmx.v2(order) if version == "V2" else edmx.v4(order)


def reply_of(version: Version, gone: Record) -> Reply:
    if version == "V2":
        return rows(gone, __delta="Orders?!deltatoken='D2'")
    return data({"value": [gone], "@odata.deltaLink": "Orders?$deltatoken=D2"})


def removed(metadata: Metadata, gone: Record) -> Record:
    """The key of the one row that the answer calls deleted."""
    version = metadata.version
    with SapServer(in_turn(reply_of(version, gone))) as server, client_of(server) as client:
        service = client.service(PATHS[version], metadata=metadata)
        (page,) = service.changes("Orders", since=service.position_after("Orders", "D1"))
    assert (len(page.rows), len(page.deleted), len(page.removed)) == (0, 1, 1)
    return page.removed[0]


def addressed(version: Version, literal: str, type: str) -> Any:
    """The value of a single key with this literal in its address."""
    address = f"Orders({literal})"
    uri = {"__metadata": {"uri": f"https://h/s/{address}", "deleted": True}}
    gone = uri if version == "V2" else {"@removed": {"reason": "deleted"}, "@odata.id": address}
    return removed(keyed(version, ID=type), gone)["ID"]


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("'O''Brien'", "O'Brien"),
        ("'O%27%27Brien'", "O'Brien"),
        ("'45%2F1'", "45/1"),
        ("'45/1'", "45/1"),
        ("'M%C3%BCller%20%26%20S%C3%B6hne'", "Müller & Söhne"),
        ("'a,b=c(d)'", "a,b=c(d)"),
        ("'0012'", "0012"),
        ("''", ""),
        ("%270012%27", "0012"),
        ("'null'", "null"),
    ],
)
@pytest.mark.parametrize("version", ["V2", "V4"])
def test_a_text_in_an_address_comes_back_as_it_is(
    version: Version, literal: str, text: str
) -> None:
    assert addressed(version, literal, "Edm.String") == text


@pytest.mark.parametrize(
    ("literal", "type", "value"),
    [
        ("datetime'2026-10-01T00:00:00'", "Edm.DateTime", "/Date(1790812800000)/"),
        ("datetime'2026-10-01T00%3A00%3A00'", "Edm.DateTime", "/Date(1790812800000)/"),
        (
            "datetimeoffset'2026-10-01T00:00:00Z'",
            "Edm.DateTimeOffset",
            "/Date(1790812800000+0000)/",
        ),
        ("time'PT11H00M00S'", "Edm.Time", "PT11H00M00S"),
        ("guid'0050568D-393C-1ED4-9D97-E65F0F3FCC23'", "Edm.Guid",
         "0050568D-393C-1ED4-9D97-E65F0F3FCC23"),
        ("12.50M", "Edm.Decimal", "12.50"),
        ("7L", "Edm.Int64", "7"),
        ("7", "Edm.Int32", 7),
        ("true", "Edm.Boolean", True),
        ("X'00FF'", "Edm.Binary", "AP8="),
    ],
)  # fmt: skip
def test_a_typed_literal_of_v2_becomes_what_its_rows_hold(
    literal: str, type: str, value: object
) -> None:
    """OD-P60."""
    assert addressed("V2", literal, type) == value


@pytest.mark.parametrize(
    ("literal", "type", "value"),
    [
        ("2026-10-01", "Edm.Date", "2026-10-01"),
        ("2026-10-01T00:00:00.1234567Z", "Edm.DateTimeOffset", "2026-10-01T00:00:00.1234567Z"),
        ("11:00:00", "Edm.TimeOfDay", "11:00:00"),
        ("0050568d-393c-1ed4-9d97-e65f0f3fcc23", "Edm.Guid",
         "0050568d-393c-1ed4-9d97-e65f0f3fcc23"),
        ("12.50", "Edm.Decimal", Decimal("12.50")),
        ("7", "Edm.Int64", 7),
        ("false", "Edm.Boolean", False),
    ],
)  # fmt: skip
def test_a_typed_literal_of_v4_becomes_what_its_rows_hold(
    literal: str, type: str, value: object
) -> None:
    """OD-P60."""
    found = addressed("V4", literal, type)
    assert (found, found.__class__) == (value, value.__class__)


@pytest.mark.parametrize("version", ["V2", "V4"])
def test_several_key_fields_are_found_by_their_names(version: Version) -> None:
    address = "https://h/s/Orders(Item='10',Order='4%2F''5',Year=2026)"
    uri = {"__metadata": {"uri": address, "deleted": True}}
    gone = uri if version == "V2" else {"@removed": {"reason": "changed"}, "@id": address}
    types = {"Order": "Edm.String", "Item": "Edm.String", "Year": "Edm.Int32"}
    assert removed(keyed(version, **types), gone) == {"Order": "4/'5", "Item": "10", "Year": 2026}


def test_a_row_that_shows_its_key_is_believed_before_its_address() -> None:
    gone = {"ID": "1", "Item": 10, "Text": None, **ODP, "__metadata": {"uri": "x/Orders('9')"}}
    assert removed(keyed("V2", ID="Edm.String", Item="Edm.Int32"), gone) == {"ID": "1", "Item": 10}


def test_a_deleted_entity_of_v4_has_an_address_that_no_field_hides() -> None:
    """A key field may be called `id` as well (OData JSON 4.0, 13.3)."""
    gone = {"@odata.context": "$metadata#Orders/$deletedEntity", "id": "Orders('1')"}
    assert removed(keyed("V4", id="Edm.String"), gone) == {"id": "1"}


@pytest.mark.parametrize(
    ("version", "gone"),
    [
        ("V2", ODP),
        ("V2", {"ID": None, **ODP}),
        ("V2", {"__metadata": {"uri": "https://h/s/Orders(7)", "deleted": True}}),
        ("V2", {"__metadata": {"uri": "https://h/s/Orders(datetime'x')", "deleted": True}}),
        ("V4", {"@removed": {"reason": "deleted"}}),
        ("V4", {"@removed": {"reason": "deleted"}, "@id": "Orders('1'"}),
        ("V4", {"@removed": {"reason": "deleted"}, "@id": "Items('1')"}),
        ("V4", {"@removed": {"reason": "deleted"}, "@id": "Orders(Other='1')"}),
        ("V4", {"@removed": {"reason": "deleted"}, "@id": "Orders(ID='1',ID='2')"}),
        ("V4", {"@removed": {"reason": "deleted"}, "@id": 7}),
    ],
)
def test_a_deletion_that_does_not_say_of_what_is_an_error(version: Version, gone: Record) -> None:
    with pytest.raises(InputRejected, match=r"^Orders: .* load everything anew"):
        removed(keyed(version, ID="Edm.String"), gone)


def test_a_service_that_hides_its_metadata_is_not_taken_for_one_that_lost_the_token() -> None:
    """OD-P35: 404 there means something else."""
    gone = {"ID": "1", **ODP}
    replies = in_turn(reply_of("V2", gone), refusal(404))
    with SapServer(replies) as server, client_of(server) as client:
        service = client.service(PATHS["V2"])
        with pytest.raises(InputRejected, match=r"Orders: .*\$metadata"):
            list(service.changes("Orders", since=service.position_after("Orders", "D1")))


@pytest.mark.parametrize(
    ("modes", "stays", "goes"),
    [(("C", "D"), [], ["1"]), (("D", "C"), ["1"], []), (("U", "D", "C"), ["1"], [])],
)
def test_of_a_key_that_comes_and_goes_on_one_page_the_last_word_counts(
    modes: tuple[str, ...], stays: list[str], goes: list[str]
) -> None:
    """OD-P38: a queue tells everything that happened, in its order."""
    told = [{"ID": "1", "ODQ_CHANGEMODE": mode} for mode in modes]
    reply = rows(*told, {"ID": "2", "ODQ_CHANGEMODE": "C"}, __delta="Orders?!deltatoken='D2'")
    with SapServer(in_turn(reply)) as server, client_of(server) as client:
        service = client.service(PATHS["V2"], metadata=keyed("V2", ID="Edm.String"))
        (page,) = service.changes("Orders", since=service.position_after("Orders", "D1"))
    assert [msgspec.json.decode(row)["ID"] for row in page.rows] == [*stays, "2"]
    assert [key["ID"] for key in page.removed] == goes
    assert len(page.deleted) == len(goes)

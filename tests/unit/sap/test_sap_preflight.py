"""What $metadata rules out before anything is sent."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import Expand, Query, field
from sapmatch.sap.odata.edmx import parse_metadata
from sapmatch.sap.odata.metadata import EntitySet, Metadata, Navigation, Property, StructuredType
from sapmatch.sap.odata.preflight import check_create, check_delete, check_query, check_update


def _properties(*given: Property) -> dict[str, Property]:
    return {each.name: each for each in given}


ITEM = StructuredType(
    name="NS.Item",
    properties=_properties(
        Property(name="Quantity", type="Edm.Decimal", precision=13, scale=3, sortable=False),
        Property(name="Changed", type="Edm.DateTimeOffset", creatable=False),
    ),
)
ORDER = StructuredType(
    name="NS.Order",
    keys=("Order",),
    properties=_properties(
        Property(name="Order", type="Edm.String", max_length=10, updatable=False, nullable=False),
        Property(name="Company", type="Edm.String", max_length=4),
        Property(name="Amount", type="Edm.Decimal", precision=5, scale=2),
        Property(name="Count", type="Edm.Byte"),
        Property(name="Created", type="Edm.DateTime", creatable=False, updatable=False),
        Property(name="Note", type="Edm.String", filterable=False, sortable=False),
        Property(name="Factor", type="Edm.Double"),
        Property(name="Tags", type="Edm.String", many=True, max_length=3),
        Property(name="Address", type="NS.Address"),
        Property(name="Color", type="NS.Color"),
    ),
    navigations={
        "to_Item": Navigation(name="to_Item", target="NS.Item", many=True),
        "to_Lost": Navigation(name="to_Lost", target="NS.NotThere", many=False),
    },
)
ADDRESS = StructuredType(
    name="NS.Address", properties=_properties(Property(name="Street", type="Edm.String"))
)
SERVICE = Metadata(
    version="V2",
    namespace="NS",
    entity_sets={
        "Orders": EntitySet(name="Orders", type="NS.Order"),
        "Lost": EntitySet(name="Lost", type="NS.NotThere"),
    },
    types={each.name: each for each in (ORDER, ITEM, ADDRESS)},
    enums={"NS.Color": "Edm.Int32"},
)


def changed(**limits: Any) -> Metadata:
    orders = replace(SERVICE.entity_sets["Orders"], **limits)
    return replace(SERVICE, entity_sets={"Orders": orders})


def mistakes(check: Callable[[], None]) -> dict[str | None, str]:
    """Code by field; all mistakes come at once."""
    with pytest.raises(InputRejected, match=r"^Orders: ") as refused:
        check()
    assert all(problem.message in str(refused.value) for problem in refused.value.problems)
    return {problem.field: problem.code for problem in refused.value.problems}


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(select=("Order", "to_Item", "to_Item/Quantity", "*"), expand=("to_Item", "to_Lost")),
        Query(order_by=("Order desc", "Address/Street"), top=1, skip=1, inline_count=True),
        Query(equals={"Amount": Decimal(5), "Created": date(2026, 1, 1), "Company": "1010"}),
        Query(where=field("Created").of("year").eq(2026) & field("to_Lost/Anything").eq("x")),
        Query(where=field("Color").eq("Red") | field("Company").eq(None)),
        Query(where=field("to_Item").any(field("Quantity").gt(Decimal(5)))),
        Query(filter="Whatever eq 'the user writes'"),
        Query(where=field("Amount").gt("1.5")),
    ],
)
def test_what_the_service_offers_passes(query: Query) -> None:
    check_query(SERVICE, "Orders", query)


def test_all_mistakes_of_a_query_are_named_at_once() -> None:
    """OD-P62."""
    query = Query(
        select=("Ordr",),
        expand=("to_Itm", "Company", Expand(path="to_Item", select=("Quantty",))),
        order_by=("Note desc", "to_Item/Quantity"),
        equals={"Note": "x", "Amount": "much"},
        where=~field("to_Item/Qty").eq("1") & field("Factor").gt("1 or 1"),
    )
    assert mistakes(lambda: check_query(SERVICE, "Orders", query)) == {
        "Ordr": "UNKNOWN_FIELD",
        "to_Itm": "UNKNOWN_FIELD",
        "Company": "NO_NAVIGATION",
        "Quantty": "UNKNOWN_FIELD",
        "Note": "NOT_FILTERABLE",
        "to_Item/Quantity": "NOT_SORTABLE",
        "Amount": "WRONG_TYPE",
        "to_Item/Qty": "UNKNOWN_FIELD",
        "Factor": "WRONG_TYPE",
    }
    with pytest.raises(InputRejected, match=r"Ordr: is no field of NS\.Order; there is Order"):
        check_query(SERVICE, "Orders", query)


def test_conditions_on_the_entities_behind_a_navigation_are_checked() -> None:
    query = Query(
        where=field("to_Item").all(field("Qty").eq(1)),
        expand=(Expand(path="to_Item", where=field("Changed").eq("no time")),),
    )
    assert mistakes(lambda: check_query(SERVICE, "Orders", query)) == {
        "Qty": "UNKNOWN_FIELD",
        "Changed": "WRONG_TYPE",
    }


@pytest.mark.parametrize(
    ("limits", "query", "code"),
    [
        ({"topable": False}, Query(top=5), "NOT_TOPABLE"),
        ({"pageable": False}, Query(skip=5), "NOT_PAGEABLE"),
        ({"pageable": False}, Query(paging="skip"), "NOT_PAGEABLE"),
        ({"topable": False}, Query(paging="skip"), "NOT_TOPABLE"),
        ({"requires_filter": True}, Query(), "FILTER_REQUIRED"),
        ({"countable": False}, Query(inline_count=True), "NOT_COUNTABLE"),
        ({"addressable": False}, Query(), "NOT_ADDRESSABLE"),
    ],
)
def test_what_an_entity_set_does_not_allow_is_refused(
    limits: dict[str, bool], query: Query, code: str
) -> None:
    """OD-P62."""
    assert mistakes(lambda: check_query(changed(**limits), "Orders", query)) == {None: code}
    check_query(SERVICE, "Orders", query)


@pytest.mark.parametrize(
    ("limits", "query"),
    [({"pageable": False}, Query(top=5)), ({"topable": False}, Query(skip=5))],
)
def test_top_and_skip_are_refused_apart(limits: dict[str, bool], query: Query) -> None:
    """OD-P62: a set that skips nothing may still give its first rows."""
    check_query(changed(**limits), "Orders", query)


@pytest.mark.parametrize(
    "query",
    [
        Query(equals={"Company": "1"}),
        Query(where=field("Company").eq("1") | field("Company").eq("2")),
        Query(filter="Company eq '1'"),
    ],
)
def test_a_field_required_in_the_filter_has_to_be_there(query: Query) -> None:
    """OD-P62."""
    company = replace(ORDER.properties["Company"], required_in_filter=True)
    kind = replace(ORDER, properties={**ORDER.properties, "Company": company})
    service = replace(SERVICE, types={**SERVICE.types, "NS.Order": kind})
    check_query(service, "Orders", query)
    without = Query(filter="CompanyCode eq '1'", equals={"Order": "1"})
    assert mistakes(lambda: check_query(service, "Orders", without)) == {
        "Company": "FILTER_FIELD_REQUIRED"
    }


RECORD: dict[str, Any] = {
    "__metadata": {"type": "NS.Order"},
    "Order": "4711",
    "Amount": Decimal("999.990"),
    "Count": 255,
    "Factor": 0.5,
    "Tags": ["abc", "x"],
    "Address": {"Street": "Am Platz"},
    "Color": "Red",
    "Company": None,
    "Company@odata.bind": "x",
    "to_Item": {"results": [{"Quantity": "1.500"}]},
    "to_Lost": {"Anything": 1},
}


def test_a_record_that_fits_passes() -> None:
    check_create(SERVICE, "Orders", RECORD)
    check_create(SERVICE, "Lost", {"Anything": 1})
    check_update(SERVICE, "Orders", {"Amount": "1.00", "Company": "1010"})
    check_delete(SERVICE, "Orders")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("Ordr", "1", "UNKNOWN_FIELD"),
        ("Order", "12345678901", "TOO_LONG"),
        ("Order", None, "NULL"),
        ("Amount", 1.5, "WRONG_TYPE"),
        ("Amount", "1.5 EUR", "WRONG_TYPE"),
        ("Amount", {"value": 1}, "WRONG_TYPE"),
        ("Amount", "1.005", "TOO_PRECISE"),
        ("Amount", 1000, "TOO_LARGE"),
        ("Count", 256, "TOO_LARGE"),
        ("Count", -1, "TOO_LARGE"),
        ("Count", True, "WRONG_TYPE"),
        ("Created", date(2026, 1, 1), "READ_ONLY"),
        ("Tags", ["abc", "long"], "TOO_LONG"),
        ("Address", "Am Platz", "WRONG_TYPE"),
        ("to_Item", "1", "WRONG_TYPE"),
    ],
)
def test_a_mistake_in_a_record_is_named_by_its_field(name: str, value: Any, code: str) -> None:
    """OD-P62."""
    record = {**RECORD, name: value}
    assert mistakes(lambda: check_create(SERVICE, "Orders", record)) == {name: code}


def test_mistakes_in_nested_entities_are_named_by_their_path() -> None:
    """OD-P80."""
    record = {
        "Address": {"Stret": "x"},
        "to_Item": [{"Quantity": "1"}, {"Quantity": "x", "Changed": datetime(2026, 1, 1)}],  # noqa: DTZ001
    }
    assert mistakes(lambda: check_create(SERVICE, "Orders", record)) == {
        "Address.Stret": "UNKNOWN_FIELD",
        "to_Item[1].Quantity": "WRONG_TYPE",
        "to_Item[1].Changed": "READ_ONLY",
    }


def test_a_mistake_is_told_without_the_value() -> None:
    with pytest.raises(InputRejected) as refused:
        check_create(SERVICE, "Orders", {"Company": "secret", "Amount": "secret"})
    assert "secret" not in str(refused.value)
    assert str(refused.value) == (
        "Orders: Company: holds 6 characters, 4 at most; "
        "Amount: is no Edm.Decimal; write it like 1234.50"
    )


def test_hundreds_of_mistakes_make_no_endless_message() -> None:
    record = {f"Unknown{n}": 1 for n in range(300)}
    with pytest.raises(InputRejected, match=r"; and 280 more$") as refused:
        check_create(SERVICE, "Orders", record)
    assert len(refused.value.problems) == 300


@pytest.mark.parametrize(
    ("limits", "check"),
    [
        ({"creatable": False}, lambda service: check_create(service, "Orders", {})),
        ({"updatable": False}, lambda service: check_update(service, "Orders", {})),
        ({"deletable": False}, lambda service: check_delete(service, "Orders")),
    ],
)
def test_a_write_that_the_entity_set_does_not_offer_is_refused(
    limits: dict[str, bool], check: Callable[[Metadata], None]
) -> None:
    """OD-P62."""
    code = next(iter(limits)).removesuffix("able")
    [found] = mistakes(lambda: check(changed(**limits))).values()
    assert found == {"creat": "NO_CREATE", "updat": "NO_UPDATE", "delet": "NO_DELETE"}[code]


def test_an_update_of_nested_entities_is_refused_unless_it_is_documented() -> None:
    """OD-P80."""
    changes = {"to_Item": [{"Quantity": "1"}], "Order": "1"}
    assert mistakes(lambda: check_update(SERVICE, "Orders", changes)) == {
        "to_Item": "DEEP_UPDATE",
        "Order": "READ_ONLY",
    }
    deep = {"Orders": replace(SERVICE.entity_sets["Orders"], deep_update=True)}
    service = replace(SERVICE, version="V4", entity_sets=deep)
    check_update(service, "Orders", {"to_Item": [{"Quantity": "1"}]})


def test_a_day_beyond_the_calendar_is_left_to_sap() -> None:
    """OD-P47."""
    service = replace(SERVICE, types={"NS.Order": replace(ITEM, name="NS.Order")})
    check_update(service, "Orders", {"Changed": "/Date(253402300800000)/"})


def test_real_metadata_knows_what_a_supplier_invoice_takes(real_data: Path) -> None:
    """OD-P62."""
    document = (real_data / "edmx/API_SUPPLIERINVOICE_PROCESS_SRV.edmx").read_bytes()
    service = parse_metadata(document)
    check_create(
        service,
        "A_SupplierInvoice",
        {
            "CompanyCode": "1010",
            "DocumentDate": date(2026, 1, 2),
            "InvoiceGrossAmount": Decimal("119.00"),
            "to_SuplrInvcItemPurOrdRef": [{"PurchaseOrder": "4500000001"}],
        },
    )
    with pytest.raises(InputRejected, match=r"CompanyCod: is no field .*; there is CompanyCode"):
        check_create(service, "A_SupplierInvoice", {"CompanyCod": "1010"})

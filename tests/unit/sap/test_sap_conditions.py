"""`$filter` from parts."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Expand,
    Not,
    ODataValue,
    Query,
    field,
)
from sapmatch.sap.odata import v2, v4
from sapmatch.sap.odata.codec import Codec
from sapmatch.sap.odata.metadata import Navigation, Property, StructuredType

GUID = "0894ef30-1ddd-1ed0-8a5b-1f6c5c0b8a01"
KIND = StructuredType(
    name="NS.T",
    properties={
        name: Property(name=name, type=edm)
        for name, edm in {
            "Text": "Edm.String",
            "Amount": "Edm.Decimal",
            "Factor": "Edm.Double",
            "Large": "Edm.Int64",
            "Id": "Edm.Guid",
            "Day": "Edm.DateTime",
            "At": "Edm.DateTimeOffset",
        }.items()
    },
)


def text(codec: Codec, condition: Condition) -> str:
    return codec.options(Query(where=condition), KIND)["$filter"]


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("4711", "'4711'"),
        (True, "true"),
        (5, "5"),
        (2**31, "2147483648L"),
        (Decimal("10.00"), "10.00M"),
        (Decimal("1E+2"), "100M"),
        (date(2026, 2, 3), "datetime'2026-02-03T00:00:00'"),
        (datetime(2026, 2, 3, 4, 5, 6), "datetime'2026-02-03T04:05:06'"),  # noqa: DTZ001
        (datetime(2026, 2, 3, 4, 5, tzinfo=UTC), "datetimeoffset'2026-02-03T04:05:00Z'"),
        (
            datetime(2026, 2, 3, 1, tzinfo=timezone(timedelta(hours=2))),
            "datetimeoffset'2026-02-02T23:00:00Z'",
        ),
        (time(11, 2, 3), "time'PT11H02M03S'"),
        (timedelta(hours=30), "time'P1DT06H00M00S'"),
        (b"\x01\xff", "X'01FF'"),
        (None, "null"),
        (
            UUID("34c6020a-aaaa-1111-2222-af75a376b0f9"),
            "guid'34c6020a-aaaa-1111-2222-af75a376b0f9'",
        ),
    ],
)
def test_every_type_has_its_literal_in_v2(value: ODataValue | None, literal: str) -> None:
    """OD-P60."""
    assert v2.literal(value) == literal


@pytest.mark.parametrize(
    ("condition", "in_v2", "in_v4"),
    [
        (field("Amount").eq(5), "Amount eq 5M", "Amount eq 5"),
        (field("Factor").lt(Decimal("0.5")), "Factor lt 0.5d", "Factor lt 0.5"),
        (field("Large").ge("7"), "Large ge 7L", "Large ge 7"),
        (field("Text").eq(None), "Text eq null", "Text eq null"),
        (field("Text").ne("O'Brien"), "Text ne 'O''Brien'", "Text ne 'O''Brien'"),
        (
            field("At").gt(date(2026, 1, 2)),
            "At gt datetimeoffset'2026-01-02T00:00:00Z'",
            "At gt 2026-01-02T00:00:00Z",
        ),
        (
            field("Day").le("2026-01-02"),
            "Day le datetime'2026-01-02T00:00:00'",
            "Day le 2026-01-02T00:00:00Z",
        ),
        (field("Text").starts_with("a"), "startswith(Text,'a')", "startswith(Text,'a')"),
        (field("Text").ends_with("a"), "endswith(Text,'a')", "endswith(Text,'a')"),
        (field("Text").contains("a"), "substringof('a',Text)", "contains(Text,'a')"),
        (
            field("Text").of("trim").of("tolower").eq("a"),
            "tolower(trim(Text)) eq 'a'",
            "tolower(trim(Text)) eq 'a'",
        ),
        (field("At").of("year").eq(2026), "year(At) eq 2026", "year(At) eq 2026"),
        (field("to_Partner/Name").eq("a"), "to_Partner/Name eq 'a'", "to_Partner/Name eq 'a'"),
    ],
)
def test_a_test_is_written_as_its_version_wants_it(
    condition: Condition, in_v2: str, in_v4: str
) -> None:
    """OD-P60."""
    assert (text(v2, condition), text(v4, condition)) == (in_v2, in_v4)


A, B, C, D = (field(name).eq("1") for name in "ABCD")


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        (A & B & C, "A eq '1' and B eq '1' and C eq '1'"),
        ((A | B) & C, "(A eq '1' or B eq '1') and C eq '1'"),
        (A | B & C, "A eq '1' or (B eq '1' and C eq '1')"),
        (~(A | B), "not (A eq '1' or B eq '1')"),
        (~A & B, "not (A eq '1') and B eq '1'"),
        (field("A").one_of(("1", "2")) & B, "(A eq '1' or A eq '2') and B eq '1'"),
        (field("A").one_of(["1"]) & B, "A eq '1' and B eq '1'"),
        (field("A").within(1, 5) | B, "(A ge 1 and A le 5) or B eq '1'"),
    ],
)
def test_brackets_keep_the_meaning(condition: Condition, written: str) -> None:
    """OD-P58: lists and ranges beside other conditions."""
    assert text(v2, condition) == written


CONDITIONS = st.recursive(
    st.sampled_from([A, B, C, D]),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=12,
)


def meaning(condition: Condition, true: set[str]) -> bool:
    match condition:
        case AllOf():
            return all(meaning(part, true) for part in condition.conditions)
        case AnyOf():
            return any(meaning(part, true) for part in condition.conditions)
        case Not():
            return not meaning(condition.condition, true)
        case Comparison():
            return condition.operand.path in true
    raise AssertionError(condition)


@given(CONDITIONS, st.sets(st.sampled_from("ABCD")))
def test_every_tree_means_the_same_as_its_text(condition: Condition, true: set[str]) -> None:
    """OD-P58: `not`, `and`, `or` bind in OData as in Python, which reads the text here."""
    written = text(v2, condition).replace(" eq '1'", "")
    assert eval(written, {name: name in true for name in "ABCD"}) == meaning(condition, true)


@pytest.mark.parametrize(
    ("query", "written"),
    [
        (Query(equals={"A": "1", "B": Decimal("2.5")}), "A eq '1' and B eq 2.5M"),
        (Query(filter="C eq '3' or D eq '4'"), "C eq '3' or D eq '4'"),
        (Query(equals={"A": "1"}, filter="C or D"), "A eq '1' and (C or D)"),
        (Query(equals={"A": "1"}, where=A | B), "A eq '1' and (A eq '1' or B eq '1')"),
        (Query(where=A | B, filter="C or D"), "(A eq '1' or B eq '1') and (C or D)"),
        (Query(where=A & B, filter="C"), "A eq '1' and B eq '1' and (C)"),
    ],
)
def test_conditions_are_joined_without_changing_what_the_users_own_mean(
    query: Query, written: str
) -> None:
    """OD-P58."""
    assert v2.options(query)["$filter"] == written


def test_v4_looks_behind_navigations_of_many() -> None:
    deep = field("_Text").any(field("Name").contains("x"))
    condition = field("_Item").all(field("Amount").gt(Decimal(5)) & ~deep) | A
    assert text(v4, condition) == (
        "_Item/all(x1:x1/Amount gt 5 and not (x1/_Text/any(x2:contains(x2/Name,'x')))) or A eq '1'"
    )


@pytest.mark.parametrize(
    "condition",
    [
        field("_Item").any(A),
        field("At").of("date").eq(date(2026, 1, 2)),
        field("At").of("time").eq(time(1)),
    ],
)
def test_v2_refuses_what_only_v4_knows(condition: Condition) -> None:
    with pytest.raises(InputRejected, match="OData V2 knows no"):
        text(v2, condition)
    assert text(v4, condition)


@given(st.text(max_size=30))
def test_no_text_of_a_value_becomes_a_condition(value: str) -> None:
    """OD-P55: every quote of the value is doubled, so the literal ends where it should."""
    for codec in (v2, v4):
        written = text(codec, field("Text").eq(value))
        literal = written.removeprefix("Text eq '").removesuffix("'")
        assert "'" not in literal.replace("''", "")
        assert literal.replace("''", "'") == value


@pytest.mark.parametrize("name", ["", "A eq 1 or B", "A)", "A/", "/A", "A'", "$it", "A B"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    for query in (Query(where=field(name).eq("1")), Query(equals={name: "1"})):
        with pytest.raises(InputRejected, match="no name of a field"):
            v2.options(query)


def test_a_value_of_the_wrong_type_is_named_by_its_field() -> None:
    with pytest.raises(InputRejected, match=r"^Id: is no Edm\.Guid$"):
        text(v4, field("Id").eq("x' or true"))


@pytest.mark.parametrize("codec", [v2, v4])
@pytest.mark.parametrize("value", [["1"], ("1",), {"A": "1"}, object()])
@pytest.mark.parametrize("kind", [None, KIND])
def test_what_is_no_single_value_is_refused_by_the_name_of_its_field(
    codec: Codec, value: Any, kind: StructuredType | None
) -> None:
    """OD-P60."""
    for query in (
        Query(where=field("Text").eq(value)),
        Query(where=field("Other").ne(value)),
        Query(where=field("Text").starts_with(value)),
        Query(equals={"Text": value}),
    ):
        with pytest.raises(InputRejected, match=r"^(Text|Other): "):
            codec.options(query, kind)


def test_a_condition_of_no_parts_is_refused() -> None:
    with pytest.raises(InputRejected, match="no parts"):
        text(v2, AllOf(()))


TYPES = {
    "NS.T": KIND,
    "NS.Header": StructuredType(
        name="NS.Header",
        properties={"Address": Property(name="Address", type="NS.T")},
        navigations={"Items": Navigation(name="Items", target="NS.T", many=True)},
    ),
}


@pytest.mark.parametrize(
    ("codec", "condition", "written"),
    [
        (v2, field("Items/Amount").eq(5), "Items/Amount eq 5M"),
        (v2, field("Address/Day").eq("2026-01-31"), "Address/Day eq datetime'2026-01-31T00:00:00'"),
        (v4, field("Items").any(field("Text").eq("5")), "Items/any(x1:x1/Text eq '5')"),
        (v4, field("Items").all(field("Id").eq(GUID)), f"Items/all(x1:x1/Id eq {GUID})"),
        (v2, field("Nobody/Amount").eq(5), "Nobody/Amount eq 5"),
    ],
)
def test_values_behind_a_navigation_are_written_as_their_type(
    codec: Codec, condition: Condition, written: str
) -> None:
    """OD-P60."""
    found = codec.options(Query(where=condition), TYPES["NS.Header"], TYPES)
    assert found["$filter"] == written


def test_the_filter_of_an_expansion_knows_its_type() -> None:
    """OD-P60."""
    expand = Expand(path="Items", where=field("Id").eq(GUID))
    found = v4.options(Query(expand=(expand,)), TYPES["NS.Header"], TYPES)
    assert found["$expand"] == f"Items($filter=Id eq {GUID})"

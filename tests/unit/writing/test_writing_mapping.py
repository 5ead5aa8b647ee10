"""Mappings of a flow: from its settings, from a CSV file, over records and over matches."""

from typing import Any

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.writing.inbox import parse
from sapmatch.writing.mapping.apply import FieldMapping, applied, mapping_of
from sapmatch.writing.plan import Parsed

FLOW = WriteBack(connection="s4", service="/o", entity_set="A_SalesOrder", operation="update")
TABLE = (
    "source,target,default,conversion\n"
    "Order No,SalesOrder,,trim|pad(10)\n"
    "Amount,TotalNetAmount,0,decimal_comma\n"
    ",TransactionCurrency,EUR,\n"
    '"concat(record.A,record.B)",Text,,left(3)\n'
)


def mapping(table: str | None = None, **fields: str) -> FieldMapping:
    flow = msgspec.structs.replace(FLOW, mapping=fields)
    found = mapping_of("orders", flow, table.encode("utf-8-sig") if table else None)
    assert found
    return found


def mistakes(table: str | None = None, source: Any = "inbox", **fields: str) -> list[str]:
    flow = msgspec.structs.replace(FLOW, mapping=fields, source=source)
    with pytest.raises(InputRejected) as refused:
        mapping_of("orders", flow, table.encode() if table else None)
    return [f"{problem.field}: {problem.message}" for problem in refused.value.problems]


def parsed(data: str, used: FieldMapping, **flow: Any) -> Parsed:
    return parse(
        data.encode(), "orders", msgspec.structs.replace(FLOW, **flow), "100", mapping=used
    )


@pytest.mark.parametrize("change", [lambda t: t, lambda t: t.replace("\n", "\r\n")])
def test_a_mapping_file_gives_each_field_its_value(change: Any) -> None:
    record, wrong = applied(
        mapping(change(TABLE)),
        {"record": {"Order No": " 45 ", "Amount": "1.234,50", "A": "ab", "B": "cd"}},
    )
    assert wrong == []
    assert record == {
        "SalesOrder": "0000000045",
        "TotalNetAmount": "1234.50",
        "TransactionCurrency": "EUR",
        "Text": "abc",
    }


def test_semicolons_separate_as_well() -> None:
    table = "source;target;conversion\nNo;SalesOrder;pad(10)\n"
    assert applied(mapping(table), {"record": {"No": "1"}})[0] == {"SalesOrder": "0000000001"}


def test_a_missing_value_leaves_its_field_out() -> None:
    record, _ = applied(mapping(TABLE), {"record": {"Order No": "1"}})
    assert record == {
        "SalesOrder": "0000000001",
        "TotalNetAmount": "0",
        "TransactionCurrency": "EUR",
    }


def test_a_column_may_be_named_like_anything() -> None:
    table = "source,target\nMenge (ST),A\nOrd. No.,B\nleft,C\n"
    facts = {"record": {"Menge (ST)": "1", "Ord. No.": "2", "left": "3"}}
    assert applied(mapping(table), facts)[0] == {"A": "1", "B": "2", "C": "3"}


def test_all_mistakes_of_a_mapping_file_are_named_by_row() -> None:
    found = mistakes(
        "source,target,default,conversion\nA,,,\nB,X,,nope\nC,2X,,\nD,Y,,\nE,Y,,\n,Z,,\n=1,W,,\n"
    )
    assert sorted(mistake.split(":")[0] for mistake in found) == [
        "row 1 (line 2)",
        "row 2 (line 3)",
        "row 3 (line 4)",
        "row 5 (line 6)",
        "row 6 (line 7)",
        "row 7 (line 8)",
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("A,B,,date(", "has the conversion date(, which ends where"),
        ("A,B,,trim(", "has the conversion trim("),
        ("A,B,,left(4", "has no ) behind the arguments of left"),
        ("A,B,,upper|", "has a | in its conversion with no function on one side"),
        ("A,B,,|upper", "has a | in its conversion"),
        ("A,B,,upper||trim", "has a | in its conversion"),
        ("A,B,,|", "has a | in its conversion"),
        ('"upper(record.A",B,,', "has no ) behind the arguments of upper"),
        ("uper(record.A),B,,", "calls uper, which is none of left,"),
    ],
)
def test_a_mistyped_expression_or_conversion_is_named_before_anything_runs(
    row: str, told: str
) -> None:
    (found,) = mistakes(f"source,target,default,conversion\n{row}\n")
    assert told in found


def test_a_doubled_target_is_named_beside_what_cannot_be_read() -> None:
    found = mistakes(
        "source,target,conversion\nA,X,padd(10)\nB,Y,left(x)\nC,,\nD,X,\nE,Y,\n", Y="record.A("
    )
    assert [mistake.split(":")[0] for mistake in found] == [
        "row 1 (line 2)",
        "row 2 (line 3)",
        "row 3 (line 4)",
        "row 4 (line 5)",
        "row 5 (line 6)",
        "mapping.Y",
        "mapping.Y",
    ]
    assert "twice" in found[3]
    assert "twice" in found[4]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("from,to\nA,B\n", "names the column from"),
        ("source\nA\n", "has no column target"),
        ("source,target,target\nA,B,C\n", "names target twice"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused_as_a_whole(table: str, told: str) -> None:
    assert told in mistakes(table)[0]


def test_a_mistake_in_the_settings_names_target_and_expression() -> None:
    (found,) = mistakes(SalesOrder="left(record.A)")
    assert found.startswith("mapping.SalesOrder: left(record.A) gives left 1 argument")


def test_names_that_can_never_be_there_are_found_before_anything_runs() -> None:
    found = mistakes(
        source="match",
        A="invoice.numbr",
        B="invoice.seller",
        C="order.partner.name",
        D="record.X",
        E="match.documentid",
        F="invoice.lines[0].nett",
    )
    assert [mistake.split(":")[0] for mistake in found] == [f"mapping.{n}" for n in "ABCDEF"]
    good = {
        "A": "invoice.number",
        "B": "invoice.seller.vat_id",
        "C": "invoice.lines[0].net",
        "D": "order.partner",
        "E": "match.document_id",
        "F": "match.state",
    }
    assert mapping_of("orders", msgspec.structs.replace(FLOW, mapping=good, source="match"))
    assert mistakes(SalesOrder="invoice.number")[0].startswith("mapping.SalesOrder: invoice.number")


def test_records_of_a_file_are_written_as_the_mapping_says() -> None:
    found = parsed(
        "Order No;Ref\n45;x\n", mapping(SalesOrder='pad("Order No",10)', Ref="record.Ref")
    )
    ((intent, payload),) = found.planned
    assert intent.key == {"SalesOrder": "0000000045"}
    assert payload == b'{"Ref":"x"}'


def test_a_value_that_cannot_be_mapped_is_named_by_row_and_target() -> None:
    used = mapping(SalesOrder="record.No", Day="date(record.Day)")
    found = parsed("No,Day\n1,2026-11-02\n2,s3cret\n", used)
    assert [intent.record for intent, _ in found.planned] == ["1"]
    (problem,) = found.refused[0].problems
    assert problem.field == "row 2 (line 3): Day"
    assert "date" in problem.message
    assert "s3cret" not in problem.message


def test_a_column_that_no_record_has_refuses_the_file() -> None:
    """Most likely its name is mistyped, and every value would silently be left out."""
    used = mapping(SalesOrder="record.No", A="record.Ammount")
    for data in ("No,Amount\n1,2\n", '[{"No":"1","Amount":"2"}]'):
        with pytest.raises(InputRejected, match="has no field Ammount"):
            parsed(data, used)


def test_a_mapping_passes_nested_values_on() -> None:
    used = mapping(PurchaseOrderByCustomer="record.no", SoldToParty="'7'", to_Item="record.items")
    found = parsed('{"no":"B1","items":[{"Material":"M"}]}', used, operation="insert")
    assert msgspec.json.decode(found.planned[0][1])["to_Item"] == [{"Material": "M"}]

"""Files that users write: what is taken, and every mistake by row and field."""

from typing import Any, Literal

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Operation
from sapmatch.writing.inbox import parse
from sapmatch.writing.plan import Parsed, Planned


def flow_to(
    operation: Operation = "update",
    entity_set: str = "A_SalesOrder",
    reference: tuple[str, ...] = (),
    on_error: Literal["stop", "continue"] = "stop",
    **more: Any,
) -> WriteBack:
    return WriteBack(
        connection="s4",
        service="/o",
        entity_set=entity_set,
        operation=operation,
        reference=reference,
        on_error=on_error,
        **more,
    )


def parsed(
    data: str | bytes, operation: Operation = "update", *flow: Any, source: str = "", **more: Any
) -> list[Planned]:
    data = data.encode() if isinstance(data, str) else data
    found = parse(data, "orders", flow_to(operation, *flow, **more), "100", source=source)
    assert not found.refused
    return list(found.planned)


def kept(data: str | bytes, **more: Any) -> Parsed:
    """The same with a flow that goes on behind a wrong record."""
    data = data.encode() if isinstance(data, str) else data
    return parse(data, "orders", flow_to(on_error="continue", **more), "100")


def mistakes(data: str | bytes, **more: object) -> list[str]:
    with pytest.raises(InputRejected) as refused:
        parsed(data, **more)  # type: ignore[arg-type]
    return [f"{problem.field}: {problem.message}" for problem in refused.value.problems]


@pytest.mark.parametrize(
    "data",
    [
        '[{"SalesOrder":"1","A":"x"},{"SalesOrder":"2","A":"y"}]',
        '{"SalesOrder":"1","A":"x"}\n\n{"SalesOrder":"2","A":"y"}\n',
        '\ufeff{"SalesOrder":"1","A":"x"}\r\n{"SalesOrder":"2","A":"y"}',
    ],
    ids=["array", "ndjson", "with byte order mark"],
)
def test_arrays_and_lines_hold_the_same_records(data: str) -> None:
    plans = parsed(data)
    assert [intent.key for intent, _ in plans] == [{"SalesOrder": "1"}, {"SalesOrder": "2"}]
    assert [payload for _, payload in plans] == [b'{"A":"x"}', b'{"A":"y"}']
    assert [intent.record for intent, _ in plans] == ["1", "2"]


def test_one_record_may_stand_over_several_lines() -> None:
    assert len(parsed('{\n  "SalesOrder": "1",\n  "A": "x"\n}')) == 1


def test_decimals_keep_their_digits_and_become_strings() -> None:
    """OD-P40, OD-P41: no float on the way."""
    (_, payload), *_ = parsed('[{"SalesOrder":"1","Amount":10.10,"Count":3}]')
    assert msgspec.json.decode(payload) == {"Amount": "10.10", "Count": 3}


def test_a_deep_insert_is_passed_on_as_it_is() -> None:
    """OD-P80."""
    record = '{"PurchaseOrderByCustomer":"B1","SoldToParty":"2","to_Item":[{"Material":"M"}]}'
    (intent, payload), *_ = parsed(record, "insert")
    assert msgspec.json.decode(payload)["to_Item"] == [{"Material": "M"}]
    assert intent.reference == {"PurchaseOrderByCustomer": "B1", "SoldToParty": "2"}
    assert intent.key == {}


def test_the_same_file_gives_the_same_intents() -> None:
    data = '[{"SalesOrder":"1","A":"x"}]'
    assert parsed(data)[0][0].id == parsed(data)[0][0].id


def test_the_same_change_in_a_later_drop_is_a_new_one() -> None:
    """Set, cleared and set again: the third one counts."""
    data = '[{"SalesOrder":"1","A":"x"}]'
    assert parsed(data, source="run-1")[0][0].id != parsed(data, source="run-2")[0][0].id


def test_the_same_insert_in_a_later_drop_is_the_same_one() -> None:
    data = '[{"PurchaseOrderByCustomer":"B1","SoldToParty":"2"}]'
    first, second = (parsed(data, "insert", source=run)[0][0] for run in ("run-1", "run-2"))
    assert first.id == second.id


def test_every_mistake_is_named_by_row_and_field() -> None:
    found = mistakes('[{"A":"x"},7,{"SalesOrder":"3"},{"SalesOrder":true,"A":1},{}]')
    assert [mistake.split(": ")[:2] for mistake in found] == [
        ["row 1", "SalesOrder"],
        ["row 2", "must be an object with fields"],
        ["row 3", "changes no field"],
        ["row 4", "SalesOrder"],
        ["row 5", "must be an object with fields"],
    ]


def test_broken_lines_are_named_by_their_number() -> None:
    found = mistakes('{"SalesOrder":"1","A":"x"}\n{"SalesOrder":\nnothing')
    assert [mistake.split(":")[0] for mistake in found] == ["row 2", "row 3"]


@pytest.mark.parametrize("data", [b"", b"  \n", b"[", b"[1,", b"\xff\xfe", b"[" * 100_000])
def test_an_unreadable_file_is_one_clean_mistake(data: bytes) -> None:
    assert mistakes(data)


def test_a_nested_update_is_refused_because_sap_takes_none() -> None:
    """OD-P80: no deep update in V2."""
    (found,) = mistakes('[{"SalesOrder":"1","to_Item":[]}]')
    assert found.startswith("row 1: to_Item")


def test_two_inserts_under_one_reference_are_refused() -> None:
    record = '{"PurchaseOrderByCustomer":"B1","SoldToParty":"2"}'
    (found,) = mistakes(f"[{record},{record.replace('B1', 'b1')}]", operation="insert")
    assert "row 2" in found
    assert "row 1" in found


@pytest.mark.parametrize("operation", ["update", "upsert", "delete"])
def test_two_changes_of_one_record_are_refused(operation: Operation) -> None:
    """The second would hide what became of the first."""
    (found,) = mistakes(
        '[{"SalesOrder":"1","A":"x"},{"SalesOrder":"1","A":"y"}]', operation=operation
    )
    assert found == "row 2: SalesOrder: is the same as in row 1"


def test_inserts_of_one_document_are_one_intent_whatever_they_hold_besides() -> None:
    """Two contents under way at once could become two documents."""
    head = '[{"PurchaseOrderByCustomer":"B1","SoldToParty":"2","Text":"%s"}]'
    (first, _), (second, _) = (parsed(head % text, "insert")[0] for text in ("x", "y"))
    assert first.id == second.id
    assert first.payload_sha256 != second.payload_sha256


@pytest.mark.parametrize(
    ("field", "value"), [("DocumentDate", "2025-11-02"), ("SupplierInvoiceIsCreditMemo", "X")]
)
def test_a_reference_that_is_used_again_is_another_document(field: str, value: str) -> None:
    """MA-P46, MA-P47."""
    row = {"SupplierInvoiceIDByInvcgParty": "1", "InvoicingParty": "2"}
    files = [msgspec.json.encode([row]), msgspec.json.encode([row | {field: value}])]
    one, other = (parsed(data, "insert", "A_SupplierInvoice")[0][0] for data in files)
    assert one.id != other.id


def test_an_insert_needs_its_searchable_reference() -> None:
    (found,) = mistakes('[{"SoldToParty":"2"}]', operation="insert")
    assert found.startswith("row 1: PurchaseOrderByCustomer")


def test_an_entity_set_without_known_key_needs_one_named() -> None:
    (found,) = mistakes('[{"Thing":"1","A":"x"}]', entity_set="Z_Thing")
    assert "reference" in found
    (intent, _), *_ = parsed('[{"Thing":1,"A":"x"}]', entity_set="Z_Thing", reference=("Thing",))
    assert intent.key == {"Thing": "1"}


def test_no_value_of_the_file_stands_in_a_message() -> None:
    assert "secret" not in str(
        mistakes('[{"SalesOrder":"1","to_Item":["secret"]}, {"x":"secret"}]')
    )


def test_records_of_a_flow_that_goes_on_are_kept_beside_wrong_ones() -> None:
    found = kept('[{"SalesOrder":"1","A":"x"},{"A":"y"},{"SalesOrder":"3","A":1e5}]')
    assert [intent.record for intent, _ in found.planned] == ["1"]
    assert [refused.record for refused in found.refused] == ["2", "3"]
    fields = [problem.field for refused in found.refused for problem in refused.problems]
    assert fields == ["row 2: SalesOrder", "row 3: A"]


def test_of_two_equal_records_the_first_is_kept() -> None:
    found = kept('[{"SalesOrder":"1","A":"x"},{"SalesOrder":"1","A":"y"}]')
    assert [payload for _, payload in found.planned] == [b'{"A":"x"}']
    assert found.refused[0].record == "2"


@pytest.mark.parametrize("header", ["Order,A", "A,B", "Sales Order,A"])
def test_columns_that_are_no_fields_or_lack_the_key_refuse_the_file(header: str) -> None:
    with pytest.raises(InputRejected) as refused:
        kept(f"{header}\n1,x\n")
    assert all(problem.field == "first line" for problem in refused.value.problems)


def test_a_call_names_its_record_and_its_parameters() -> None:
    row = '{"SupplierInvoice":"51","FiscalYear":"2026","DiscountDaysHaveToBeShifted":false}'
    ((intent, payload),) = parsed(row, "call", "A_SupplierInvoice", function="Release")
    assert intent.key == {"SupplierInvoice": "51", "FiscalYear": "2026"}
    assert payload == b'{"DiscountDaysHaveToBeShifted":false}'
    assert (intent.function, intent.effect) == ("Release", {"PaymentBlockingReason": ""})


def test_an_upsert_by_a_reference_leaves_the_key_to_sap() -> None:
    rows = '[{"SearchTerm1":"X1","BusinessPartnerFullName":"y"}]'
    ((intent, payload),) = parsed(rows, "upsert", "A_BusinessPartner", ("SearchTerm1",))
    assert (intent.key, intent.reference) == ({}, {"SearchTerm1": "X1"})
    assert msgspec.json.decode(payload)["SearchTerm1"] == "X1"
    ((intent, _),) = parsed('{"BusinessPartner":"7","A":"y"}', "upsert", "A_BusinessPartner")
    assert (intent.key, intent.reference) == ({"BusinessPartner": "7"}, {})


def test_a_reference_with_blanks_around_it_is_refused_because_sap_keeps_none() -> None:
    (found,) = mistakes('[{"SalesOrder":"1 ","A":"x"}]')
    assert found.startswith("row 1: SalesOrder: begins or ends with a blank")


def test_a_reference_with_a_control_character_is_refused_because_sap_may_drop_it() -> None:
    (found,) = mistakes('[{"SalesOrder":"1\\n2","A":"x"}]')
    assert found.startswith("row 1: SalesOrder: holds a control character")


def test_a_record_of_ours_gets_the_mark_of_its_flow() -> None:
    row = '{"PurchaseOrderByCustomer":"B1","SoldToParty":"2"}'
    ((intent, payload),) = parsed(row, "insert", marker="Mark")
    assert msgspec.json.decode(payload)["Mark"] == intent.marker
    ((again, _),) = parsed(row, "insert", marker="Mark", source="run-2")
    assert again.marker == intent.marker
    taken = row.replace("}", ',"Mark":"x"}')
    assert mistakes(taken, operation="insert", marker="Mark")[0].startswith("row 1: Mark")

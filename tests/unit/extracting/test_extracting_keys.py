"""Keys of rows, and rows that SAP sent twice."""

import pytest
from msgspec import Raw
from msgspec.structs import replace

from sapmatch.extracting.keys import KeyReader, kept_once
from sapmatch.extracting.snapshot import deleted_line
from sapmatch.model.errors import InputRejected
from tests.builders.chunks import SHAPE

ITEMS = replace(SHAPE, entity_set="A_Item", keys=("Order", "Item"))


def raws(*rows: str) -> list[Raw]:
    return [Raw(row.encode()) for row in rows]


@pytest.mark.parametrize("version", ["V2", "V4"])
def test_a_key_is_an_array_of_its_values(version: str) -> None:
    row = '{"__metadata":{"uri":"x"}, "Item" : 10,"Text":"a\\nb","Order":"4500\\/1"}'
    reader = KeyReader(replace(ITEMS, version=version))
    assert reader.lines(raws(row, '{"Order":"ä ","Item":null}')) == [
        b'["4500/1",10]',
        '["ä ",null]'.encode(),
    ]


def test_rows_read_back_from_a_page_give_the_same_keys() -> None:
    rows = raws('{"PurchaseOrder":"1","Amount":"2"}', '{"PurchaseOrder":"3"}')
    reader = KeyReader(SHAPE)
    assert reader.lines(list(map(bytes, rows))) == reader.lines(rows) == [b'["1"]', b'["3"]']


def test_a_row_and_its_deletion_have_one_key_however_sap_escapes_it() -> None:
    """OD-P38: a deletion may hold the key as an address, where nothing is escaped so."""
    (row,) = KeyReader(SHAPE).lines(raws('{"PurchaseOrder":"\\u00c4\\/\\"1\\""}'))
    assert row == deleted_line('{"PurchaseOrder":"Ä/\\"1\\""}'.encode(), SHAPE)


def test_a_page_without_rows_has_no_keys() -> None:
    assert KeyReader(SHAPE).lines([]) == []


def test_a_row_without_a_key_field_is_refused_by_the_fields_name() -> None:
    with pytest.raises(InputRejected, match=r"A_Item.*`Item`.*select it"):
        KeyReader(ITEMS).lines(raws('{"Order":"1","Item":1}', '{"Order":"secret"}'))


def test_no_value_of_a_row_stands_in_the_refusal() -> None:
    with pytest.raises(InputRejected) as caught:
        KeyReader(ITEMS).lines(raws('{"Order":"secret"}'))
    assert "secret" not in str(caught.value)


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(InputRejected, match="A_Item"):
        KeyReader(ITEMS).lines(raws("[1]"))


def test_a_set_without_a_key_is_refused() -> None:
    with pytest.raises(InputRejected, match="has no key"):
        KeyReader(replace(SHAPE, keys=()))


def test_a_row_of_the_page_before_is_left_out_where_it_is_the_same() -> None:
    """OD-P24."""
    before: dict[bytes, Raw | bytes] = {b"1": b'{"a":1}', b"2": b'{"a":2}'}
    page: dict[bytes, Raw | bytes] = {b"2": Raw(b'{"a":2}'), b"3": Raw(b'{"a":3}')}
    assert kept_once(before, page) is False
    assert list(page) == [b"3"]
    assert before == {b"1": b'{"a":1}', b"2": b'{"a":2}'}


def test_newer_content_takes_the_place_of_the_older_one() -> None:
    before: dict[bytes, Raw | bytes] = {b"1": b'{"a":1}', b"2": b'{"a":2}'}
    page: dict[bytes, Raw | bytes] = {b"3": b'{"a":3}', b"1": Raw(b'{"a":\n9}')}
    assert kept_once(before, page) is True
    assert list(page) == [b"3"]
    assert before == {b"1": b'{"a":9}', b"2": b'{"a":2}'}

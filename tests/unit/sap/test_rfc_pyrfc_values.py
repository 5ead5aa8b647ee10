"""Whatever a field can hold, PyRFC takes, and what it gives back is the same value."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from local.sap.abap.dictionary import Field as DictionaryField
from sapmatch.model.rfc import Field, FieldType
from sapmatch.sap.rfc.pyrfc_values import given, taken
from tests.builders.pyrfc_stub import fill_field

_TYPES: dict[FieldType, str] = {
    "char": "C",
    "numc": "N",
    "date": "D",
    "time": "T",
    "int": "I",
    "raw": "X",
    "string": "S",
}
_LENGTH = 12
_SIGNS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"))
_VALUES: dict[FieldType, st.SearchStrategy[Any]] = {
    "char": st.text(_SIGNS, max_size=_LENGTH // 2),
    "string": st.text(_SIGNS, max_size=50),
    "numc": st.integers(0, 10**_LENGTH - 1).map(str),
    "date": st.none() | st.dates(),
    "time": st.none() | st.times().map(lambda each: each.replace(microsecond=0)),
    "int": st.integers(-(2**31), 2**31 - 1),
    "raw": st.binary(max_size=_LENGTH),
}


@pytest.mark.parametrize("kind", _TYPES)
@drawn(data=st.data())
def test_pyrfc_takes_what_a_field_can_hold_and_gives_it_back(
    kind: FieldType, data: st.DataObject
) -> None:
    value = data.draw(_VALUES[kind])
    field = Field(name="F", type=kind, length=_LENGTH if kind in ("char", "numc", "raw") else 0)
    wire = given(value, field)
    fill_field(DictionaryField("F", _TYPES[kind], _LENGTH), wire)
    assert taken(_stored(kind, wire), field) == _plain(kind, value)


def _stored(kind: FieldType, wire: Any) -> Any:
    """As SAP keeps it: initial days are zeros."""
    if kind == "date":
        return wire or "00000000"
    return wire or "000000" if kind == "time" else wire


def _plain(kind: FieldType, value: Any) -> Any:
    if kind == "char":
        return value.rstrip(" ")
    if kind == "numc":
        return value.zfill(_LENGTH)
    return value or time(0, 0) if kind == "time" else value


@drawn(value=st.decimals(-(10**9), 10**9, places=2))
def test_amounts_keep_their_digits(value: Decimal) -> None:
    field = Field(name="F", type="decimal", length=15, decimals=2)
    assert Decimal(given(value, field)) == value
    assert taken(value, field) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [("date", "soon"), ("numc", "12a"), ("int", "7"), ("char", 7), ("raw", "00"), ("int", True)],
)
def test_what_a_field_cannot_hold_is_refused_and_not_shown(kind: FieldType, value: Any) -> None:
    with pytest.raises(ValueError, match="is") as caught:
        given(value, Field(name="F", type=kind, length=_LENGTH))
    assert "soon" not in str(caught.value)
    assert "12a" not in str(caught.value)


def test_a_year_before_a_thousand_keeps_its_four_digits() -> None:
    assert given(date(1, 1, 2), Field(name="F", type="date")) == "00010102"

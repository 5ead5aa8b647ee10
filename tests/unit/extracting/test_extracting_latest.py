"""The time of change from which the next run goes on."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace

from sapmatch.extracting.latest import Latest
from sapmatch.extracting.run import Source, value_of
from sapmatch.model.errors import InputRejected
from sapmatch.model.shape import Field, Kind
from tests.builders.chunks import SET, SHAPE, called, extracted, plan_of, sap_with
from tests.builders.memory import START, MemoryObjects


def latest(kind: Kind, *values: Any, before: str | None = None) -> str | None:
    field = Field(name="ChangedAt", kind=kind)
    shape = replace(SHAPE, fields=(field,))
    source = Source(
        service="/po", entity_set=SET, shape=shape, mode="timestamp", changed_field="ChangedAt"
    )
    rows = [json.encode({"PurchaseOrder": "1", "ChangedAt": value}) for value in values]
    return Latest(plan_of(), source).of(rows, before)


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("moment", ["/Date(1793577600000+0000)/", None], "2026-11-02T00:00:00+00:00"),
        ("moment", ["2026-11-01T23:30:00.5Z"], "2026-11-01T23:30:00.500000+00:00"),
        ("moment", ["2026-11-02T01:30:00+02:00"], "2026-11-01T23:30:00+00:00"),
        ("moment", ["2026-11-01T01:00:00Z", "2026-11-01T00:59:00Z"], "2026-11-01T01:00:00+00:00"),
        ("datetime", ["/Date(1793577600000)/"], "2026-11-02T00:00:00"),
        ("date", ["/Date(1793577600000)/", "/Date(1473638400000)/"], "2026-11-02"),
        ("date", ["2026-10-31", "2026-11-01"], "2026-11-01"),
        ("integer", [9, 10], "10"),
        ("decimal", ["20261101235959.5", "20261101235958"], "20261101235959.5"),
        ("text", ["20261031", "20261101"], "20261101"),
    ],
)
def test_the_latest_time_is_kept_in_iso_form(kind: Kind, values: list[Any], expected: str) -> None:
    """OD-P44, OD-P46: V2's milliseconds and V4's texts."""
    assert latest(kind, *values) == expected
    assert value_of(expected, kind) is not None


def test_an_earlier_page_may_have_had_a_later_time() -> None:
    assert latest("date", "2026-10-01", before="2026-10-02") == "2026-10-02"
    assert latest("date", before="2026-10-02") == "2026-10-02"


@pytest.mark.parametrize("value", [None, "", "0000-00-00", "/Date(999999999999999999)/"])
def test_what_is_no_time_moves_nothing(value: str | None) -> None:
    """OD-P47."""
    assert latest("datetime", value) is None


def test_it_is_never_after_the_moment_of_the_plan() -> None:
    """A row may change after it was read, and before one that was read later did."""
    assert latest("moment", (START + timedelta(hours=1)).isoformat()) == START.isoformat()
    assert latest("moment", "9999-12-31T00:00:00Z") == START.isoformat()


def test_a_source_without_that_field_is_refused() -> None:
    plan = plan_of(mode="timestamp", changed_field="Gone")
    with pytest.raises(InputRejected, match=r"A_PurchaseOrder.*Gone"):
        called(plan, sap_with(1), MemoryObjects())


def test_a_chunk_says_the_latest_time_of_all_its_pages() -> None:
    sap, objects = sap_with(8), MemoryObjects()
    sap.put(SET, PurchaseOrder="0001", ChangedAt="/Date(1793577600000+0000)/")
    sap.put(SET, PurchaseOrder="0007", ChangedAt="/Date(1793577500000+0000)/")
    plan = plan_of(mode="timestamp", changed_field="ChangedAt")
    assert called(plan, sap, objects, out_of_time=lambda: True) is None
    assert extracted(plan, sap, objects).latest == "2026-11-02T00:00:00+00:00"

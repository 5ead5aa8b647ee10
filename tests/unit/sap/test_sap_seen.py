"""Which ETag belongs to which record."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from sapmatch.model.query import ODataValue
from sapmatch.sap.odata.seen import REMEMBERED, SeenETags

GUID = "00505601-0203-1eda-b7a8-0123456789ab"
DAY = datetime(2026, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"ID": "1", "P": "2"}, {"P": "2", "ID": "1"}),
        ({"ID": 7}, {"ID": "7"}),
        ({"ID": Decimal("2.50")}, {"ID": "2.50"}),
        ({"ID": Decimal("1E+3")}, {"ID": "1000"}),
        ({"ID": True}, {"ID": "true"}),
        ({"ID": UUID(GUID)}, {"ID": GUID.upper()}),
        ({"ID": DAY.date()}, {"ID": "2026-02-28"}),
        ({"ID": DAY.replace(tzinfo=None)}, {"ID": DAY}),
        ({"ID": DAY}, {"ID": "2026-02-28T00:00:00Z"}),
        ({"ID": DAY}, {"ID": f"/Date({int(DAY.timestamp())}000)/"}),
        ({"Name": "1"}, {"ID": "1"}),  # a single key has no name in an address
    ],
)
def test_a_record_is_the_same_however_its_key_is_written(
    one: Mapping[str, ODataValue], other: Mapping[str, ODataValue]
) -> None:
    """OD-P67."""
    for first, second in ((one, other), (other, one)):
        seen = SeenETags()
        seen.note("Orders", first, '"1"')
        assert seen.of("Orders", second) == '"1"'
        seen.note("Orders", second, None)
        assert seen.of("Orders", first) is None


@pytest.mark.parametrize(
    ("entity_set", "key"),
    [
        ("Items", {"ID": "1", "P": "2"}),
        ("Orders", {"ID": "2", "P": "1"}),
        ("Orders", {"ID": "01", "P": "2"}),
        ("Orders", {"ID": "1", "Q": "2"}),
        ("Orders", {"ID": "1"}),
        ("Orders", {"ID": True, "P": "2"}),
        ("Orders", {"ID": "2026-13-01", "P": date(2026, 1, 13)}),
    ],
)
def test_another_record_has_an_etag_of_its_own(
    entity_set: str, key: Mapping[str, ODataValue]
) -> None:
    seen = SeenETags()
    seen.note("Orders", {"ID": "1", "P": "2"}, '"1"')
    assert seen.of(entity_set, key) is None


def test_the_records_seen_longest_ago_are_forgotten_and_no_others() -> None:
    seen = SeenETags()
    for number in range(REMEMBERED):
        seen.note("Orders", {"ID": number}, f'"{number}"')
    seen.note("Orders", {"ID": 0}, '"again"')
    seen.note("Orders", {"ID": "new"}, '"new"')
    assert seen.of("Orders", {"ID": 1}) is None
    kept = [seen.of("Orders", {"ID": each}) for each in (0, 2, REMEMBERED - 1, "new")]
    assert kept == ['"again"', '"2"', f'"{REMEMBERED - 1}"', '"new"']

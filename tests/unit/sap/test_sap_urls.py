"""URLs from parts."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Query
from sapmatch.sap.odata import urls, v2

SERVICE = "/sap/opu/odata/sap/API_TEST_SRV"


@pytest.mark.parametrize(
    ("key", "predicate"),
    [
        ({"Name": "O'Brien"}, "('O''Brien')"),  # OD-P55
        ({"Name": "/BAZ/FOO"}, "('%2FBAZ%2FFOO')"),  # OD-P56
        ({"Invoice": "51", "Year": "2026"}, "(Invoice='51',Year='2026')"),  # OD-P57
        ({"Name": "Müller & Söhne"}, "('M%C3%BCller%20%26%20S%C3%B6hne')"),  # OD-P59
        ({"Order": "0000004711"}, "('0000004711')"),  # OD-P61
        ({"Name": "a#b?c%20+"}, "('a%23b%3Fc%2520%2B')"),
        ({"Name": "x') or 1 eq 1 or ('"}, "('x'')%20or%201%20eq%201%20or%20(''')"),
    ],
)
def test_a_key_is_encoded_once_and_from_its_parts(key: dict[str, str], predicate: str) -> None:
    assert urls.key_predicate(key).replace("%28", "(").replace("%29", ")") == predicate


@given(st.text(max_size=40).filter(lambda text: text.isprintable()))
def test_a_key_can_be_decoded_to_what_it_was(text: str) -> None:
    predicate = urls.key_predicate({"Name": text})
    assert "/" not in predicate
    assert unquote(predicate)[2:-2].replace("''", "'") == text


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
        (
            UUID("34c6020a-aaaa-1111-2222-af75a376b0f9"),
            "guid'34c6020a-aaaa-1111-2222-af75a376b0f9'",
        ),
    ],
)
def test_every_type_has_its_literal(value: v2.Value, literal: str) -> None:
    """OD-P60."""
    assert v2.literal(value) == literal


def test_conditions_are_joined_without_changing_what_the_users_own_mean() -> None:
    """OD-P58."""
    query = Query(equals={"A": "1", "B": Decimal("2.5")}, filter="C eq '3' or D eq '4'")
    assert urls.filter_of(query) == "A eq '1' and B eq 2.5M and (C eq '3' or D eq '4')"


def test_options_use_percent_twenty_for_a_space() -> None:
    """OD-P59."""
    query = Query(
        select=("A", "B"), expand=("to_Item",), order_by=("A desc",), top=5, filter="A eq 'ü+&'"
    )
    assert urls.options(query) == [
        "$select=A,B",
        "$expand=to_Item",
        "$filter=A%20eq%20'%C3%BC%2B%26'",
        "$orderby=A%20desc",
        "$top=5",
    ]


def test_a_service_may_have_slashes_around_it_or_not() -> None:
    assert urls.resource(SERVICE.strip("/") + "/", "A_Order") == f"{SERVICE}/A_Order"


@pytest.mark.parametrize(
    "service", ["", "https://evil.example/x", "/a/../b", "/a?b", "/a#b", "/a b", "/a%2F", "//evil"]
)
def test_a_service_is_a_path_and_nothing_else(service: str) -> None:
    if service == "//evil":  # slashes around a path mean nothing, so this is a path
        assert urls.service_root(service) == "/evil/"
        return
    with pytest.raises(InputRejected, match="must be a path"):
        urls.service_root(service)


@pytest.mark.parametrize("name", ["", "A?x", "A/B", "A B", "$batch", "1A", "A('1')"])
def test_a_name_that_could_change_the_url_is_refused(name: str) -> None:
    with pytest.raises(InputRejected, match="no name"):
        urls.resource(SERVICE, name)
    with pytest.raises(InputRejected, match="no name"):
        urls.filter_of(Query(equals={name: "1"}))


def test_a_key_without_fields_is_refused() -> None:
    with pytest.raises(InputRejected, match="without fields"):
        urls.resource(SERVICE, "A_Order", {})
